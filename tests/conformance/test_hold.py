"""Hold, resume, refusal and glare, against SIPp: what is on record, and its replay."""

from pathlib import Path

import pytest

from tests.conformance.script import (
    DISMISSED,
    INACTIVE,
    PLACED,
    RECVONLY,
    SENDONLY,
    agree,
    pause,
    recv,
    request,
    sdp,
)
from tests.conformance.story import taken, topics
from workbench import CallControl, flow
from workbench import events as ev
from workbench.errors import NotAllowedNow

pytestmark = [pytest.mark.sip, pytest.mark.slow]


@flow
async def hold_and_resume(call: CallControl) -> None:
    await call.answer()
    await call.hold()
    await call.sleep(0.5)
    await call.resume()


@flow
async def try_twice(call: CallControl) -> str:
    await call.answer()
    with pytest.raises(NotAllowedNow) as refused:
        await call.hold()
    await call.hold()
    return str(refused.value)


@flow
async def listen(call: CallControl) -> list[bool]:
    await call.answer()
    seen = []
    for _ in range(3):
        seen.append(call.held_by_far_end)
        await call.gather(1, timeout=20)
    return seen


def after_the_answer(history: list[ev.Event]) -> list[str]:
    kinds = topics(history)
    return kinds[kinds.index("answered") + 1 :]


def value(history: list[ev.Event]) -> object:
    return next(event.value for event in history if isinstance(event, ev.FlowReturned))


def test_hold_and_resume(tmp_path: Path) -> None:
    history = taken(
        tmp_path, hold_and_resume, *PLACED,
        recv("INVITE", has="a=sendonly"), agree(body=sdp(RECVONLY, version=2)), recv("ACK"),
        recv("INVITE", has="a=sendrecv"), agree(body=sdp(version=3)), recv("ACK"),
        *DISMISSED,
    )  # fmt: skip
    assert after_the_answer([*history]) == [
        "hold_requested", "held", "timer_requested", "timer_fired", "resume_requested",
        "resumed", "flow_returned", "hangup_requested", "ended",
    ]  # fmt: skip


def test_a_refused_hold_leaves_the_call_as_it_was(tmp_path: Path) -> None:
    history = taken(
        tmp_path, try_twice, *PLACED,
        recv("INVITE", has="a=sendonly"), agree(488, "Not Acceptable Here"), recv("ACK"),
        recv("INVITE", has="a=sendonly"), agree(body=sdp(INACTIVE, version=2)), recv("ACK"),
        *DISMISSED,
    )  # fmt: skip
    assert after_the_answer([*history])[:4] == [
        "hold_requested", "hold_failed", "hold_requested", "held_by_far_end",
    ]  # fmt: skip
    assert "Not Acceptable Here (488)" in str(value([*history]))


def test_a_glare_is_tried_again_after_a_while(tmp_path: Path) -> None:
    history = taken(
        tmp_path, hold_and_resume, *PLACED,
        recv("INVITE", has="a=sendonly"), agree(491, "Request Pending"), recv("ACK"),
        recv("INVITE", has="a=sendonly"), agree(body=sdp(RECVONLY, version=2)), recv("ACK"),
        recv("INVITE", has="a=sendrecv"), agree(491, "Request Pending"), recv("ACK"),
        recv("INVITE", has="a=sendrecv"), agree(body=sdp(version=3)), recv("ACK"),
        *DISMISSED,
    )  # fmt: skip
    assert [kind for kind in topics(history) if "hold" in kind or "resume" in kind] == [
        "hold_requested", "resume_requested", "resumed",
    ]  # fmt: skip


def test_the_far_end_holds_and_resumes(tmp_path: Path) -> None:
    def press(cseq: int) -> tuple[str, str]:
        digit = request(
            "INFO", cseq, body="Signal=1\nDuration=160\n", to="peer",
            kind="application/dtmf-relay",
        )  # fmt: skip
        return digit, recv(200)

    history = taken(
        tmp_path, listen, *PLACED, *press(2),
        request("INVITE", 3, body=sdp(SENDONLY, version=2), to="peer"),
        recv(100, optional=True), recv(200, has="a=recvonly"), request("ACK", 3, to="peer"),
        *press(4),
        request("INVITE", 5, body=sdp(version=3), to="peer"),
        recv(100, optional=True), recv(200, has="a=sendrecv"), request("ACK", 5, to="peer"),
        pause(100), *press(6), *DISMISSED,
    )  # fmt: skip
    assert value([*history]) == [False, False, True]
    kinds = [kind for kind in topics(history) if "far_end" in kind]
    assert kinds == ["held_by_far_end", "resumed_by_far_end"]


def test_a_hold_by_no_address_at_all(tmp_path: Path) -> None:
    history = taken(
        tmp_path, hold_and_resume, *PLACED,
        recv("INVITE", has="a=sendonly"),
        agree(body=sdp(INACTIVE, version=2, address="0.0.0.0")), recv("ACK"),
        recv("INVITE", has="a=sendrecv"), agree(body=sdp(version=3)), recv("ACK"),
        *DISMISSED,
    )  # fmt: skip
    kinds = topics(history)
    assert kinds.index("held_by_far_end") < kinds.index("resumed_by_far_end")
