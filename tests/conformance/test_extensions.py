"""Extensions that peers ask for: reliable responses (RFC 3262), session timers (RFC 4028)."""

from pathlib import Path

import pytest

from tests.conformance.script import (
    ANSWERED,
    DISMISSED,
    agree,
    answer_late,
    call,
    give_in,
    recv,
    request,
    respond,
    sdp,
)
from tests.conformance.story import ended, placed, taken, topics
from workbench import CallControl, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]

ACK = request("ACK", 1, to="peer")
LEAVES = (request("BYE", 9, to="peer"), recv(200))
SUPPORTS = "Supported: timer"
OURS_TO_REFRESH = "Session-Expires: 90;refresher=uas"
THEIRS_TO_REFRESH = "Session-Expires: 90;refresher=uac"


@flow
async def listen(call: CallControl) -> None:
    if call.direction == "inbound":
        await call.answer()
    await call.sleep(60)


@flow
async def let_it_ring(call: CallControl) -> None:
    await call.ring()
    await call.sleep(0.5)
    await call.progress()
    await call.sleep(0.5)
    await call.answer()
    await call.sleep(60)


@flow
async def only_say_hello(call: CallControl) -> None:
    await call.say("Hello.")
    await call.hangup()


def confirm(cseq: int) -> str:
    """Acknowledge the reliable response of which the number was seen last."""
    return request("PRACK", cseq, "RAck: [$seen] 1 INVITE", to="peer")


def numbered(code: int) -> str:
    return recv(code, has="[0-9]+", within="RSeq:")


def test_a_caller_that_requires_reliable_responses(tmp_path: Path) -> None:
    history = taken(
        tmp_path, let_it_ring,
        call("Require: 100rel"), recv(100),
        numbered(180), confirm(2), recv(200), numbered(183), confirm(3), recv(200),
        # The answer to the offer was in the 183 (RFC 3262, section 5).
        recv(200), ACK, *LEAVES,
    )  # fmt: skip
    assert topics(history).count("early_media") == 1
    assert ended(history).status == "completed"


def test_a_caller_that_does_not_ask_is_not_bothered(tmp_path: Path) -> None:
    history = taken(
        tmp_path, let_it_ring,
        call("Supported: 100rel"), recv(100), recv(180), recv(183), recv(200), ACK, *LEAVES,
    )  # fmt: skip
    sent = [e.message for e in history if isinstance(e, ev.SipMessageTraced)]
    assert not any("RSeq:" in message for message in sent)


def test_a_callee_that_sends_reliable_responses(tmp_path: Path) -> None:
    history = placed(
        tmp_path, only_say_hello,
        recv("INVITE", has="Supported: .*100rel"),
        respond(180, "Ringing", "Require: 100rel", "RSeq: 7"),
        recv("PRACK", has="RAck: 7 [0-9]+ INVITE"), agree(),
        answer_late(183, "Session Progress", "Require: 100rel", "RSeq: 8", body=sdp()),
        recv("PRACK", has="RAck: 8 [0-9]+ INVITE"), agree(),
        # The answer to the offer was in the 183 (RFC 3262, section 5).
        answer_late(200, "OK"), recv("ACK"), *DISMISSED,
    )  # fmt: skip
    assert topics(history)[:5] == [
        "placed", "ringing", "early_media", "media_started", "answered",
    ]  # fmt: skip


def test_a_caller_that_refreshes_its_session(tmp_path: Path) -> None:
    asks = (SUPPORTS, THEIRS_TO_REFRESH)
    granted = recv(200, has=THEIRS_TO_REFRESH)
    history = taken(
        tmp_path, listen,
        call(*asks), recv(100), granted, ACK,
        request("UPDATE", 2, *asks, to="peer"), granted,
        request("INVITE", 3, *asks, to="peer", body=sdp()), recv(100, optional=True), granted,
        request("ACK", 3, to="peer"), *LEAVES,
    )  # fmt: skip
    assert topics(history).count("media_started") == 1


def test_a_session_interval_that_is_too_small(tmp_path: Path) -> None:
    asked = call(SUPPORTS, "Session-Expires: 30;refresher=uac")
    history = taken(tmp_path, listen, asked, recv(422, has="Min-SE: 90"), give_in())
    assert "answered" not in topics(history)
    assert (ended(history).by, ended(history).sip_code) == ("engine", 422)


def test_a_callee_to_whom_our_interval_is_too_small(tmp_path: Path) -> None:
    history = placed(
        tmp_path, only_say_hello,
        recv("INVITE", has="Session-Expires: 1800"),
        respond(422, "Session Interval Too Small", "Min-SE: 3600"), recv("ACK"),
        recv("INVITE", has="Min-SE: 3600"),
        respond(200, "OK", "Require: timer", "Session-Expires: 3600;refresher=uac", body=sdp()),
        recv("ACK"), *DISMISSED,
    )  # fmt: skip
    assert ended(history).status == "completed"


def test_a_callee_without_session_timers(tmp_path: Path) -> None:
    history = placed(tmp_path, only_say_hello, *ANSWERED, *DISMISSED)
    assert ended(history).status == "completed"


def test_strange_but_legal_headers(tmp_path: Path) -> None:
    # Compact, folded, in any case, with a display name that looks like more than one.
    strange = f"""\
INVITE sip:service@[remote_ip]:[remote_port] SIP/2.0
v: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-call
f: "Peer, the \\"First\\" <sip:nobody@nowhere>" <sip:peer@[local_ip]:[local_port]>
[$space];tag=[pid]-[call_number]
T: <sip:service@[remote_ip]:[remote_port]>
i: [call_id]
cseq:     1
[$space] INVITE
M: <sip:peer@[local_ip]:[local_port]>
MAX-FORWARDS: 70
x-Context: one,
[$space] two
k: timer
c: application/sdp
l: [len]

{sdp()}"""
    history = taken(
        tmp_path, listen,
        f"<send><![CDATA[\n{strange}\n]]></send>", recv(100), recv(200), ACK, *LEAVES,
    )  # fmt: skip
    offered = history[0]
    assert isinstance(offered, ev.Offered)
    assert offered.from_.startswith("sip:peer@127.0.0.1:")
    assert {name.lower(): value for name, value in offered.headers.items()} == {
        "x-context": "one, two"
    }
