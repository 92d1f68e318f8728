"""What a policy lets out: nothing that is not allowed, in any notation."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import check_harmless
from workbench.errors import InvalidInput
from workbench.policy import Policy

TRUNK = Policy(allow=["trunk.example", "+4930", "+1", "100@trunk.example"], region="DE")


@pytest.mark.parametrize(
    "where", ["127.0.0.1", "127.1.2.3:5080", "localhost", "LOCALHOST.", "loopback"]
)
def test_this_machine_may_be_called_by_default(where: str) -> None:
    assert Policy().check_destination(f"sip:bob@{where}") is None


@pytest.mark.parametrize(
    "where", ["192.0.2.1", "0.0.0.0", "128.0.0.1", "example.com", "127.0.0.1.example.com"]
)
def test_nothing_else_may(where: str) -> None:
    refusal = Policy().check_destination(f"sip:bob@{where}")
    assert refusal is not None
    assert (refusal.rule, refusal.sip_code, refusal.q850_cause) == ("allow", 403, 21)
    assert where in refusal.reason
    assert "add it there, or by --allow" in refusal.reason


@pytest.mark.parametrize(
    ("user", "rule"),
    [
        ("+4930123456", ""),
        ("030123456", ""),
        ("004930123456", ""),
        ("+12025550123", ""),
        ("bob", ""),
        ("100", ""),
        ("+4989123456", "allow"),
        ("%2B4989123456", "allow"),
        ("089123456", "allow"),
        ("0033123456789", "allow"),
        ("101", "allow"),
        ("*21*004989123", "allow"),
        ("+49-89-123456", "allow"),
        ("+49abc", "allow"),
        ("+49030123456", "allow"),
        ("+19005551234", "dear"),
        ("+499001234567", "dear"),
        ("09001234567", "dear"),
        ("+881612345678", "dear"),
        ("00881612345678", "dear"),
    ],
)
def test_numbers_need_a_prefix_at_a_host_that_is_allowed(user: str, rule: str) -> None:
    refusal = TRUNK.check_destination(f"sip:{user}@trunk.example")
    assert (refusal.rule if refusal else "") == rule
    elsewhere = TRUNK.check_destination(f"sip:{user}@other.example")
    assert elsewhere is not None
    assert elsewhere.rule == "allow"


def test_a_dear_range_is_opened_by_a_prefix_of_its_own() -> None:
    number = "sip:+499001234567@127.0.0.1"
    for prefix, rule in (("+49", "dear"), ("+4990", "dear"), ("+49900", ""), ("+499001", "")):
        refusal = Policy(allow=["127.0.0.1", prefix]).check_destination(number)
        assert (refusal.rule if refusal else "") == rule
    assert Policy(allow=["+499001234567@127.0.0.1"]).check_destination(number) is None
    for pattern in ("*@127.0.0.1", "+49*@127.0.0.1", "127.0.0.1"):
        refusal = Policy(allow=[pattern]).check_destination(number)
        assert refusal is not None
        assert "at least '+49900'" in refusal.reason


def test_users_at_a_host_need_no_prefix() -> None:
    policy = Policy(allow=["+4930", "*@pbx.example"])
    assert policy.check_destination("sip:100@pbx.example") is None
    assert policy.check_destination("sip:+4989123456@pbx.example") is None


@given(st.text(max_size=60) | st.text("sip:@;?<>[].%\r\n\x00 +0129az*", max_size=40))
def test_any_text_is_allowed_or_refused(uri: str) -> None:
    refusal = Policy().check_destination(uri)
    assert refusal is None or not refusal.reason.endswith("."), refusal


def test_a_policy_crosses_to_another_process() -> None:
    assert msgspec.json.decode(msgspec.json.encode(TRUNK), type=Policy) == TRUNK


@pytest.mark.parametrize(
    "fields",
    [
        {"allow": "sip.example.com"},
        {"allow": None},
        {"allow": [["x"]]},
        {"allow": ["a b"]},
        {"calls_at_once": 0},
        {"calls_a_second": float("nan")},
        {"longest_call_s": "long"},
        {"longest_call_s": True},
        {"refer": "maybe"},
        {"region": "Germany"},
        {"trusted_hosts": ["sip.example.com"]},
        {"trusted_hosts": ["+49"]},
    ],
)
def test_what_cannot_be_a_rule_is_refused_in_a_sentence(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r".{20,}\."):
        Policy(**fields)


def test_trust_is_by_address() -> None:
    policy = Policy(trusted_hosts=["192.0.2.0/24"])
    assert policy.trusts("192.0.2.9")
    assert not any(map(policy.trusts, ["192.0.3.9", "", "loopback", "sip.example.com"]))
    assert not Policy().trusts("127.0.0.1")


def test_a_notebook_shows_the_rules() -> None:
    said = check_harmless(TRUNK._repr_html_())
    assert "allowtrunk.example, +4930, +1, 100@trunk.example" in said
    assert "calls_at_once200" in said
