"""Real calls that are listened to: recorded speech over G.711, words on record meanwhile.

The caller plays prompts whose every word is known; the one that is called listens.
"""

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.speech.sets import Prompt, prompts, word_errors
from workbench import CallControl, CallHandle, Speech, Workbench, flow
from workbench import events as ev
from workbench.engine.pool import Pool
from workbench.replay import replay
from workbench.speech.listeners import Listeners
from workbench.speech.moonshine import MoonshineRecognizer

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]

SPOKEN = prompts()[:12]
PAUSE_S = 1.5
SHORT = prompts()[3]


@flow
async def attentive(call: CallControl) -> None:
    await call.answer()
    await call.record()
    await call.listen()
    await call.send_digits("1")
    await call.sleep(300)


@flow
async def speaker(call: CallControl) -> None:
    await call.gather(1, timeout=60)
    for name in call.headers["X-Prompts"].split():
        await call.play(name)
        await call.sleep(PAUSE_S)


def sounds(folder: Path) -> Path:
    for prompt in SPOKEN:
        soundfile.write(folder / f"{prompt.name}.wav", prompt.samples, 8000)
    return folder


def names(spoken: list[Prompt]) -> dict[str, str]:
    return {"X-Prompts": " ".join(f"{prompt.name}.wav" for prompt in spoken)}


def taken(bench: Workbench, placed: CallHandle) -> CallHandle:
    (other,) = (call for call in bench.calls if call.id != placed.id)
    return other.wait(120)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> CallHandle:
    folder = tmp_path_factory.mktemp("listened")
    with Workbench(folder / "store", sounds=sounds(folder), speech=Speech(early=True)) as bench:
        placed = bench.dial(bench.answer(attentive), flow=speaker, headers=names(SPOKEN))
        call = taken(bench, placed.wait(180))
        bench.check()
    return Workbench(folder / "store", read_only=True).call(call.id)


def error_rate(said: list[str], heard: list[str]) -> float:
    counts = [word_errors(" ".join(said), " ".join(heard))]
    return sum(wrong for wrong, _ in counts) / sum(words for _, words in counts)


def test_the_words_are_as_right_as_those_of_the_recogniser_offline(heard: CallHandle) -> None:
    said = [prompt.text for prompt in SPOKEN]
    live = error_rate(said, [heard.transcript.text("received")])
    samples, _ = heard.audio()
    recognizer = MoonshineRecognizer()
    offline = []
    for first, last in _groups(heard):
        part = samples[first:last, 0]
        offline.append(recognizer.recognize(soxr.resample(part, 8000, 16000)).text)
    assert live <= error_rate(said, offline) + 0.02, (live, offline)


def _groups(heard: CallHandle) -> list[tuple[int, int]]:
    """Return the samples of each prompt: what lies between two pauses of more than a second."""
    (stored,) = (e for e in heard.history if isinstance(e, ev.RecordingStored))
    spans: list[list[int]] = []
    for line in heard.transcript:
        assert line.end_ms is not None
        if spans and line.start_ms - spans[-1][1] < 1000:
            spans[-1][1] = line.end_ms
        else:
            spans.append([line.start_ms, line.end_ms])
    begin = stored.start_media_ms
    return [(8 * (a - 300 - begin), 8 * (b + 300 - begin)) for a, b in spans]


def test_the_words_are_on_record_while_the_call_runs(heard: CallHandle) -> None:
    finals = [e for e in heard.history if isinstance(e, ev.TranscriptFinal)]
    assert heard.ended is not None
    assert sum(final.version < heard.ended.version for final in finals) >= len(SPOKEN) - 1
    updates = [e for e in heard.history if isinstance(e, ev.TranscriptUpdated)]
    assert {e.utterance for e in updates} & {final.utterance for final in finals}
    assert finals[0].provider == "moonshine/tiny-en"


def test_the_call_replays_without_any_model(heard: CallHandle) -> None:
    assert replay(heard.history, attentive).equal


def test_the_recording_gives_the_same_findings_twice(heard: CallHandle) -> None:
    (first,), (second,) = heard.listen_again(), heard.listen_again()
    assert first == second
    said = [prompt.text for prompt in SPOKEN]
    assert error_rate(said, first.texts) <= error_rate(said, first.recorded_texts) + 0.02
    starts = [f.fields["start_ms"] for f in first.findings if f.kind is ev.TranscriptFinal]
    then = [final.start_ms for final in first.recorded]
    assert np.abs(np.subtract(starts, then)).max() <= 60, (starts, then)


def test_a_call_whose_listener_is_killed_goes_on_and_is_heard_again(tmp_path: Path) -> None:
    ears = Listeners(Speech())
    spoken = threading.Event()
    with Workbench(
        tmp_path / "store", engine=Pool(), sounds=sounds(tmp_path), speech=Speech(ears=ears)
    ) as bench:

        def kill(event: ev.Event) -> None:
            if isinstance(event, ev.SpeechStarted) and not spoken.is_set():
                spoken.set()
                os.kill(ears.pids[0], signal.SIGKILL)

        address = bench.answer(attentive)
        bench.subscribe(kill)
        placed = bench.dial(address, flow=speaker, headers=names([SHORT] * 8))
        call = taken(bench, placed.wait(180))
        bench.check()
        history, status = call.history, call.status
    failed = [e for e in history if isinstance(e, ev.RecognitionFailed)]
    assert [(e.utterance, e.error_type) for e in failed] == [("u-1", "ListenerLost")]
    assert "signal 9" in failed[0].error
    finals = [e for e in history if isinstance(e, ev.TranscriptFinal)]
    assert error_rate([SHORT.text], [finals[-1].text]) < 0.5
    assert status == "completed"
    assert replay(history, attentive).equal
