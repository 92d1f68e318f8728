"""Who calls: what a trusted peer asserts, else what From claims."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.identity import identify

ASSERTED = '"Ada, A." <sip:+4930123456@carrier.example>, <tel:+4930123456>'
FROM, TO = "sip:anonymous@anonymous.invalid", "sip:+4989654321@127.0.0.1"


def test_an_assertion_comes_before_from_where_the_peer_is_trusted() -> None:
    known = identify(FROM, TO, {"p-asserted-identity": ASSERTED}, trusted=True)
    assert known.identity == "sip:+4930123456@carrier.example"
    assert (known.caller_number, known.called_number) == ("+4930123456", "+4989654321")


def test_a_stranger_asserts_nothing() -> None:
    headers = {"P-Asserted-Identity": ASSERTED, "Diversion": "<sip:+491@x>"}
    known = identify(FROM, TO, headers, trusted=False)
    assert known == (FROM, "", "", "+4989654321")


@pytest.mark.parametrize(
    ("asserted", "number"),
    [
        ("<tel:+4930123456>", "+4930123456"),
        ("<tel:030123456;phone-context=+49>", "+4930123456"),
        ("<sip:+4930123456;npdi@x;user=phone>", "+4930123456"),
        ("sip:030123456@x;user=phone", "+4930123456"),
        ("<sip:bob@x>", ""),
        ("<sip:x>", ""),
        ('"<sip:+4930123456@x>"', ""),
        ("", ""),
    ],
)
def test_numbers_are_normalised(asserted: str, number: str) -> None:
    known = identify(FROM, TO, {"P-Asserted-Identity": asserted}, trusted=True, region="DE")
    assert known.caller_number == number


@pytest.mark.parametrize(
    ("headers", "uri"),
    [
        # RFC 5806, section 4: the newest diversion comes first.
        ({"Diversion": "<sip:b@x>;reason=user-busy, <sip:a@x>;reason=no-answer"}, "sip:b@x"),
        # RFC 7044, section 5.1: the newest target comes last.
        ({"History-Info": "<sip:a@x>;index=1, <sip:b@x>;index=1.1, <sip:c@x>;index=1.1.1"},
         "sip:b@x"),
        ({"History-Info": "<sip:a@x>;index=1"}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_who_sent_the_call_on_is_the_last_who_did(headers: dict[str, str], uri: str) -> None:
    assert identify(FROM, TO, headers, trusted=True).forwarded_from == uri


@given(st.text(max_size=80) | st.text('sip:tel@<>",;+0129\\ ', max_size=60))
def test_any_assertion_can_be_read(value: str) -> None:
    headers = {"P-Asserted-Identity": value, "Diversion": value, "History-Info": value}
    known = identify(value, value, headers, trusted=True, region="DE")
    assert known.caller_number == "" or known.caller_number[0] == "+"
