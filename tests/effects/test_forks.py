"""Forks in the simulation: what flows see of them, what consumers get, what is on record."""

import threading
from pathlib import Path

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.feed import AudioFrame, Feed
from workbench.flow import Flow, flow
from workbench.replay import replay

pytestmark = pytest.mark.anyio

HEARD: list[AudioFrame] = []


@pytest.fixture(autouse=True)
def _nothing_heard() -> None:
    HEARD.clear()


def listen(frames: Feed) -> None:
    HEARD.extend(frames)


async def listen_async(frames: Feed) -> None:
    async for frame in frames:
        HEARD.append(frame)


def leave(frames: Feed) -> None:
    HEARD.append(next(iter(frames)))


def fail(frames: Feed) -> None:
    leave(frames)
    raise ValueError("no more")


async def story(folder: Path, script: FarEnd, ours: Flow) -> list[ev.Event]:
    async with Simulation(folder, inbound=ours) as simulation:
        simulation.engine.offer(script)
        ((*history,),) = await simulation.until_closed()
    heard = len(HEARD)
    assert replay(history, ours).equal, str(replay(history, ours))
    assert len(HEARD) == heard, "a replay calls no consumer"
    return history


def topics(history: list[ev.Event]) -> list[str]:
    kinds = [e.TOPIC.removeprefix("call.") for e in history if e.KIND is not ev.Kind.NOTED]
    return kinds[kinds.index("answered") + 1 :]


def finished(history: list[ev.Event]) -> ev.ForkFinished:
    (found,) = (event for event in history if isinstance(event, ev.ForkFinished))
    return found


@flow
async def forked(call: CallControl) -> str:
    await call.answer()
    return await call.fork("a listener", listen)


@flow
async def forked_to_the_end(call: CallControl) -> None:
    await call.answer()
    await call.fork("a listener", listen_async)
    await call.sleep(60)


@flow
async def forked_for_a_while(call: CallControl) -> str:
    await call.answer()
    fork = await call.fork("a listener", listen, direction="received")
    await call.sleep(1)
    await call.stop_fork(fork)
    await call.sleep(1)
    try:
        await call.stop_fork(fork)
    except NotAllowedNow as error:
        return str(error)
    return ""


@flow
async def left(call: CallControl) -> None:
    await call.answer()
    await call.fork("leaves", leave)
    await call.sleep(5)


@flow
async def failed(call: CallControl) -> None:
    await call.answer()
    await call.fork("fails", fail)
    await call.sleep(5)


async def test_a_fork_ends_with_the_flow(tmp_path: Path) -> None:
    history = await story(tmp_path, FarEnd(), forked)
    assert topics(history)[:4] == [
        "fork_requested", "fork_started", "flow_returned", "hangup_requested",
    ]  # fmt: skip
    assert sorted(topics(history)[4:]) == ["ended", "fork_finished"]
    assert finished(history).frames == len(HEARD)


async def test_every_frame_comes_at_its_time_until_the_far_end_hangs_up(tmp_path: Path) -> None:
    history = await story(tmp_path, FarEnd(hangs_up_after_s=3.0), forked_to_the_end)
    (started,) = (event for event in history if isinstance(event, ev.ForkStarted))
    assert 148 <= len(HEARD) <= 150
    times = [frame.media_ms for frame in HEARD]
    assert times == [(started.media_ms or 0) + 20 * number for number in range(len(HEARD))]
    assert all(frame.received.shape == frame.sent.shape == (160,) for frame in HEARD)
    end = finished(history)
    assert (end.frames, end.lost, end.reason) == (len(HEARD), 0, "")
    assert topics(history)[-1] == "fork_finished"


async def test_a_fork_is_stopped_before_the_call(tmp_path: Path) -> None:
    history = await story(tmp_path, FarEnd(), forked_for_a_while)
    assert topics(history)[:6] == [
        "fork_requested", "fork_started", "timer_requested", "timer_fired",
        "fork_stop_requested", "fork_finished",
    ]  # fmt: skip
    assert 48 <= len(HEARD) <= 50
    assert HEARD[0].sent.shape == (0,)
    value = next(event.value for event in history if isinstance(event, ev.FlowReturned))
    assert "no fork 'fork-1' that runs" in value


@pytest.mark.parametrize(
    ("ours", "reason"), [(left, "its consumer returned"), (failed, "ValueError: no more")]
)
async def test_a_consumer_that_leaves_ends_its_fork(
    tmp_path: Path, ours: Flow, reason: str
) -> None:
    history = await story(tmp_path, FarEnd(), ours)
    end = finished(history)
    assert (end.frames, end.reason) == (1, reason)
    assert isinstance(next(e for e in history if isinstance(e, ev.FlowReturned)), ev.Event)


@flow
async def wrong(call: CallControl) -> list[str]:
    told = []
    await call.answer()
    for consumer, direction in (("no function", "both"), (listen, "inwards")):
        try:
            await call.fork("wrong", consumer, direction)  # type: ignore[arg-type]
        except InvalidInput as error:
            told.append(str(error))
    return told


async def test_what_cannot_consume_is_refused(tmp_path: Path) -> None:
    history = await story(tmp_path, FarEnd(), wrong)
    value = next(event.value for event in history if isinstance(event, ev.FlowReturned))
    assert "'no function'" in value[0]
    assert "'inwards'" in value[1]
    assert "fork_requested" not in topics(history)


async def test_a_fork_from_outside_when_no_flow_is_there(tmp_path: Path) -> None:
    before = {*threading.enumerate()}
    async with Simulation(tmp_path) as simulation:
        simulation.engine.far_end("bob", FarEnd(hangs_up_after_s=2.0))
        call_id = simulation.dial("sip:bob@loopback")
        await simulation.until(lambda: "call.answered" in simulation.words())
        simulation.effects.entrust(call_id, "listener-1", listen)
        simulation.switchboard.order(
            call_id, ev.ForkRequested, fork="listener-1", name="n", direction="both"
        )
        ((*history,),) = await simulation.until_closed()
    assert 98 <= finished(history).frames == len(HEARD) <= 100
    assert len({*threading.enumerate()} - before) < 10
