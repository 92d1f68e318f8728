"""What pjsip's log tells of the messages on the wire."""

import pytest

from workbench.engine.linebook import logged_message

INVITE = (
    "INVITE sip:bob@127.0.0.1:5060 SIP/2.0\r\nCall-ID: abc@x\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\n"
)
LOGGED = (
    "22:00:00.000   pjsua_core.c  .{way} 519 bytes Request msg INVITE/cseq=1 (tdta0x1) "
    "{word} UDP 127.0.0.1:5060:\n{message}\n--end msg--\n"
)


@pytest.mark.parametrize(
    ("way", "word", "direction"), [("RX", "from", "received"), ("TX", "to", "sent")]
)
def test_a_logged_message_is_found(way: str, word: str, direction: str) -> None:
    logged = logged_message(LOGGED.format(way=way, word=word, message=INVITE))
    assert logged == ("abc@x", direction, INVITE)


def test_a_compact_call_id_is_known() -> None:
    message = INVITE.replace("Call-ID", "i")
    logged = logged_message(LOGGED.format(way="RX", word="from", message=message))
    assert logged is not None
    assert logged.call_id == "abc@x"


def test_other_lines_of_the_log_hold_no_message() -> None:
    assert logged_message("22:00:00.000 sip_endpoint.c .Processing incoming message") is None
    assert logged_message("TX 12 bytes, but cut before its end") is None
