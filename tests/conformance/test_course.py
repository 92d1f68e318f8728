"""Early media, causes and redirection, against SIPp: what is on record, and its replay."""

from pathlib import Path

import pytest

from tests.conformance.script import (
    DISMISSED,
    PLACED,
    call,
    pause,
    recv,
    request,
    respond,
    sdp,
)
from tests.conformance.story import ended, placed, taken, topics
from workbench import CallControl, flow

pytestmark = [pytest.mark.sip, pytest.mark.slow]


@flow
async def announce(call: CallControl) -> str:
    await call.progress()
    played = await call.play("one-moment.wav")
    await call.reject(404, cause=1, reason="no such number")
    return played.outcome


@flow
async def announce_and_answer(call: CallControl) -> None:
    await call.ring()
    await call.progress()
    await call.say("Please wait.")
    await call.answer()
    await call.hangup("served", cause=16)


@flow
async def listen(call: CallControl) -> None:
    await call.sleep(30)


def test_an_announcement_before_a_refusal(tmp_path: Path) -> None:
    history = taken(
        tmp_path, announce,
        call(), recv(100), recv(183, has="m=audio"),
        recv(404, has='Reason: Q.850;cause=1;text="no such number"'),
        request("ACK", 1, to="peer"),
    )  # fmt: skip
    assert topics(history) == [
        "offered", "flow_started", "progress_requested", "early_media", "media_started",
        "prompt_requested", "prompt_started", "prompt_finished", "reject_requested", "ended",
        "flow_returned",
    ]  # fmt: skip
    end = ended(history)
    assert (end.sip_code, end.q850_cause, end.reason) == (404, 1, "no such number")


def test_early_media_then_an_answer_then_a_cause(tmp_path: Path) -> None:
    history = taken(
        tmp_path, announce_and_answer,
        *PLACED[:2], recv(180), recv(183, has="m=audio"), *PLACED[-2:],
        recv("BYE", has='Reason: Q.850;cause=16;text="served"'), DISMISSED[-1],
    )  # fmt: skip
    assert topics(history)[:6] == [
        "offered", "flow_started", "ring_requested", "progress_requested", "ringing",
        "early_media",
    ]  # fmt: skip
    assert ended(history).reason == "served"


def test_early_media_of_a_callee(tmp_path: Path) -> None:
    history = placed(
        tmp_path, listen,
        recv("INVITE"), respond(183, "Session Progress", body=sdp()),
        respond(200, "OK", body=sdp()), recv("ACK"), pause(300),
        request("BYE", 2, 'Reason: Q.850;cause=31;text="enough"'), recv(200),
    )  # fmt: skip
    assert topics(history)[:4] == ["placed", "early_media", "media_started", "answered"]
    end = ended(history)
    assert (end.by, end.q850_cause, end.reason) == ("callee", 31, "enough")


def test_a_refusal_that_says_why(tmp_path: Path) -> None:
    history = placed(
        tmp_path, listen,
        recv("INVITE"),
        respond(503, "Service Unavailable", 'Reason: Q.850;cause=42;text="congested"'),
        recv("ACK"),
    )  # fmt: skip
    end = ended(history)
    assert (end.sip_code, end.q850_cause, end.reason) == (503, 42, "congested")
    assert end.hangup_cause == "SWITCH_CONGESTION"
