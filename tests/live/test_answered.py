"""Real calls that machines and people answer: told apart, and replayed without a model."""

from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.answering.calls import AnsweredCall, greeted, speechless
from workbench import Answerer, CallControl, Workbench, flow
from workbench import events as ev
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]

CHOSEN = {
    "human-00-hello-hibari.flac": "human",
    "human-12-hey-what-s-up-joe.flac": "human",
    "vm-24-hi-this-is-peter-joe.flac": "machine_end_beep",
    "ivr-real-queue-periodic-announce.flac": "machine_end_silence",
    "unavailable-real-ss-noservice.flac": "machine_end_silence",
    "fax-answer": "fax",
    "busy": "unknown",
}


@flow
async def answers(call: CallControl) -> None:
    await call.answer()
    await call.play(f"{call.headers['X-Greeting']}.wav")
    await call.sleep(60)


@flow
async def asks(call: CallControl) -> Any:
    answerer: Answerer = await call.detect_machine(wait_for_beep=True)
    return answerer.answered_by


def played(folder: Path) -> dict[str, AnsweredCall]:
    calls = {call.name: call for call in (*greeted(), *speechless()) if call.name in CHOSEN}
    for name, call in calls.items():
        soundfile.write(folder / f"{name}.wav", call.samples, 8000)
    return calls


def test_who_answers_is_found_out_on_real_calls(tmp_path: Path) -> None:
    calls = played(tmp_path)
    assert calls.keys() == CHOSEN.keys()
    with Workbench(tmp_path / "store", sounds=tmp_path) as bench:
        address = bench.answer(answers)
        for name, expected in CHOSEN.items():
            placed = bench.dial(address, flow=asks, headers={"X-Greeting": name}).wait(60)
            found = only(placed.history, ev.AnswererDetected)
            assert found.answered_by == expected, (name, found)
            assert replay(placed.history, asks).equal
            if expected == "machine_end_beep":
                assert_met(placed.history, calls[name])
        frame = bench.frames.calls()
        assert set(frame["answered_by"].dropna()) == set(CHOSEN.values())
        bench.check()


def assert_met(history: Any, call: AnsweredCall) -> None:
    """The beep lies in the call where it was put, as far from the first word."""
    beep, speech = only(history, ev.ToneHeard), first(history, ev.SpeechStarted)
    apart_ms = beep.start_ms + beep.duration_ms - speech.start_ms
    assert apart_ms == pytest.approx(call.beep_end_ms - call.speech_ms, abs=150)


def first(history: Any, kind: type[ev.Event]) -> Any:
    return next(event for event in history if isinstance(event, kind))


def only(history: Any, kind: type[ev.Event]) -> Any:
    (found,) = (event for event in history if isinstance(event, kind))
    return found
