"""What is kept of a SIP message: no credentials, no keys, nothing that was pressed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_sip import MESSAGE
from workbench.trace import MESSAGE_LIMIT, redact

INFO = (
    "INFO sip:b@x SIP/2.0\r\nCSeq: 2 INFO\r\nContent-Type: application/dtmf-relay\r\n"
    "Content-Length: 24\r\n\r\nSignal=4\r\nDuration=250\r\n"
)


@given(st.text())
def test_any_message_can_be_kept(text: str) -> None:
    assert len(redact(text)) <= MESSAGE_LIMIT


def test_secrets_are_redacted() -> None:
    shown = redact(MESSAGE)
    assert "s3cret" not in shown
    assert "Authorization: [redacted]" in shown
    assert "X-Case: 7" in shown


def test_long_messages_are_cut() -> None:
    assert redact("x" * 10_000).endswith("[cut]")


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_what_an_info_presses_is_left_out(ends: str) -> None:
    shown = redact(INFO.replace("\r\n", ends))
    assert "Signal" not in shown
    assert shown.endswith("\r\n[redacted]\r\n".replace("\r\n", ends, 1))
    assert "application/dtmf-relay" in shown


def test_it_is_left_out_of_a_line_of_the_log_too() -> None:
    line = f"12:00 sip_endpoint RX 250 bytes from UDP 127.0.0.1:5060:\n{INFO}\n--end msg--\n"
    assert redact(line) == line.replace("Signal=4\r\nDuration=250\r\n\n", "[redacted]\r\n")


def test_an_info_without_a_body_is_kept_as_it_is() -> None:
    bare = INFO.partition("Signal")[0]
    assert redact(bare) == bare


def test_a_body_of_blanks_takes_no_time() -> None:
    assert len(redact(INFO + " " * 60_000)) < MESSAGE_LIMIT


def test_keys_that_the_library_says_it_sends_are_left_out() -> None:
    assert redact("pjsua_call.c  Call 0 sending DTMF 4111 using x\n") == (
        "pjsua_call.c  Call 0 sending DTMF [redacted]\n"
    )
