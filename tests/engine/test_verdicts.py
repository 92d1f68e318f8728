"""What ends a call, and where a redirection leads."""

import pytest

from workbench.engine.verdicts import contact_of, is_verdict


@pytest.mark.parametrize(
    ("start", "before", "after"),
    [
        ("BYE sip:x SIP/2.0", True, True),
        ("CANCEL sip:x SIP/2.0", True, False),
        ("SIP/2.0 486 Busy Here", True, False),
        ("SIP/2.0 302 Moved Temporarily", True, False),
        ("SIP/2.0 488 Not Acceptable Here", True, False),
        ("SIP/2.0 481 Call/Transaction Does Not Exist", True, True),
        ("SIP/2.0 200 OK", False, False),
        ("INVITE sip:x SIP/2.0", False, False),
    ],
)
def test_what_ends_a_call_before_and_after_its_answer(
    start: str, before: bool, after: bool
) -> None:
    assert is_verdict(f"{start}\r\n\r\n", answered=False) is before
    assert is_verdict(f"{start}\r\n\r\n", answered=True) is after


@pytest.mark.parametrize(
    ("message", "contact"),
    [
        ("SIP/2.0 302 Moved\r\nContact: <sip:b@x>;q=1\r\n\r\n", "sip:b@x"),
        ("SIP/2.0 301 Moved\r\nm: sip:b@x;q=1\r\n\r\n", "sip:b@x"),
        ("SIP/2.0 300 Choices\r\n\r\n", ""),
        ("SIP/2.0 486 Busy\r\nContact: <sip:b@x>\r\n\r\n", ""),
        ("BYE sip:x SIP/2.0\r\nContact: <sip:b@x>\r\n\r\n", ""),
    ],
)
def test_where_a_redirection_leads(message: str, contact: str) -> None:
    assert contact_of(message) == contact
