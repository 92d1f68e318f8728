"""The intelligent IVR on a real call: it speaks, is interrupted, and hands over to a person."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from workbench import CallControl, Conversation, Flow, Speech, Workbench, flow
from workbench import events as ev
from workbench.chat import Message, Piece
from workbench.chat.rules import Use, pieces_of
from workbench.chat.tools import Goodbye
from workbench.intelligent_ivr import STAND_IN, ivr
from workbench.replay import replay
from workbench.speech.scripted import Said, ScriptedEars

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]

SCRIPT = (
    Said(text="when are you open your hours please", at_ms=7_000),
    Said(text="sorry I want to talk to a person", at_ms=12_500),
)
"""The greeting takes 4 s, and the hours half as long; the second is said over their end."""


@flow
async def caller(call: CallControl) -> None:
    await call.record()
    await call.sleep(60)


@flow
async def speaker(call: CallControl) -> None:
    await call.sleep(10)
    await call.say("What are your opening hours, please?")
    await call.sleep(10)
    await call.say("I would like to talk to a person.")
    await call.sleep(60)


@flow
async def agent(call: CallControl) -> None:
    await call.answer()
    await call.sleep(2)
    await call.hangup()


def answered(folder: Path, calling: Flow, speech: Speech) -> list[list[ev.Event]]:
    """Call the reception; return the histories, its own first, which replays."""
    with Workbench(folder / "agent") as other:
        reception = ivr(STAND_IN, agent=other.answer(agent))
        with Workbench(folder / "store", speech=speech) as bench:
            bench.dial(bench.answer(reception), flow=calling).wait(120)
            histories = [list(call.wait(60).history) for call in bench.calls]
            bench.check()
        other.check()
    histories.sort(key=lambda history: not isinstance(history[0], ev.Offered))
    assert replay(histories[0], reception).equal, str(replay(histories[0], reception))
    return histories


def assert_helped_and_connected(history: list[ev.Event]) -> None:
    (returned,) = all_of(history, ev.FlowReturned)
    assert returned.value["outcome"] == "handed-off"
    said = [event.text for event in all_of(history, ev.PromptRequested)]
    assert "We are here from eight to six, Monday to Friday." in said
    assert said[-1] == "One moment, I connect you."
    (dialled,) = all_of(history, ev.DialFinished)
    assert (dialled.outcome, dialled.seconds > 1) == ("answered", True)


def test_a_caller_is_answered_and_connected(tmp_path: Path) -> None:
    histories = answered(tmp_path, caller, Speech(ears=ScriptedEars(*SCRIPT)))
    assert_helped_and_connected(histories[0])
    (recorded,) = (e for each in histories for e in all_of(each, ev.RecordingStored))
    assert recorded.duration_ms > 12_000


def test_two_voices_talk_with_what_comes_along(tmp_path: Path) -> None:
    history, *_ = answered(tmp_path, speaker, Speech())
    assert_helped_and_connected(history)
    heard = [event.text for event in all_of(history, ev.TranscriptFinal)]
    assert "opening hours" in heard[0]
    assert "talk to a person" in heard[-1]


STORY = "It was a dark and stormy night in the harbour. Nobody was out but an old sailor. "


class Narrating:
    """Never comes to an end by itself."""

    name = "narrating"

    def __init__(self) -> None:
        self.told: list[list[Message]] = []
        self.stopped = 0

    async def reply(self, messages: Any, tools: Any) -> AsyncIterator[Piece]:
        """Tell a story, and wait; "goodbye" is answered by the end."""
        self.told.append(list(messages))
        if len(self.told) > 1:
            for piece in pieces_of(Use("end_call")):
                yield piece
            return
        try:
            for word in (STORY * 3).split():
                yield {"text": word + " "}
            await asyncio.Event().wait()
        finally:
            self.stopped += 1


def test_a_caller_interrupts_and_the_model_learns_how_far_it_came(tmp_path: Path) -> None:
    model = Narrating()

    @flow
    async def narrated(call: CallControl) -> Any:
        await call.answer()
        return await Conversation(call, model, tools=[Goodbye()]).run()

    lines = (Said(text="tell me a story", at_ms=1_000), Said(text="goodbye", at_ms=8_000))
    with Workbench(tmp_path, speech=Speech(ears=ScriptedEars(*lines))) as bench:
        bench.dial(bench.answer(narrated), flow=caller).wait(120)
        histories = [list(call.wait(60).history) for call in bench.calls]
        bench.check()
    (history,) = (each for each in histories if isinstance(each[0], ev.Offered))
    told = len(model.told)
    assert replay(history, narrated).equal, str(replay(history, narrated))
    assert (len(model.told), model.stopped) == (told, 1)
    assert all_of(history, ev.FlowReturned)[0].value["outcome"] == "goodbye"
    prompts = all_of(history, ev.PromptFinished)
    assert [prompt.outcome for prompt in prompts].count("interrupted") == 1
    asked, answer, then = model.told[-1]
    assert (asked["content"], then["content"]) == ("tell me a story", "goodbye")
    assert answer["content"] == " ".join(prompt.heard for prompt in prompts)
    assert (STORY * 3).startswith(answer["content"])
    assert 3 < len(answer["content"].split()) < len((STORY * 3).split())


def all_of(history: list[ev.Event], kind: type[ev.Event]) -> list[Any]:
    return [event for event in history if isinstance(event, kind)]
