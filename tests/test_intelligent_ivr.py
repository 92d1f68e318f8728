"""The intelligent IVR in the simulation: whatever is said, it is solved or connected."""

from pathlib import Path

import pytest

from tests.simulation import Simulation
from tests.voices import Hum
from workbench import events as ev
from workbench.engine.loopback import FarEnd
from workbench.intelligent_ivr import four_digits, intelligent_ivr
from workbench.replay import replay
from workbench.speech.scripted import Said, ScriptedEars

pytestmark = pytest.mark.anyio

FIRST_MS = 6000
"""When the greeting is over: twelve words of 300 ms, and a little more."""


async def call(
    folder: Path, *said: str, keys: str = "", after_s: float = 0.0, busy: bool = False
) -> tuple[list[str], str]:
    """Say so, one thing each 12 s; return what is spoken, and how it ended."""
    lines = [Said(text=text, at_ms=FIRST_MS + 12_000 * n) for n, text in enumerate(said)]
    digits = tuple((after_s + 0.3 * n, key) for n, key in enumerate(keys))
    ears, person = ScriptedEars(*lines), FarEnd(hangs_up_after_s=5)
    async with Simulation(
        folder, inbound=intelligent_ivr, ears=ears, voice=Hum()
    ) as simulation:
        for user in ("agent", "sales"):
            simulation.engine.far_end(user, FarEnd(refuses_with=486) if busy else person)
        simulation.engine.offer(FarEnd(digits=digits, hangs_up_after_s=300))
        await simulation.until(
            lambda: bool(simulation.closed) and not simulation.switchboard.calls
        )
        histories = [list(history) for _, history in simulation.log.histories()]
    (history,) = (each for each in histories if isinstance(each[0], ev.Offered))
    assert replay(history, intelligent_ivr).equal, str(replay(history, intelligent_ivr))
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    spoken = [event.text for event in history if isinstance(event, ev.PromptRequested)]
    return spoken[1:], returned.value["outcome"]


async def test_a_bill_is_told_to_whoever_keys_in_the_account(tmp_path: Path) -> None:
    spoken, outcome = await call(
        tmp_path, "how much is my bill", "no thank you", keys="4711", after_s=12.0
    )
    assert spoken == [
        "Please say or key in the four digits of your account.",
        "On your account, there are 84.20 euros to pay.",
        "Can I do anything else for you?",
        "Thank you for calling.",
    ]
    assert outcome == "goodbye"


async def test_digits_that_were_spoken_are_confirmed(tmp_path: Path) -> None:
    spoken, outcome = await call(
        tmp_path, "my bill please", "four seven double one", "yes that is right", "goodbye"
    )
    assert "I understood 4 7 1 1. Is that right?" in spoken
    assert "On your account, there are 84.20 euros to pay." in spoken
    assert outcome == "goodbye"


async def test_an_outage_is_looked_up(tmp_path: Path) -> None:
    spoken, _ = await call(tmp_path, "there is no power in the harbour", "bye")
    assert (
        spoken[0] == "In harbour, there is an outage, and it will be over by six this evening."
    )


async def test_whoever_wants_a_person_is_connected(tmp_path: Path) -> None:
    spoken, outcome = await call(tmp_path, "I want to talk to a human being")
    assert (spoken, outcome) == (["One moment, I connect you."], "handed-off")


async def test_when_nobody_is_free_the_caller_is_told_and_helped_on(tmp_path: Path) -> None:
    spoken, outcome = await call(tmp_path, "a new contract", "goodbye", busy=True)
    assert "I am sorry, nobody of our sales is free." in spoken
    assert outcome == "goodbye"


async def test_what_is_not_understood_is_asked_for_again(tmp_path: Path) -> None:
    spoken, outcome = await call(tmp_path, "purple monkeys", "your hours", "that's all")
    assert spoken[0].startswith("I can tell you about your bill")
    assert "We are here from eight to six, Monday to Friday." in spoken
    assert outcome == "goodbye"


@pytest.mark.parametrize(
    ("text", "digits"),
    [("4711", "4711"), ("four seven one one", "4711"), ("47", None), ("north", None)],
)
def test_four_digits(text: str, digits: str | None) -> None:
    assert four_digits(text) == digits
