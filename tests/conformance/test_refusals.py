"""What a peer refuses us, and what we refuse a peer, each with the right code."""

from pathlib import Path

import pytest

from tests.conformance.script import (
    CONTACT,
    PLACED,
    call,
    give_in,
    outside,
    recv,
    request,
    respond,
    sdp,
)
from tests.conformance.story import ended, placed, taken, topics, turned_away
from workbench import CallControl, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]

LEAVES = (request("BYE", 9, to="peer"), recv(200))
CHALLENGE = 'Digest realm="elsewhere",nonce="abc",algorithm=MD5'


@flow
async def listen(call: CallControl) -> None:
    if call.direction == "inbound":
        await call.answer()
    await call.sleep(60)


@pytest.mark.parametrize(
    ("code", "phrase", "header", "status", "cause"),
    [
        (401, "Unauthorized", f"WWW-Authenticate: {CHALLENGE}", "failed", 21),
        (403, "Forbidden", "Warning: 399 far.end \"no credit\"", "failed", 21),
        (404, "Not Found", "", "failed", 1),
        (407, "Proxy Login Required", f"Proxy-Authenticate: {CHALLENGE}", "failed", 21),
        (420, "Bad Extension", "Unsupported: timer", "failed", 127),
        (480, "Temporarily Unavailable", "", "no-answer", 19),
        (488, "Not Acceptable Here", "", "failed", 88),
        (503, "Service Unavailable", "Retry-After: 30", "failed", 41),
        (600, "Busy Everywhere", "", "busy", 17),
        (603, "Decline", "", "failed", 21),
    ],
)  # fmt: skip
def test_a_callee_that_refuses(
    tmp_path: Path, code: int, phrase: str, header: str, status: str, cause: int
) -> None:
    history = placed(
        tmp_path, listen,
        recv("INVITE"), respond(code, phrase, *[header] * bool(header)), recv("ACK"),
    )  # fmt: skip
    assert topics(history) == ["placed", "ended"]
    end = ended(history)
    assert (end.by, end.sip_code, end.status) == ("callee", code, status)
    assert end.q850_cause == cause
    assert end.reason.startswith(phrase)


@pytest.mark.parametrize(
    ("code", "phrase"), [(300, "Multiple Choices"), (302, "Moved Temporarily")]
)
def test_a_callee_that_sends_us_elsewhere_is_not_followed(
    tmp_path: Path, code: int, phrase: str
) -> None:
    # Nobody has allowed the other address; the code on record is the callee's.
    moved = respond(code, phrase).replace(CONTACT, "Contact: <sip:premium@127.0.0.1:9>")
    history = placed(tmp_path, listen, recv("INVITE"), moved, recv("ACK"))
    end = ended(history)
    assert (end.by, end.sip_code, end.status) == ("callee", code, "failed")
    assert end.reason == phrase


def test_an_extension_that_we_do_not_know(tmp_path: Path) -> None:
    turned_away(
        tmp_path, listen,
        call("Require: teleport"), recv(420, has="Unsupported: teleport"), give_in(),
    )  # fmt: skip


def test_a_body_that_is_no_session_description(tmp_path: Path) -> None:
    invite = call(body="Hello.\n", kind="text/plain")
    turned_away(tmp_path, listen, invite, recv(415, has="Accept: application/sdp"), give_in())


def test_a_method_that_we_do_not_know(tmp_path: Path) -> None:
    turned_away(tmp_path, listen, outside("DANCE"), recv(501))


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE", "OPTIONS"])
def test_a_request_within_a_call_that_is_none(tmp_path: Path, method: str) -> None:
    turned_away(tmp_path, listen, outside(method, tag=";tag=nobody"), recv(481))


def test_a_cancel_of_nothing(tmp_path: Path) -> None:
    turned_away(tmp_path, listen, outside("CANCEL"), recv(481))


@pytest.mark.parametrize(("method", "code"), [("DANCE", 501), ("MESSAGE", 405)])
def test_a_method_that_is_not_for_us_within_a_call(
    tmp_path: Path, method: str, code: int
) -> None:
    history = taken(
        tmp_path, listen, *PLACED, request(method, 2, to="peer"), recv(code), *LEAVES
    )
    assert ended(history).status == "completed"


def test_a_question_within_a_call_what_we_can_do(tmp_path: Path) -> None:
    # RFC 3261, section 11.2; many peers ask to learn whether the call is still there.
    history = taken(
        tmp_path, listen,
        *PLACED, request("OPTIONS", 2, to="peer"), recv(200, has="Allow: .*INVITE"), *LEAVES,
    )  # fmt: skip
    assert ended(history).status == "completed"


def test_digits_by_info(tmp_path: Path) -> None:
    history = taken(
        tmp_path, listen,
        *PLACED,
        info(2, "application/dtmf-relay", "Signal=5\nDuration=160\n"), recv(200),
        info(3, "application/dtmf", "6\n"), recv(200),
        info(4, "application/dtmf", "*"), recv(200),
        info(5, "application/dtmf", "seven\n"), recv(400),
        *LEAVES,
    )  # fmt: skip
    digits = [e for e in history if isinstance(e, ev.DigitReceived)]
    assert [(each.digit, each.method) for each in digits] == [
        ("5", "sip-info"), ("6", "sip-info"), ("*", "sip-info"),
    ]  # fmt: skip


def test_info_that_we_do_not_know(tmp_path: Path) -> None:
    history = taken(
        tmp_path, listen,
        *PLACED, info(2, "application/x-other", "?\n"), recv(415, has="Accept: "),
        request("INFO", 3, "Info-Package: foo", to="peer"), recv(469, has="Recv-Info:"),
        request("INFO", 4, to="peer"), recv(200),  # RFC 2976, section 2.2: empty, so it is fine
        *LEAVES,
    )  # fmt: skip
    assert ended(history).status == "completed"


def info(cseq: int, kind: str, body: str) -> str:
    return request("INFO", cseq, to="peer", kind=kind, body=body)


def test_an_answer_in_the_middle_of_nowhere(tmp_path: Path) -> None:
    # A response that belongs to no request of ours is dropped (RFC 3261, section 18.1.2).
    history = taken(
        tmp_path, listen, *PLACED, stray(), request("OPTIONS", 2, to="peer"), recv(200), *LEAVES
    )
    assert ended(history).by == "caller"


def stray() -> str:
    return respond(200, "OK", body=sdp()).replace("[last_CSeq:]", "CSeq: 77 INVITE")
