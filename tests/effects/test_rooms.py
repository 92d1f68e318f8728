"""Conferences and slots in the simulation: who hears whom, who waits, and every end."""

import asyncio
import functools
from pathlib import Path
from typing import Any

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.call import Call
from workbench.control import CallControl
from workbench.effects.rooms import MOST_MEMBERS
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.flow import Flow, flow
from workbench.replay import replay

pytestmark = pytest.mark.anyio

History = list[ev.Event]


async def meet(
    folder: Path, ours: Flow, *callers: FarEnd, calls: int = 0
) -> dict[str, History]:
    """Let callers call one flow, one second apart; return their histories by user."""
    async with Simulation(folder, inbound=ours) as simulation:

        def come(number: int, caller: FarEnd) -> None:
            simulation.engine.offer(caller, caller=f"sip:c{number}@loopback")

        for number, caller in enumerate(callers):
            simulation.clock.call_later(number, functools.partial(come, number, caller))
        histories = await simulation.until_closed(calls or len(callers))
    for history in histories:
        assert replay(history, ours).equal, str(replay(history, ours))
        assert Call.from_history(history).closed
    return {history[0].from_[4:6]: history for history in histories}  # type: ignore[attr-defined]


def of(history: History, kind: type[ev.Event]) -> list[Any]:
    return [event for event in history if type(event) is kind]


def caller(seconds: float) -> FarEnd:
    return FarEnd(answers_after_s=None, hangs_up_after_s=seconds)


@flow
async def conference(call: CallControl) -> int:
    await call.answer()
    members = await call.join("team")
    await call.sleep(60)
    return members


async def test_everybody_hears_all_others(tmp_path: Path) -> None:
    met = await meet(tmp_path, conference, caller(9), caller(9), caller(9))
    assert [of(met[name], ev.ConferenceJoined)[0].members for name in sorted(met)] == [1, 2, 3]
    ids = {name: history[0].call_id for name, history in met.items()}
    for name, history in met.items():
        heard = [event.other for event in of(history, ev.Bridged)]
        assert sorted(heard) == sorted(ids[other] for other in ids if other != name)
        assert len(of(history, ev.Unbridged)) == 2
        assert len(of(history, ev.ConferenceLeft)) == 1


async def test_a_member_leaves_and_comes_back(tmp_path: Path) -> None:
    @flow
    async def restless(call: CallControl) -> list[int]:
        await call.answer()
        first = await call.join("team")
        await call.sleep(3)
        await call.leave()
        await call.leave("team")
        second = await call.join("team")
        await call.sleep(3)
        return [first, second]

    met = await meet(tmp_path, restless, caller(60), caller(60))
    assert [of(history, ev.FlowReturned)[0].value for history in met.values()] == [
        [1, 2], [2, 2],
    ]  # fmt: skip
    left = of(met["c0"], ev.ConferenceLeft)
    assert [event.members for event in left] == [1, None]
    assert [event.reason for event in of(met["c0"], ev.Unbridged)][:1] == [""]


async def test_a_room_that_is_full(tmp_path: Path) -> None:
    @flow
    async def crowd(call: CallControl) -> str:
        await call.answer()
        try:
            await call.join("team")
        except NotAllowedNow as error:
            return str(error)
        await call.sleep(60)
        return "in"

    met = await meet(tmp_path, crowd, *[caller(30)] * (MOST_MEMBERS + 1))
    assert "the room is full" in of(met[f"c{MOST_MEMBERS}"], ev.FlowReturned)[0].value


async def test_a_call_joins_a_room_once(tmp_path: Path) -> None:
    @flow
    async def twice(call: CallControl) -> str:
        await call.answer()
        await call.join("team")
        with pytest.raises(NotAllowedNow):
            await call.join("team")
        for wrong in ("", "x" * 65, None):
            with pytest.raises(InvalidInput):
                await call.join(wrong)  # type: ignore[arg-type]
        return "once"

    met = await meet(tmp_path, twice, caller(30))
    assert of(met["c0"], ev.FlowReturned)[0].value == "once"


@flow
async def lot(call: CallControl) -> str:
    await call.answer()
    if call.from_ == "sip:c0@loopback":
        parked = await call.park("7", music="hold.wav", timeout=10)
        return f"{parked.outcome} {parked.by} {bool(parked)}"
    try:
        other = await call.pickup("7")
    except NotAllowedNow as error:
        return str(error)
    return f"talked to {other}"


async def test_a_parked_call_is_picked_up(tmp_path: Path) -> None:
    met = await meet(tmp_path, lot, caller(60), caller(5))
    parked, picker = (met[name][0].call_id for name in ("c0", "c1"))
    assert of(met["c0"], ev.FlowReturned)[0].value == f"picked-up {picker} True"
    assert of(met["c1"], ev.PickedUp)[0].other == parked
    assert of(met["c1"], ev.Bridged)[0].other == parked
    assert of(met["c0"], ev.PromptFinished)[0].outcome == "interrupted"
    kinds = [e.TOPIC for e in met["c0"] if isinstance(e, ev.Bridged | ev.PromptStopRequested)]
    assert kinds == ["call.bridged", "call.prompt_stop_requested"]


async def test_nobody_picks_it_up(tmp_path: Path) -> None:
    met = await meet(tmp_path, lot, caller(60))
    assert of(met["c0"], ev.FlowReturned)[0].value == "timed-out  False"
    assert of(met["c0"], ev.ParkFinished)[0].outcome == "timed-out"


async def test_a_parked_caller_hangs_up_and_leaves_the_slot(tmp_path: Path) -> None:
    met = await meet(tmp_path, lot, caller(0.5), caller(30))
    assert of(met["c0"], ev.ParkFinished)[0].outcome == "interrupted"
    assert "nobody else waits at '7'" in of(met["c1"], ev.FlowReturned)[0].value


async def test_a_slot_holds_one_call(tmp_path: Path) -> None:
    @flow
    async def rivals(call: CallControl) -> str:
        await call.answer()
        try:
            async with asyncio.timeout(5):
                await call.park("7")
        except (NotAllowedNow, TimeoutError) as error:
            return type(error).__name__
        return "picked up"

    met = await meet(tmp_path, rivals, caller(30), caller(30))
    assert of(met["c0"], ev.FlowReturned)[0].value == "TimeoutError"
    assert of(met["c0"], ev.ParkFinished)[0].outcome == "timed-out"
    assert of(met["c1"], ev.FlowReturned)[0].value == "NotAllowedNow"


async def test_what_cannot_be_parked(tmp_path: Path) -> None:
    @flow
    async def careless(call: CallControl) -> str:
        await call.answer()
        for wrong in ({"slot": ""}, {"slot": "7", "timeout": 0}, {"slot": 7}):
            with pytest.raises(InvalidInput):
                await call.park(**wrong)
        await call.park("7", music="no such file.wav")
        return "parked"

    met = await meet(tmp_path, careless, caller(30))
    assert of(met["c0"], ev.FlowFailed)[0].error_type == "InvalidAudio"
    assert of(met["c0"], ev.ParkFinished)[0].outcome == "timed-out"
