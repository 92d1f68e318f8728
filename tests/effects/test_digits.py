"""Digits in the simulation, by every method: what flows see of them, and what is on record."""

from pathlib import Path

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput
from workbench.flow import flow
from workbench.replay import replay

pytestmark = pytest.mark.anyio


@flow
async def ask(call: CallControl) -> str:
    await call.answer()
    await call.detect_digits()
    await call.detect_digits()
    return (await call.gather(2)).digits


@pytest.mark.parametrize("method", ["rfc4733", "sip-info", "inband"])
async def test_digits_are_gathered_however_they_come(tmp_path: Path, method: str) -> None:
    async with Simulation(tmp_path, inbound=ask) as simulation:
        script = FarEnd(digits=((1.0, "42"),), digits_by=method)  # type: ignore[arg-type]
        simulation.engine.offer(script)
        ((*history,),) = await simulation.until_closed()
    assert replay(history, ask).equal, str(replay(history, ask))
    received = [(e.digit, e.method) for e in history if isinstance(e, ev.DigitReceived)]
    assert received == [("4", method), ("2", method)]
    ended = [(e.digit, e.duration_ms) for e in history if isinstance(e, ev.DigitEnded)]
    assert ended[0] == ("4", 160)
    assert sum(isinstance(e, ev.DigitDetectionStarted) for e in history) == 1


async def test_how_a_flow_sends_is_on_record(tmp_path: Path) -> None:
    @flow
    async def send(call: CallControl) -> None:
        await call.answer()
        await call.send_digits("1", method="sip-info", duration_ms=250)
        await call.send_digits("2", method="inband")
        await call.send_digits("3")
        for wrong in ({"method": "morse"}, {"duration_ms": 10}, {"duration_ms": 1.5}):
            with pytest.raises(InvalidInput):
                await call.send_digits("1", **wrong)

    async with Simulation(tmp_path, inbound=send) as simulation:
        simulation.engine.offer(FarEnd())
        ((*history,),) = await simulation.until_closed()
    assert replay(history, send).equal
    asked = [e for e in history if isinstance(e, ev.DigitsRequested)]
    assert [(e.method, e.duration_ms) for e in asked] == [
        ("sip-info", 250), ("inband", 160), ("rfc4733", 160)
    ]  # fmt: skip
