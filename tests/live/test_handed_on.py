"""Transfers with a telephone that is not ours: it is handed on, and hands us on."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.acceptance.baresip import SPEECH, Baresip
from tests.acceptance.test_baresip import likeness, until
from workbench import CallControl, CallHandle, Policy, Workbench, flow
from workbench import events as ev
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow]


@flow
async def speak(call: CallControl) -> None:
    await call.answer()
    await call.record()
    await call.play(SPEECH)
    await call.sleep(2)


@flow
async def wait(call: CallControl) -> None:
    await call.answer()
    await call.sleep(60)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path / "store", policy=Policy(refer="allow")) as bench:
        yield bench
        bench.check()


def only(history: Sequence[ev.Event], kind: type[ev.Event]) -> Any:
    (event,) = (event for event in history if type(event) is kind)
    return event


def to(bench: Workbench, user: str) -> CallHandle:
    """Return the inbound call to a user, once it is there."""
    found: list[CallHandle] = []

    def look() -> bool:
        found[:] = [
            call
            for call in bench.calls
            if call.state.direction == "inbound" and f"sip:{user}@" in call.state.to
        ]
        return bool(found)

    until(look)
    return found[0]


def test_a_telephone_is_handed_on(bench: Workbench, tmp_path: Path) -> None:
    desk = f"sip:desk@{bench.listen().removeprefix('sip:')}"

    @flow
    async def hand_on(call: CallControl) -> str:
        transferred = await call.transfer(desk, timeout=20)
        await call.hangup()
        return f"{transferred.outcome} {transferred.sip_code}"

    bench.route("desk", speak)
    with Baresip(tmp_path) as phone:
        call = bench.dial(phone.address, flow=hand_on).wait(60)
        assert only(call.history, ev.FlowReturned).value == "completed 200", phone.log
        taken = to(bench, "desk").wait(60)
        assert replay(call.history, hand_on).equal
        files = phone.heard()
    assert only(taken.history, ev.PromptFinished).outcome == "completed"
    heard = [soundfile.read(file, dtype="float64", always_2d=True)[0][:, 0] for file in files]
    # The leg that was handed on may have heard nothing at all.
    assert max(likeness(each) for each in heard if len(each)) > 0.9
    samples, _ = taken.audio()
    assert likeness(np.asarray(samples, np.float64)[:, 0]) > 0.9


def test_a_telephone_hands_us_on(bench: Workbench, tmp_path: Path) -> None:
    address = bench.listen().removeprefix("sip:")
    bench.route("us", wait)
    bench.route("desk", speak)
    with Baresip(tmp_path) as phone:
        phone.dial(f"sip:us@{address}")
        ours = to(bench, "us").wait_answered(30)
        phone.order("transfer", f"sip:desk@{address}")
        taken = to(bench, "desk").wait(60)
        done = threading.Event()
        stop = bench.subscribe(lambda event: done.set() if over(event, ours.id) else None)
        if not any(over(event, ours.id) for event in ours.history):
            assert done.wait(30), phone.log
        stop()
        ours.hangup()
        history = ours.wait(60).history
    finished = only(history, ev.ReferFinished)
    assert finished.outcome == "completed", phone.log
    assert only(taken.history, ev.PromptFinished).outcome == "completed"
    assert replay(history, wait).equal


def over(event: ev.Event, call_id: str) -> bool:
    return event.call_id == call_id and isinstance(event, ev.ReferFinished)


@contextmanager
def plain_phone() -> Iterator[str]:
    """Run a telephone that knows Replaces, which baresip 1.0 does not; give its address."""
    command = [sys.executable, "-m", "tests.live.plain_phone"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    ) as phone:  # fmt: skip
        assert phone.stdin is not None
        assert phone.stderr is not None
        try:
            yield phone.stderr.readline().strip()
        finally:
            phone.stdin.close()
            phone.wait(30)


def test_a_telephone_takes_our_place_in_a_consultation(bench: Workbench) -> None:
    consultation: list[CallHandle] = []

    @flow
    async def connect(call: CallControl) -> str:
        other = await call.step("the consultation", lambda: consultation[0].id)
        transferred = await call.transfer_to(other, timeout=30)
        await call.hangup()
        return f"{transferred.outcome} {transferred.sip_code}"

    with plain_phone() as one, plain_phone() as other:
        consultation.append(bench.dial(other, flow=wait).wait_answered(30))
        history = bench.dial(one, flow=connect).wait(60).history
        consulted = consultation[0].wait(60)
    assert only(history, ev.FlowReturned).value == "completed 200"
    assert replay(history, connect).equal
    assert replay(consulted.history, wait).equal
    # Its callee has let us go, since the other telephone is there now.
    assert only(consulted.history, ev.Ended).by == "callee"
