"""The intelligent IVR on a real call: it speaks, is interrupted, and hands over to a person."""

from pathlib import Path
from typing import Any

import pytest

from workbench import CallControl, Speech, Workbench, flow
from workbench import events as ev
from workbench.intelligent_ivr import STAND_IN, ivr
from workbench.replay import replay
from workbench.speech.scripted import Said, ScriptedEars

pytestmark = [pytest.mark.sip, pytest.mark.slow]

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
async def agent(call: CallControl) -> None:
    await call.answer()
    await call.sleep(2)
    await call.hangup()


def test_a_caller_is_answered_and_connected(tmp_path: Path) -> None:
    with Workbench(tmp_path / "agent") as other:
        person = other.answer(agent)
        reception = ivr(STAND_IN, agent=person)
        speech = Speech(ears=ScriptedEars(*SCRIPT))
        with Workbench(tmp_path / "store", speech=speech) as bench:
            bench.dial(bench.answer(reception), flow=caller).wait(120)
            histories = [list(call.wait(60).history) for call in bench.calls]
            bench.check()
        other.check()
    (history,) = (each for each in histories if isinstance(each[0], ev.Offered))
    assert replay(history, reception).equal, str(replay(history, reception))
    (returned,) = all_of(history, ev.FlowReturned)
    assert returned.value["outcome"] == "handed-off"
    said = [event.text for event in all_of(history, ev.PromptRequested)]
    assert "We are here from eight to six, Monday to Friday." in said
    assert said[-1] == "One moment, I connect you."
    (dialled,) = all_of(history, ev.DialFinished)
    assert (dialled.outcome, dialled.seconds > 1) == ("answered", True)
    recorded = [e for each in histories for e in all_of(each, ev.RecordingStored)]
    assert recorded[0].duration_ms > 12_000


def all_of(history: list[ev.Event], kind: type[ev.Event]) -> list[Any]:
    return [event for event in history if isinstance(event, kind)]
