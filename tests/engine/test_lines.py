"""Which message is a call's last word."""

import pytest

from workbench.engine.lines import ends_call


@pytest.mark.parametrize(
    ("direction", "start", "method", "expected"),
    [
        ("received", "SIP/2.0 200 OK", "BYE", True),
        ("received", "SIP/2.0 487 Request Terminated", "INVITE", True),
        ("sent", "SIP/2.0 486 Busy Here", "INVITE", True),
        ("sent", "SIP/2.0 200 OK", "BYE", False),
        ("received", "SIP/2.0 200 OK", "CANCEL", False),
        ("received", "SIP/2.0 180 Ringing", "INVITE", False),
        ("sent", "BYE sip:x SIP/2.0", "BYE", False),
    ],
)
def test_the_message_that_settles_a_hang_up(
    direction: str, start: str, method: str, expected: bool
) -> None:
    message = f"{start}\r\nCall-ID: 1\r\nCSeq: 2 {method}\r\n\r\n"
    assert ends_call(direction, message) is expected  # type: ignore[arg-type]
