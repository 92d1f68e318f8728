"""Offers and answers beyond the plain one, during a call and before it (RFC 3264, RFC 3311)."""

from pathlib import Path

import pytest

from tests.conformance.script import (
    ANSWERED,
    DISMISSED,
    INACTIVE,
    PLACED,
    RECVONLY,
    SENDONLY,
    SENDRECV,
    call,
    give_in,
    outside,
    pause,
    recv,
    request,
    respond,
    sdp,
)
from tests.conformance.story import ended, placed, taken, topics, turned_away
from workbench import CallControl, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]

CODECS = (
    "RTP/AVP 0 101\na=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n"
)
G729 = "RTP/AVP 18\na=rtpmap:18 G729/8000\n"
PCMA = "RTP/AVP 8\na=rtpmap:8 PCMA/8000\n"
VIDEO = "m=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n"


@flow
async def listen(call: CallControl) -> None:
    if call.direction == "inbound":
        await call.answer()
    await call.sleep(60)


@flow
async def announce(call: CallControl) -> str:
    await call.answer()
    await call.record()
    played = await call.play("one-moment.wav", loop=0)
    return played.outcome


def acknowledge(cseq: int, *, to: str = "peer", body: str = "") -> str:
    return request("ACK", cseq, to=to, body=body)


def reoffer(cseq: int, body: str, *, to: str = "peer", answered_by: str = "") -> list[str]:
    """Send an offer within the call, take the answer, acknowledge it."""
    return [
        request("INVITE", cseq, to=to, body=body), recv(100, optional=True),
        recv(200, has=answered_by), acknowledge(cseq, to=to),
    ]  # fmt: skip


def leave(cseq: int, *, to: str = "peer") -> list[str]:
    return [request("BYE", cseq, to=to), recv(200)]


def changed(was: str, becomes: str, *, version: int = 1) -> str:
    """Return our session description with something else in it."""
    body = sdp(version=version)
    assert was in body
    return body.replace(was, becomes)


def test_a_caller_that_holds_and_resumes(tmp_path: Path) -> None:
    history = taken(
        tmp_path, announce,
        *PLACED,
        *reoffer(2, sdp(SENDONLY, version=2), answered_by=f"a={RECVONLY}"), pause(300),
        *reoffer(3, sdp(version=3), answered_by=f"a={SENDRECV}"), pause(300),
        *reoffer(4, sdp(INACTIVE, version=4), answered_by=f"a={INACTIVE}"), pause(300),
        *reoffer(5, sdp(version=5), answered_by=f"a={SENDRECV}"), pause(300),
        *leave(6),
    )  # fmt: skip
    assert topics(history).count("media_started") == 1
    (stored,) = (event for event in history if isinstance(event, ev.RecordingStored))
    assert stored.duration_ms >= 1200, "the recording goes on through all of it"
    (counted,) = (event for event in history if isinstance(event, ev.QualitySampled))
    assert counted.packets_sent > 20, "what was sent is added up over all streams"


def test_a_callee_that_holds_and_resumes(tmp_path: Path) -> None:
    history = placed(
        tmp_path, listen,
        *ANSWERED,
        *reoffer(2, sdp(SENDONLY, version=2), to="theirs", answered_by=f"a={RECVONLY}"),
        *reoffer(3, sdp(version=3), to="theirs", answered_by=f"a={SENDRECV}"),
        *leave(4, to="theirs"),
    )  # fmt: skip
    assert ended(history).by == "callee"


def test_a_hold_of_the_old_kind(tmp_path: Path) -> None:
    # RFC 2543, section B.5: the address 0.0.0.0 means that nothing is to be sent.
    history = taken(
        tmp_path, announce,
        *PLACED, *reoffer(2, sdp(address="0.0.0.0", version=2)), pause(200),
        *reoffer(3, sdp(version=3)), *leave(4),
    )  # fmt: skip
    assert ended(history).by == "caller"


def test_a_caller_that_moves_to_another_port_and_codec(tmp_path: Path) -> None:
    moved = changed("[media_port]", "[media_port+2]", version=2).replace(CODECS, PCMA)
    history = taken(
        tmp_path, announce,
        *PLACED, *reoffer(2, moved, answered_by="PCMA/8000"), pause(300), *leave(3),
    )  # fmt: skip
    assert topics(history).count("media_started") == 1


def test_an_offer_within_the_call_that_cannot_be_met_changes_nothing(tmp_path: Path) -> None:
    history = taken(
        tmp_path, listen,
        *PLACED,
        request("INVITE", 2, to="peer", body=changed(CODECS, G729, version=2)),
        recv(100, optional=True), recv(488), acknowledge(2),
        request("UPDATE", 3, to="peer", body=changed(CODECS, G729, version=2)), recv(488),
        *reoffer(4, sdp(version=3)), *leave(5),
    )  # fmt: skip
    assert ended(history).status == "completed"


def test_an_invite_within_the_call_that_asks_us_to_offer(tmp_path: Path) -> None:
    history = taken(
        tmp_path, listen,
        *PLACED,
        request("INVITE", 2, to="peer"), recv(100, optional=True), recv(200, has="m=audio"),
        acknowledge(2, body=sdp(version=2)), *leave(3),
    )  # fmt: skip
    assert ended(history).status == "completed"


def test_an_offer_by_update(tmp_path: Path) -> None:
    history = taken(
        tmp_path, listen,
        *PLACED, request("UPDATE", 2, to="peer", body=sdp(SENDONLY, version=2)),
        recv(200, has=f"a={RECVONLY}"), *leave(3),
    )  # fmt: skip
    assert ended(history).status == "completed"


def test_a_caller_that_leaves_the_offer_to_us(tmp_path: Path) -> None:
    history = taken(
        tmp_path, listen,
        outside("INVITE"), recv(100), recv(200, has="m=audio"),
        acknowledge(1, body=sdp()), pause(300), *leave(2),
    )  # fmt: skip
    assert {"answered", "media_started"} <= {*topics(history)}


def test_video_is_declined_and_audio_is_not(tmp_path: Path) -> None:
    history = taken(
        tmp_path, listen,
        call(body=sdp() + VIDEO), recv(100), recv(200, has="m=video 0 "), acknowledge(1),
        pause(300), *leave(2),
    )  # fmt: skip
    assert "media_started" in topics(history)


def test_no_codec_in_common_with_a_callee(tmp_path: Path) -> None:
    history = placed(
        tmp_path, listen,
        recv("INVITE"), respond(200, "OK", body=changed(CODECS, G729)),
        # pjsip sends both at once, the BYE first.
        *DISMISSED, recv("ACK"),
    )  # fmt: skip
    assert (ended(history).by, ended(history).sip_code) == ("engine", 415)


def test_a_callee_that_answers_without_audio(tmp_path: Path) -> None:
    history = placed(
        tmp_path, listen, recv("INVITE"), respond(200, "OK"), recv("ACK"), *DISMISSED
    )
    assert (ended(history).by, ended(history).sip_code) == ("engine", 406)


def test_early_media_and_then_busy(tmp_path: Path) -> None:
    history = placed(
        tmp_path, listen,
        recv("INVITE"), respond(183, "Session Progress", body=sdp()), pause(300),
        respond(486, "Busy Here"), recv("ACK"),
    )  # fmt: skip
    assert topics(history) == ["placed", "early_media", "media_started", "ended"]
    assert (ended(history).status, ended(history).q850_cause) == ("busy", 17)


def test_no_codec_in_common_with_a_caller(tmp_path: Path) -> None:
    turned_away(tmp_path, listen, call(body=changed(CODECS, G729)), recv(488), give_in())
