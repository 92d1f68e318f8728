"""The patterns of an allow-list: what each means, and what is none."""

import pytest

from workbench.errors import InvalidInput
from workbench.policy.patterns import is_prefix, parse_pattern
from workbench.sip import parse_address


@pytest.mark.parametrize(
    ("pattern", "meant", "not_meant"),
    [
        ("192.0.2.7", ["bob@192.0.2.7", "192.0.2.7:99"], ["bob@192.0.2.70", "bob@x"]),
        ("192.0.2.7:5080", ["bob@192.0.2.7:5080"], ["bob@192.0.2.7", "bob@192.0.2.7:5081"]),
        ("192.0.2.0/24", ["bob@192.0.2.255"], ["bob@192.0.3.0", "192.0.2.0.example.com"]),
        ("sip.Example.com", ["bob@SIP.example.COM", "a@sip.example.com."],
         ["bob@example.com", "bob@sip.example.com.evil.org", "bob@asip.example.com"]),
        ("*.example.com", ["bob@a.example.com", "bob@a.b.example.com"],
         ["bob@example.com", "bob@xexample.com", "bob@a.example.com.evil.org"]),
        ("*", ["bob@x", "bob@192.0.2.7"], []),
        ("bob@x", ["bob@x", "b%6Fb@x"], ["Bob@x", "bobby@x", "x", "bob@y"]),
        ("1*@x", ["1@x", "100@x"], ["01@x"]),
        ("+49*@x", ["+4930@x"], ["+48@x"]),
    ],
)  # fmt: skip
def test_a_pattern_means_what_it_names(
    pattern: str, meant: list[str], not_meant: list[str]
) -> None:
    parsed = parse_pattern(pattern)
    assert all(parsed.matches(parse_address(f"sip:{text}")) for text in meant)
    assert not any(parsed.matches(parse_address(f"sip:{text}")) for text in not_meant)


@pytest.mark.parametrize(
    "text", ["", "@", "bob@", "x y", "x:0", "x\r\n", "192.0.2.7/33", "::1", "a@b@c", "0x7f.1"]
)
def test_what_could_never_match_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"is no destination: write .*\."):
        parse_pattern(text)


def test_a_prefix_is_a_plus_and_digits() -> None:
    assert is_prefix("+4930")
    assert not any(map(is_prefix, ["4930", "+", "+0", "+49 30", "+49x", "+49@x", 49]))
