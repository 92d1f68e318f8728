"""How soon a text of ten sentences is heard, of what it takes to make all of it.

One call of ours over real SIP, with the voice that comes along, and the second one where it is
installed.
"""

import logging
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import Ratio
from workbench import CallControl, Flow, Speech, Workbench, flow
from workbench import events as ev
from workbench.clock import SystemClock
from workbench.errors import InvalidInput
from workbench.markup import sentences

TEXTS = 5


def text(number: int) -> str:
    """Return ten sentences that no other number has."""
    return " ".join(
        f"This is sentence {n} of the text number {number}, as long as most." for n in range(10)
    )


def announcer() -> Flow:
    """Return a flow that begins to say each text twice."""

    @flow
    async def announce(call: CallControl) -> None:
        """Say what is new, and what is kept."""
        await call.answer()
        await call.say("The model is loaded with the first words.")
        for number in range(2 * TEXTS):
            async with call._beside(call.say(text(number % TEXTS))):
                await call.sleep(4)
                await call.stop()

    return announce


@flow
async def listener(call: CallControl) -> None:
    """Stay on the line."""
    await call.sleep(300)


def measure() -> list[Ratio]:
    """Take each voice in its turn."""
    logging.getLogger("workbench").setLevel(logging.ERROR)
    found = []
    for name in ("hibari", "piper"):
        try:
            found += _of(name, Speech(synthesizer=name))
        except InvalidInput:
            continue  # its extra is not installed
    return found


def _of(name: str, speech: Speech) -> list[Ratio]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Workbench(Path(folder), speech=speech) as bench,
    ):
        placed = bench.dial(bench.answer(announcer()), flow=listener).wait(300)
        (said,) = (call for call in bench.calls if call.id != placed.id)
        history = list(said.wait(60).history)
        bench.check()
    waits = _waits_ms(history)[1:]
    new, kept, whole = median(waits[:TEXTS]), median(waits[TEXTS:]), _whole_ms(speech)
    detail = f"{new:.0f} ms, {kept:.0f} ms when it is kept; all of it takes {whole:.0f} ms"
    return [
        Ratio(
            name=f"{name}: first sound / whole text", value=new / whole, goal=0.5,
            higher_is_better=False, detail=detail,
        )
    ]  # fmt: skip


def _waits_ms(history: list[ev.Event]) -> list[float]:
    asked = [event.at for event in history if isinstance(event, ev.PromptRequested)]
    began = [event.at for event in history if isinstance(event, ev.PromptStarted)]
    return [(b - a).total_seconds() * 1000 for a, b in zip(asked, began, strict=True)]


def _whole_ms(speech: Speech) -> float:
    clock, taken = SystemClock(), []
    for number in range(TEXTS):
        began = clock.monotonic()
        for sentence in sentences(text(number)):
            speech.voice.speak(sentence.spoken)
        taken.append((clock.monotonic() - began) * 1000)
    return median(taken)
