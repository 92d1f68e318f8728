"""Steps that stream: pieces on record, their ends, and sources that are stopped."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.simulation import Simulation
from workbench import Workbench
from workbench import events as ev
from workbench.clock import SystemClock
from workbench.control import CallControl
from workbench.effects import streams
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import StepFailed
from workbench.flow import Flow, flow
from workbench.replay import replay

pytestmark = pytest.mark.anyio

STOPPED: list[str] = []
PATIENT = FarEnd(hangs_up_after_s=60)


@pytest.fixture(autouse=True)
def _nothing_stopped() -> None:
    STOPPED.clear()


def count(most: int) -> Iterator[int]:
    yield from range(most)


async def count_async(most: int) -> AsyncIterator[int]:
    for number in range(most):
        await asyncio.sleep(0)
        yield number


async def speak_on() -> AsyncIterator[str]:
    """Give a word, then say nothing more until cancelled."""
    try:
        yield "one"
        await asyncio.Event().wait()
    finally:
        STOPPED.append("speak_on")


async def break_off() -> AsyncIterator[str]:
    yield "half a"
    raise ConnectionError("the line broke")


def strange() -> Iterator[Any]:
    yield "good"
    yield object()


async def story(folder: Path, ours: Flow, script: FarEnd = PATIENT) -> list[ev.Event]:
    async with Simulation(folder, inbound=ours) as simulation:
        simulation.engine.offer(script)
        ((*history,),) = await simulation.until_closed()
    stopped = list(STOPPED)
    assert replay(history, ours).equal, str(replay(history, ours))
    assert stopped == STOPPED, "a replay asks nobody"
    return history


def of_steps(history: list[ev.Event]) -> list[tuple[str, Any]]:
    kinds = (ev.StepYielded, ev.StepReturned, ev.StepStopRequested)
    return [
        (event.TOPIC.removeprefix("call.step_"), getattr(event, "value", None))
        for event in history
        if isinstance(event, kinds)
    ]


@pytest.mark.parametrize(
    "source", [count, count_async, partial(count_async), lambda most: list(range(most))]
)
async def test_every_piece_is_an_event_and_so_is_the_end(
    tmp_path: Path, source: Callable[..., Any]
) -> None:
    @flow
    async def ours(call: CallControl) -> list[int]:
        await call.answer()
        return [piece async for piece in call.stream("count", source, 3)]

    history = await story(tmp_path, ours)
    pieces = [("yielded", 0), ("yielded", 1), ("yielded", 2)]
    assert of_steps(history) == [*pieces, ("returned", 3)]
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == [0, 1, 2]


async def test_pieces_wait_for_a_flow_that_is_elsewhere(tmp_path: Path) -> None:
    @flow
    async def ours(call: CallControl) -> list[int]:
        await call.answer()
        taken = []
        async for piece in call.stream("count", count, 3):
            await call.sleep(5)
            taken.append(piece)
        return taken

    history = await story(tmp_path, ours)
    kinds = [type(event) for event in history]
    assert kinds.index(ev.StepReturned) < kinds.index(ev.TimerFired)
    assert next(e.value for e in history if isinstance(e, ev.FlowReturned)) == [0, 1, 2]


async def test_a_source_that_raises_fails_the_step_after_its_pieces(tmp_path: Path) -> None:
    @flow
    async def ours(call: CallControl) -> list[str]:
        await call.answer()
        heard = []
        try:
            async for piece in call.stream("listen", break_off):
                heard.append(piece)
        except StepFailed as failed:
            heard.append(failed.kind)
        return heard

    history = await story(tmp_path, ours)
    assert next(e.value for e in history if isinstance(e, ev.FlowReturned)) == [
        "half a",
        "ConnectionError",
    ]


async def test_what_json_cannot_hold_ends_the_stream_as_a_failure(tmp_path: Path) -> None:
    @flow
    async def ours(call: CallControl) -> None:
        await call.answer()
        async for _ in call.stream("strange", strange):
            pass

    history = await story(tmp_path, ours)
    assert of_steps(history)[0] == ("yielded", "good")
    (failed,) = (event for event in history if isinstance(event, ev.FlowFailed))
    assert "TypeError" in failed.error


async def test_leaving_the_loop_stops_the_source_and_ends_the_step(tmp_path: Path) -> None:
    @flow
    async def ours(call: CallControl) -> str:
        await call.answer()
        async for _ in call.stream("speak", speak_on):
            break
        await call.sleep(1)
        return "went on"

    history = await story(tmp_path, ours)
    assert of_steps(history) == [("yielded", "one"), ("stop_requested", None), ("returned", 1)]
    assert STOPPED == ["speak_on"]
    assert next(e.value for e in history if isinstance(e, ev.FlowReturned)) == "went on"


async def test_a_timeout_around_the_loop_stops_the_source(tmp_path: Path) -> None:
    @flow
    async def ours(call: CallControl) -> str:
        await call.answer()
        try:
            async with asyncio.timeout(3):
                async for _ in call.stream("speak", speak_on):
                    pass
        except TimeoutError:
            return "silent"
        return "unheard of"

    history = await story(tmp_path, ours)
    assert STOPPED == ["speak_on"]
    assert next(e.value for e in history if isinstance(e, ev.FlowReturned)) == "silent"


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_the_end_of_the_call_stops_the_source(tmp_path: Path, elsewhere: bool) -> None:
    @flow
    async def ours(call: CallControl) -> None:
        await call.answer()
        async for _ in call.stream("speak", speak_on):
            if elsewhere:
                await call.sleep(600)

    history = await story(tmp_path, ours, FarEnd(hangs_up_after_s=2))
    assert STOPPED == ["speak_on"]
    assert [event.step for event in history if isinstance(event, ev.StepReturned)] == ["step-1"]


async def test_a_flow_that_keeps_hold_of_a_stream_does_not_keep_it_open(tmp_path: Path) -> None:
    @flow
    async def ours(call: CallControl) -> str:
        await call.answer()
        kept.append(pieces := call.stream("speak", speak_on))
        return str(await anext(pieces))

    kept: list[Any] = []
    async with Simulation(tmp_path, inbound=ours) as simulation:
        simulation.engine.offer(PATIENT)
        ((*history,),) = await simulation.until_closed()
    assert STOPPED == ["speak_on"]
    assert of_steps(history)[-1] == ("returned", 1)


async def test_a_source_without_an_end_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_PIECES", 20)

    @flow
    async def ours(call: CallControl) -> None:
        await call.answer()
        async for _ in call.stream("count", count, 1_000_000):
            pass

    history = await story(tmp_path, ours)
    assert len(of_steps(history)) == 21
    (failed,) = (event for event in history if isinstance(event, ev.FlowFailed))
    assert "more than 20 pieces" in failed.error


def test_a_source_on_a_thread_is_told_to_stop(tmp_path: Path) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def words() -> Iterator[str]:
        try:
            yield "one"
            go_on.wait(20)
            yield "two"
            yield "three"
        finally:
            ended.set()

    @flow
    async def ours(call: CallControl) -> None:
        await call.answer()
        async for _ in call.stream("speak", words):
            break
        await call.step("let it go on", go_on.set)

    with Workbench(tmp_path, engine=Loopback(SystemClock())) as bench:
        address = bench.answer(ours)
        bench.dial(address).wait(20)
        histories = [list(call.wait(20).history) for call in bench.calls]
        assert ended.wait(20)
        bench.check()
    steps = [event for history in histories for event in of_steps(history)]
    assert steps[:3] == [("yielded", "one"), ("stop_requested", None), ("returned", 1)]
