"""Who answered, in the simulation: what is decided, on record, and replayed without ears."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.answering import Thresholds, Verdict
from workbench.answering.afterwards import judge_again
from workbench.answering.greeting import Greeting
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput
from workbench.flow import Flow, flow
from workbench.replay import replay
from workbench.speech.scripted import Line, Said, ScriptedEars, Told
from workbench.views.call_log import call_row

pytestmark = pytest.mark.anyio

LEAVE = Said(at_ms=500, text="please leave a message after the tone")


def tone(name: str, at_ms: int) -> Told:
    fields = {
        "track": "received", "tone": name, "frequency_hz": 1000, "start_ms": at_ms,
        "duration_ms": 400,
    }  # fmt: skip
    return Told(kind=ev.ToneHeard, at_ms=at_ms + 530, fields=fields)


async def story(folder: Path, ours: Flow, *heard: Line) -> list[ev.Event]:
    async with Simulation(folder, ears=ScriptedEars(*heard)) as simulation:
        simulation.engine.far_end("bob", FarEnd())
        simulation.dial("sip:bob@loopback", ours)
        ((*history,),) = await simulation.until_closed()
    assert replay(history, ours).equal, str(replay(history, ours))
    return history


def only(history: list[ev.Event], kind: type[ev.Event]) -> Any:
    (found,) = (event for event in history if isinstance(event, kind))
    return found


@flow
async def asks(call: CallControl) -> list[Any]:
    found = await call.detect_machine()
    return [found.answered_by, found.category, found.human, found.machine]


@flow
async def leaves_a_message(call: CallControl) -> str:
    found = await call.detect_machine(wait_for_beep=True)
    if found.machine:
        await call.play("goodbye.wav")
    return found.answered_by


@pytest.mark.parametrize(
    ("heard", "answered_by", "category"),
    [
        ([Said(at_ms=500, text="Hello?")], "human", "human"),
        ([LEAVE], "machine_start", "machine-vm"),
        ([Said(at_ms=500, text="for sales press one")], "machine_start", "machine-ivr"),
        ([tone("fax-answer", 900)], "fax", "uncertain"),
        ([tone("music", 0)], "unknown", "uncertain"),
        ([], "unknown", "uncertain"),
    ],
)
async def test_the_verdict_is_on_record_and_in_the_call_log(
    tmp_path: Path, heard: list[Line], answered_by: str, category: str
) -> None:
    history = await story(tmp_path, asks, *heard)
    found = only(history, ev.AnswererDetected)
    assert (found.answered_by, found.category) == (answered_by, category)
    assert call_row(history)["answered_by"] == answered_by
    asked = only(history, ev.MachineDetectionRequested)
    assert (asked.detector, asked.thresholds["greeting_ms"]) == ("greeting", 2400)
    assert only(history, ev.FlowReturned).value == [
        answered_by, category, answered_by == "human", answered_by == "machine_start",
    ]  # fmt: skip


async def test_a_person_is_known_within_two_seconds_and_what_was_said(tmp_path: Path) -> None:
    history = await story(tmp_path, asks, Said(at_ms=500, text="Hello?"))
    found = only(history, ev.AnswererDetected)
    assert found.text == "Hello?"
    assert found.decided_ms == pytest.approx(500 + 300 + 800, abs=60)


async def test_a_message_is_left_behind_the_beep(tmp_path: Path) -> None:
    history = await story(tmp_path, leaves_a_message, LEAVE, tone("beep", 4000))
    assert only(history, ev.FlowReturned).value == "machine_end_beep"
    beep, begins = only(history, ev.ToneHeard), only(history, ev.PromptStarted)
    end_ms = beep.start_ms + beep.duration_ms
    assert end_ms < begins.media_ms <= end_ms + 200


async def test_it_stops_listening_only_where_it_began(tmp_path: Path) -> None:
    @flow
    async def listens_itself(call: CallControl) -> str:
        await call.listen()
        return (await call.detect_machine()).answered_by

    history = await story(tmp_path, listens_itself, LEAVE)
    assert only(history, ev.FlowReturned).value == "machine_start"
    assert only(history, ev.ListenRequested)
    assert not [event for event in history if isinstance(event, ev.ListenStopRequested)]
    history = await story(tmp_path / "other", asks, LEAVE)
    assert only(history, ev.ListenStopRequested)


async def test_the_time_is_up(tmp_path: Path) -> None:
    @flow
    async def is_impatient(call: CallControl) -> str:
        return (await call.detect_machine(1, wait_for_beep=True)).answered_by

    long = Said(at_ms=100, text="leave a message " * 10)
    history = await story(tmp_path, is_impatient, long)
    found = only(history, ev.AnswererDetected)
    assert (found.answered_by, found.reason) == ("machine_end_other", "time")
    assert found.decided_ms == pytest.approx(1000, abs=40)


async def test_a_call_that_ends_meanwhile_ends_the_detection(tmp_path: Path) -> None:
    @flow
    async def gives_up(call: CallControl) -> None:
        await call.limit(1)
        await call.detect_machine(initial_silence=5)

    history = await story(tmp_path, gives_up)
    found = only(history, ev.AnswererDetected)
    assert (found.answered_by, found.reason) == ("unknown", "cancelled")


@pytest.mark.parametrize("text", ["Hello?", "This is Tom.", "please leave a message"])
async def test_a_recorded_call_is_judged_again(tmp_path: Path, text: str) -> None:
    history = await story(tmp_path, asks, Said(at_ms=500, text=text))
    found = only(history, ev.AnswererDetected)
    verdict, took_ms = judge_again(history, Greeting)
    assert (verdict.answered_by, verdict.reason) == (found.answered_by, found.reason)
    assert took_ms == pytest.approx(found.decided_ms, abs=40)
    assert judge_again(history, Cynic)[0].answered_by == "machine_start"


async def test_a_call_that_nobody_asked_about_is_not_judged(tmp_path: Path) -> None:
    @flow
    async def does_not_ask(call: CallControl) -> None:
        await call.sleep(1)

    history = await story(tmp_path, does_not_ask)
    with pytest.raises(InvalidInput, match="nobody asked"):
        judge_again(history, Greeting)


async def test_alarms_on_record_are_few(tmp_path: Path) -> None:
    text = "please stay where you are until somebody comes to get you and takes you home"
    history = await story(tmp_path, asks, Said(at_ms=500, text=text))
    timers = [event for event in history if isinstance(event, ev.TimerRequested)]
    partial = [event for event in history if isinstance(event, ev.TranscriptUpdated)]
    assert len(partial) >= 8
    assert len(timers) <= 2


class Cynic:
    """A detector in a few lines: whoever speaks is a machine."""

    name, version = "cynic", "1"

    def __init__(self, thresholds: Thresholds, start_ms: int, *, wait_for_beep: bool) -> None:
        self._wake_ms = start_ms + thresholds.initial_silence_ms

    def hear(self, event: ev.Event | None, now_ms: int) -> Verdict | None:
        speech = isinstance(event, ev.SpeechStarted)
        return self.give_up(now_ms) if speech or now_ms >= self._wake_ms else None

    def wake_ms(self) -> int | None:
        return self._wake_ms

    def give_up(self, now_ms: int) -> Verdict:
        return Verdict(answered_by="machine_start", category="uncertain", reason="words")


async def test_another_detector_decides_and_is_named(tmp_path: Path) -> None:
    @flow
    async def is_cynical(call: CallControl) -> str:
        return (await call.detect_machine(detector=Cynic, initial_silence=2)).answered_by

    history = await story(tmp_path, is_cynical, Said(at_ms=500, text="Hello?"))
    assert only(history, ev.MachineDetectionRequested).detector == "cynic"
    assert only(history, ev.AnswererDetected).decided_ms < 800


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timeout": 0}, "timeout"),
        ({"detector": "crystal-ball"}, "greeting, word-count"),
        ({"detector": object()}, "greeting, word-count"),
        ({"gretting": 2}, "after_greeting_silence"),
        ({"greeting": -1}, "above 0"),
    ],
)
async def test_what_cannot_be_asked(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    @flow
    async def asks_wrongly(call: CallControl) -> str:
        with pytest.raises(InvalidInput, match=message):
            await call.detect_machine(**arguments)
        return "refused"

    history = await story(tmp_path, asks_wrongly)
    assert only(history, ev.FlowReturned).value == "refused"
    assert not [event for event in history if isinstance(event, ev.MachineDetectionRequested)]
