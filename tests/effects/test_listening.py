"""Listening in the simulation, with ears that have a script: what is on record."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.flow import Flow, flow
from workbench.redaction import Redaction
from workbench.replay import replay
from workbench.speech.ears import Ears
from workbench.speech.scripted import Line, Said, ScriptedEars, Told

pytestmark = pytest.mark.anyio

HELLO = Said(at_ms=400, text="hello my name is Ann")
NOISE = {
    "track": "received", "tone": "beep", "frequency_hz": 1400, "start_ms": 300,
    "duration_ms": 200,
}  # fmt: skip


async def story(folder: Path, ours: Flow, ears: Ears | None, **script: Any) -> list[ev.Event]:
    async with Simulation(folder, inbound=ours, ears=ears) as simulation:
        simulation.engine.offer(FarEnd(**script))
        ((*history,),) = await simulation.until_closed()
    assert replay(history, ours).equal, str(replay(history, ours))
    return history


def kinds(history: list[ev.Event]) -> list[str]:
    told = [event for event in history if event.KIND is not ev.Kind.NOTED]
    topics = [event.TOPIC.removeprefix("call.") for event in told]
    return topics[topics.index("listen_requested") :]


def only(history: list[ev.Event], kind: type[ev.Event]) -> Any:
    (found,) = (event for event in history if isinstance(event, kind))
    return found


@flow
async def listens(call: CallControl) -> list[str]:
    await call.answer()
    name = await call.listen(hints=["Ann"], silence_ms=700)
    known = list(call._desk.call.listening)
    await call.sleep(5)
    await call.stop_listening()
    return [name, *known, *call._desk.call.listening]


async def test_what_is_heard_is_on_record_in_order(tmp_path: Path) -> None:
    ears = ScriptedEars(HELLO)
    history = await story(tmp_path, listens, ears)
    heard = kinds(history)
    assert [kind for kind in heard if kind not in ("timer_requested", "timer_fired")] == [
        "listen_requested", "listening_started", "speech_started",
        *["transcript_updated"] * 4, "speech_ended", "transcript_final", "turn_ended",
        "listen_stop_requested", "listening_finished", "flow_returned", "hangup_requested",
        "ended",
    ]  # fmt: skip
    final, turn = only(history, ev.TranscriptFinal), only(history, ev.TurnEnded)
    began = only(history, ev.ListeningStarted).from_ms
    assert (final.text, final.utterance, final.track) == (HELLO.text, "u-1", "received")
    assert (final.start_ms - began, final.end_ms - began) == (400, 1900)
    assert turn.utterances == ("u-1",)
    assert ears.orders[0].hints == ("Ann",)
    assert only(history, ev.FlowReturned).value == ["listening-1", "listening-1"]


async def test_what_is_noticed_lies_where_it_was_noticed(tmp_path: Path) -> None:
    history = await story(tmp_path, listens, ScriptedEars(HELLO))
    started, ended = only(history, ev.SpeechStarted), only(history, ev.SpeechEnded)
    assert started.media_ms - started.start_ms == HELLO.noticed_ms
    assert ended.media_ms - ended.end_ms == 700


@flow
async def listens_twice(call: CallControl) -> None:
    await call.answer()
    await call.listen()
    await call.listen("both")
    await call.sleep(60)


async def test_utterances_have_one_name_each_in_a_call(tmp_path: Path) -> None:
    script: list[Line] = [HELLO, Told(kind=ev.ToneHeard, at_ms=500, fields=NOISE)]
    history = await story(tmp_path, listens_twice, ScriptedEars(*script), hangs_up_after_s=4)
    finals = [event for event in history if isinstance(event, ev.TranscriptFinal)]
    assert [(e.listening, e.utterance) for e in finals] == [
        ("listening-1", "u-1"), ("listening-2", "u-2"),
    ]  # fmt: skip
    ends = [event for event in history if isinstance(event, ev.ListeningFinished)]
    assert [(e.listening, e.reason) for e in ends] == [("listening-1", ""), ("listening-2", "")]
    assert len([event for event in history if isinstance(event, ev.ToneHeard)]) == 2


class DeafEars(ScriptedEars):
    def begin(self, order: Any, tell: Any) -> Any:
        raise InvalidInput("there is no recogniser called 'x'")


@flow
async def refused(call: CallControl) -> list[str]:
    told = []
    await call.answer()
    attempts: list[dict[str, Any]] = [
        {"recognizer": "x"}, {"direction": "inwards"}, {"hints": "one"}, {"silence_ms": 5},
        {"recognizer": 5},
    ]  # fmt: skip
    for options in attempts:
        try:
            await call.listen(**options)
        except (InvalidInput, NotAllowedNow) as error:
            told.append(f"{type(error).__name__}: {error}")
    return told


async def test_what_cannot_be_listened_by_is_refused(tmp_path: Path) -> None:
    history = await story(tmp_path, refused, DeafEars())
    told = only(history, ev.FlowReturned).value
    assert told[0].startswith("NotAllowedNow: Call ")
    assert "no recogniser called 'x'" in told[0]
    assert ["'inwards'" in told[1], "hints" in told[2], "silence_ms" in told[3]] == [True] * 3
    assert only(history, ev.ListeningFinished).reason == "there is no recogniser called 'x'"


async def test_nothing_is_stored_of_what_is_taken_out(tmp_path: Path) -> None:
    async with Simulation(tmp_path, inbound=listens, ears=ScriptedEars(HELLO)) as simulation:
        simulation.effects.redaction = Redaction(names=("Ann",))
        simulation.engine.offer(FarEnd())
        ((*history,),) = await simulation.until_closed()
    assert only(history, ev.TranscriptFinal).text == "hello my name is [name]"
    assert only(history, ev.TurnEnded).text == "hello my name is [name]"
    assert "[name]" in only(history, ev.ListeningStarted).labels
    assert "Ann" not in str([e for e in history if not isinstance(e, ev.ListenRequested)])


async def test_a_call_that_ends_at_once_has_the_end_of_its_listening(tmp_path: Path) -> None:
    history = await story(tmp_path, listens, ScriptedEars(HELLO), hangs_up_after_s=0.0)
    assert {"listen_requested", "listening_finished", "ended"} <= set(kinds(history))
