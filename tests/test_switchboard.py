"""The switchboard: what comes in is recorded once, what cannot be recorded stops nobody."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.flow import flow
from workbench.signals import DigitReceived, Offered, Released

pytestmark = pytest.mark.anyio


@flow
async def wait(call: CallControl) -> None:
    """Stay until the caller hangs up."""
    await call.answer()
    await call.sleep(60)


def offered(simulation: Simulation, leg: str = "leg-1") -> Offered:
    now = simulation.clock.now()
    return Offered(leg=leg, at=now, from_="sip:a@x", to="sip:b@x", sip_call_id="same")


def topics(history: Sequence[ev.Event]) -> list[str]:
    return [event.TOPIC for event in history]


async def test_an_invite_that_is_reported_twice_is_one_call(tmp_path: Path) -> None:
    async with Simulation(tmp_path) as simulation:
        simulation.switchboard.report(offered(simulation))
        simulation.switchboard.report(offered(simulation))
        assert len(simulation.log.call_ids()) == 1


async def test_a_call_id_used_again_in_another_opening_is_another_call(tmp_path: Path) -> None:
    count = 0
    for salt in ("first", "second"):
        async with Simulation(tmp_path) as simulation:
            simulation.switchboard._salt = salt
            simulation.switchboard.report(offered(simulation))
            released = Released(leg="leg-1", at=simulation.clock.now(), by="remote")
            simulation.switchboard.report(released)
            count = len(simulation.log.call_ids())
    assert count == 2


async def test_what_cannot_be_recorded_is_left_out_and_the_call_goes_on(tmp_path: Path) -> None:
    async with Simulation(tmp_path, inbound=wait) as simulation:
        simulation.engine.offer(FarEnd(hangs_up_after_s=2.0))
        await simulation.until(lambda: "call.timer_requested" in simulation.words())
        (call_id,) = simulation.switchboard.calls
        simulation.switchboard.observe(call_id, ev.StepReturned, step=7)
        simulation.switchboard.observe(call_id, ev.TimerFired, timer="\ud800")
        ((*history,),) = await simulation.until_closed()
    assert simulation.switchboard.failure is None
    assert "call.step_returned" not in topics(history)
    assert any(event.timer == "?" for event in history if isinstance(event, ev.TimerFired))


async def test_a_signal_that_does_not_fit_is_dropped(tmp_path: Path) -> None:
    async with Simulation(tmp_path) as simulation:
        now = simulation.clock.now()
        simulation.switchboard.report(DigitReceived(leg="nobody", at=now, digit="1"))
        simulation.switchboard.report(offered(simulation))
        simulation.switchboard.report(offered(simulation, leg="leg-2"))
        assert simulation.words().count("call.offered") == 2


async def test_a_listener_that_fails_keeps_nothing_from_the_others(tmp_path: Path) -> None:
    told: list[str] = []

    def fail(_what: object) -> None:
        raise ValueError

    async with Simulation(tmp_path, inbound=wait) as simulation:
        simulation.switchboard.subscribe(fail)
        simulation.switchboard.on_closed(fail)
        simulation.switchboard.on_closed(told.append)
        simulation.engine.offer(FarEnd(hangs_up_after_s=1.0))
        await simulation.until_closed()
    assert told == simulation.closed


async def test_nothing_of_a_closed_call_is_kept(tmp_path: Path) -> None:
    @flow
    async def cut(call: CallControl) -> None:
        await call.answer()
        await call.play("menu.wav")

    async with Simulation(tmp_path, inbound=cut) as simulation:
        for _ in range(5):
            simulation.engine.offer(FarEnd(hangs_up_after_s=0.0))
        await simulation.until_closed(5)
        switchboard, effects = simulation.switchboard, simulation.effects
        kept = (switchboard.calls, switchboard._legs, switchboard._prompts, effects._timers)
        assert not any(kept)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), RuntimeError("no")])
async def test_whatever_a_step_raises_is_its_result(
    tmp_path: Path, error: BaseException
) -> None:
    def leave() -> None:
        raise error

    @flow
    async def stepping(call: CallControl) -> None:
        await call.answer()
        await call.step("leave", leave)

    async with Simulation(tmp_path, inbound=stepping) as simulation:
        simulation.engine.offer(FarEnd())
        ((*history,),) = await simulation.until_closed()
    (returned,) = (event for event in history if isinstance(event, ev.StepReturned))
    assert returned.error_type == type(error).__name__


async def test_a_prompt_that_cannot_be_prepared_has_an_end(tmp_path: Path) -> None:
    @flow
    async def confused(call: CallControl) -> None:
        await call.answer()
        await call.play("Welcome to our company. " * 20)

    async with Simulation(tmp_path, inbound=confused) as simulation:
        simulation.engine.offer(FarEnd())
        ((*history,),) = await simulation.until_closed()
    (finished,) = (event for event in history if isinstance(event, ev.PromptFinished))
    assert finished.outcome == "failed"
