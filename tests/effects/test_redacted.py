"""What is said of cards, telephones and people, in the simulation: nowhere in the store."""

from pathlib import Path

import pytest

from tests.effects.test_listening import only
from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput
from workbench.flow import Flow, flow
from workbench.redaction import Redaction
from workbench.replay import replay
from workbench.speech.scripted import Said, ScriptedEars, Told

pytestmark = pytest.mark.anyio

SPOKEN = "four one one one one one one one one one one one one one one one"
CANARIES = (SPOKEN, "4111", "one one one one one one one", "Lovelace", "7946", "7946 0958")
EARS = (
    Said(at_ms=400, text=f"my card is {SPOKEN}"),
    Said(at_ms=9000, text="I am Ada Lovelace call me at +44 20 7946 0958"),
    Told(
        kind=ev.RecognitionFailed,
        at_ms=15000,
        fields={
            "provider": "p",
            "error_type": "ValueError",
            "error": "what is 4111111111111111?",
        },
    ),
)


@flow
async def by_itself(call: CallControl) -> str:
    await call.answer()
    await call.listen(redact=Redaction(names=("Ada Lovelace",)))
    said = await call.hear(20)
    again = await call.hear(20)
    await call.sleep(10)
    return f"{said}; {again}"


@flow
async def by_the_bench(call: CallControl) -> str:
    await call.answer()
    return f"{await call.hear(20)}; {await call.hear(20)}"


def content(folder: Path) -> tuple[list[Path], str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return files, "".join(path.read_bytes().decode("latin-1") for path in files)


@pytest.mark.parametrize("ours", [by_itself, by_the_bench], ids=lambda ours: ours.name)
async def test_canaries_are_nowhere_in_the_store(tmp_path: Path, ours: Flow) -> None:
    async with Simulation(tmp_path, inbound=ours, ears=ScriptedEars(*EARS)) as simulation:
        if ours is by_the_bench:
            simulation.effects.redaction = Redaction(names=("Ada Lovelace",))
        simulation.engine.offer(FarEnd())
        ((*history,),) = await simulation.until_closed()
        files, stored = content(tmp_path)
    assert replay(history, ours).equal, str(replay(history, ours))
    assert only(history, ev.FlowReturned).value == (
        "my card is [card]; I am [name] call me at [phone]"
    )
    assert any(path.name.endswith("-wal") for path in files)
    assert "[card]" in stored
    assert [canary for canary in CANARIES if canary in stored] == []


async def test_a_redaction_that_is_none_is_refused(tmp_path: Path) -> None:
    @flow
    async def wrong(call: CallControl) -> str:
        await call.answer()
        try:
            await call.listen(redact="everything")  # type: ignore[arg-type]
        except InvalidInput as error:
            return str(error)
        return "taken"

    async with Simulation(tmp_path, inbound=wrong) as simulation:
        simulation.engine.offer(FarEnd())
        ((*history,),) = await simulation.until_closed()
    assert "Redaction" in only(history, ev.FlowReturned).value
