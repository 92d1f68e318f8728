"""From the end of the caller's turn to the first sound of the reply, while it is still to come.

One call of ours over real SIP, with a stand-in for a chat model that gives 25 words a second in
three sentences, and the voice that comes along. Without streaming nothing could be heard before
the whole reply was there.
"""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import Ratio
from workbench import CallControl, Conversation, Speech, Workbench, flow
from workbench import events as ev
from workbench.chat import Piece
from workbench.conversation import Limits
from workbench.speech.scripted import Said, ScriptedEars

ROUNDS = 6
S_A_WORD = 0.04
REPLY = (
    "Your number {n} order has left us on Monday morning. It should be with you by the end of "
    "this week at the latest. Would you like me to send you a message when it is there?"
)


class Typing:
    """Gives word after word, at the pace of a model."""

    name = "typing"

    async def reply(self, messages: Any, tools: Any) -> AsyncIterator[Piece]:
        """Yield a reply that was never spoken before."""
        for word in REPLY.format(n=len(messages)).split():
            await asyncio.sleep(S_A_WORD)
            yield {"text": word + " "}


@flow
async def answering(call: CallControl) -> None:
    """Talk so many rounds."""
    await call.answer()
    await Conversation(call, Typing(), limits=Limits(turns=ROUNDS, silences=0)).run()


@flow
async def caller(call: CallControl) -> None:
    """Stay on the line."""
    await call.sleep(300)


def measure() -> list[Ratio]:
    """Ask again and again in one call."""
    logging.getLogger("workbench").setLevel(logging.ERROR)
    lines = [Said(text="where is it", at_ms=500 + 14_000 * number) for number in range(ROUNDS)]
    with tempfile.TemporaryDirectory() as folder:
        speech = Speech(ears=ScriptedEars(*lines))
        with Workbench(Path(folder), speech=speech) as bench:
            bench.dial(bench.answer(answering), flow=caller).wait(60 + 20 * ROUNDS)
            histories = [list(call.wait(30).history) for call in bench.calls]
            bench.check()
    (history,) = (each for each in histories if isinstance(each[0], ev.Offered))
    return [_ratio(history)]


def _ratio(history: list[ev.Event]) -> Ratio:
    starts = (ev.TurnEnded, ev.PromptStarted)
    told = [event for event in history if isinstance(event, starts)]
    waits = [
        (after.at - before.at).total_seconds()
        for before, after in pairwise(told)
        if isinstance(before, ev.TurnEnded) and isinstance(after, ev.PromptStarted)
    ]
    whole = len(REPLY.split()) * S_A_WORD
    return Ratio(
        name="turn to first sound / whole reply",
        value=median(waits) / whole,
        goal=1.0,
        higher_is_better=False,
        detail=f"{median(waits) * 1000:.0f} ms, worst {max(waits) * 1000:.0f} ms, of "
        f"{whole * 1000:.0f} ms; {len(waits)} replies, whose first sentence alone took 400 ms",
    )
