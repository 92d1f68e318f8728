"""Flows on simulated calls, from the offer to the last event."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.call import Call
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import StepFailed
from workbench.flow import flow
from workbench.recording import open_recording
from workbench.replay import replay

pytestmark = pytest.mark.anyio


@flow
async def reception(call: CallControl) -> str:
    """Greet, gather, branch."""
    await call.ring()
    await call.answer()
    await call.record()
    await call.play("goodbye.wav")
    choice = await call.gather(1, play="menu.wav", timeout=5)
    await call.play("one-moment.wav" if choice.digits == "1" else "invalid.wav")
    name = await call.step("name", "anna".upper)
    await call.hangup()
    return f"{choice.digits} {name}"


def topics(history: Sequence[ev.Event]) -> list[str]:
    return [event.TOPIC for event in history]


def only(history: Sequence[ev.Event], kind: type[ev.Event]) -> ev.Event:
    (event,) = (event for event in history if type(event) is kind)
    return event


async def test_a_flow_takes_an_inbound_call_from_offer_to_end(tmp_path: Path) -> None:
    async with Simulation(tmp_path, inbound=reception) as simulation:
        simulation.engine.offer(FarEnd(digits=((3.0, "1"),)))
        ((*history,),) = await simulation.until_closed()
    returned = only(history, ev.FlowReturned)
    assert isinstance(returned, ev.FlowReturned)
    assert returned.value == "1 ANNA"
    assert replay(history, reception).equal
    assert Call.from_history(history).closed


async def test_the_menu_is_stopped_by_the_digit_and_says_how_much_was_heard(
    tmp_path: Path,
) -> None:
    async with Simulation(tmp_path, inbound=reception) as simulation:
        simulation.engine.offer(FarEnd(digits=((3.0, "2"),)))
        ((*history,),) = await simulation.until_closed()
    finished = [event for event in history if isinstance(event, ev.PromptFinished)]
    assert [event.outcome for event in finished] == ["completed", "interrupted", "completed"]
    assert 1_500 < finished[1].played_ms < 3_000


async def test_a_recording_is_stored_with_its_place_on_the_audio_clock(tmp_path: Path) -> None:
    async with Simulation(tmp_path, inbound=reception) as simulation:
        simulation.engine.offer(FarEnd(digits=((3.0, "1"),)))
        ((*history,),) = await simulation.until_closed()
    stored = only(history, ev.RecordingStored)
    assert isinstance(stored, ev.RecordingStored)
    samples, rate = open_recording(tmp_path / "recordings", stored.audio)
    assert abs(len(samples) / rate * 1000 - stored.duration_ms) < 1
    assert not list((tmp_path / "live").iterdir())


async def test_the_flow_of_an_outbound_call_starts_when_it_is_answered(tmp_path: Path) -> None:
    @flow
    async def caller(call: CallControl) -> None:
        await call.send_digits("12")
        await call.hangup()

    async with Simulation(tmp_path) as simulation:
        simulation.engine.far_end("bob", FarEnd(answers_after_s=2.0))
        simulation.dial("sip:bob@loopback", caller)
        ((*history,),) = await simulation.until_closed()
    started = only(history, ev.FlowStarted)
    assert isinstance(started, ev.FlowStarted)
    assert isinstance(history[started.caused_by - 1], ev.Answered)
    assert "call.digits_sent" in topics(history)


@pytest.mark.parametrize(
    ("far_end", "status", "sip_code", "by"),
    [
        (FarEnd(refuses_with=486), "busy", 486, "callee"),
        (FarEnd(refuses_with=603), "failed", 603, "callee"),
        (FarEnd(answers_after_s=None), "no-answer", 408, "app"),
        (FarEnd(answers_after_s=0.0, hangs_up_after_s=1.0), "completed", 200, "callee"),
    ],
)
async def test_how_an_outbound_call_ends(
    tmp_path: Path, far_end: FarEnd, status: str, sip_code: int, by: str
) -> None:
    async with Simulation(tmp_path) as simulation:
        simulation.engine.far_end("bob", far_end)
        simulation.dial("sip:bob@loopback")
        ((*history,),) = await simulation.until_closed()
    ended = only(history, ev.Ended)
    assert isinstance(ended, ev.Ended)
    assert (ended.status, ended.sip_code, ended.by) == (status, sip_code, by)


async def test_a_call_that_no_flow_takes_is_refused_on_record(tmp_path: Path) -> None:
    async with Simulation(tmp_path) as simulation:
        simulation.engine.offer(FarEnd())
        ((*history,),) = await simulation.until_closed()
    assert "call.reject_requested" in topics(history)
    ended = only(history, ev.Ended)
    assert isinstance(ended, ev.Ended)
    assert (ended.sip_code, ended.by) == (480, "app")


@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.5, 4.0, 5.0, 6.0, 8.0])
async def test_whenever_the_caller_hangs_up_all_that_began_has_an_end(
    tmp_path: Path, after: float
) -> None:
    async with Simulation(tmp_path, inbound=reception) as simulation:
        simulation.engine.offer(FarEnd(digits=((2.0, "1"),), hangs_up_after_s=after))
        ((*history,),) = await simulation.until_closed()
    call = Call.from_history(history)
    assert call.closed
    assert not call.open
    assert sum(isinstance(event, ev.Ended) for event in history) == 1
    assert replay(history, reception).equal


async def test_a_caller_who_gives_up_while_it_rings_ends_the_flow(tmp_path: Path) -> None:
    @flow
    async def slow(call: CallControl) -> None:
        await call.ring()
        await call.sleep(10)
        await call.answer()

    async with Simulation(tmp_path, inbound=slow) as simulation:
        simulation.engine.offer(FarEnd(gives_up_after_s=3.0))
        ((*history,),) = await simulation.until_closed()
    ended = only(history, ev.Ended)
    assert isinstance(ended, ev.Ended)
    assert (ended.status, ended.by) == ("canceled", "caller")
    assert "call.timer_cancelled" in topics(history)


async def test_a_flow_that_fails_ends_its_call(tmp_path: Path) -> None:
    @flow
    async def broken(call: CallControl) -> None:
        await call.answer()
        await call.play("no such file.wav")

    async with Simulation(tmp_path, inbound=broken) as simulation:
        simulation.engine.offer(FarEnd())
        ((*history,),) = await simulation.until_closed()
    failed = only(history, ev.FlowFailed)
    assert isinstance(failed, ev.FlowFailed)
    assert "no such file.wav" in failed.error
    assert only(history, ev.Ended).version == len(history)


async def test_a_step_that_raises_or_returns_what_json_cannot_hold(tmp_path: Path) -> None:
    @flow
    async def steps(call: CallControl) -> list[str]:
        await call.answer()
        heard = []
        for function in (lambda: 1 / 0, object):
            try:
                await call.step("try", function)
            except StepFailed as error:
                heard.append(str(error))
        return heard

    async with Simulation(tmp_path, inbound=steps) as simulation:
        simulation.engine.offer(FarEnd())
        ((*history,),) = await simulation.until_closed()
    returned = only(history, ev.FlowReturned)
    assert isinstance(returned, ev.FlowReturned)
    first, second = returned.value
    assert "ZeroDivisionError: division by zero" in first
    assert "object" in second


async def test_several_things_at_once_with_ordinary_asyncio(tmp_path: Path) -> None:
    @flow
    async def both(call: CallControl) -> str:
        await call.answer()
        async with asyncio.TaskGroup() as group:
            group.create_task(call.play("goodbye.wav"))
            pressed = group.create_task(call.gather(2, timeout=5))
        return pressed.result().digits

    async with Simulation(tmp_path, inbound=both) as simulation:
        simulation.engine.offer(FarEnd(digits=((0.2, "79"),)))
        ((*history,),) = await simulation.until_closed()
    returned = only(history, ev.FlowReturned)
    assert isinstance(returned, ev.FlowReturned)
    assert returned.value == "79"
    assert replay(history, both).equal


async def test_twenty_calls_at_once_keep_their_histories_apart(tmp_path: Path) -> None:
    async with Simulation(tmp_path, inbound=reception) as simulation:
        for number in range(20):
            simulation.engine.offer(FarEnd(digits=((2.5 + number / 10, str(number % 10)),)))
        histories = await simulation.until_closed(20)
    assert len({history[0].call_id for history in histories}) == 20
    assert all(replay(history, reception).equal for history in histories)


async def test_when_nothing_can_be_recorded_the_calls_are_ended(tmp_path: Path) -> None:
    failures: list[BaseException] = []
    async with Simulation(tmp_path, inbound=reception) as simulation:
        simulation.switchboard.on_failure(failures.append)
        simulation.engine.offer(FarEnd(digits=((3.0, "1"),)))
        await simulation.settle()
        simulation.commit.error = OSError("disk full")
        simulation.clock.advance(2.0)
        await simulation.settle()
    assert [str(error) for error in failures] == ["disk full"]
