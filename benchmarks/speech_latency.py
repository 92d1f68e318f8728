"""From the first and last sound of an utterance to its words on record, with 1, 4 and 8 calls.

Two calls of ours over real SIP for each: one plays recorded speech, the other listens. Where
the sound begins and ends is seen in the recording at the listening end, by sample; when the
words came is the time of their event. What recognition costs is the processor time of the
processes that listen.
"""

import logging
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks import Ratio
from workbench import CallControl, CallHandle, Speech, Workbench, flow
from workbench import events as ev
from workbench.speech.listeners import Listeners

CALLS = (1, 4, 8)
RATE = 8000
LOUD = 300 / 32768
"""Above this there is sound: a voiced frame, not the codec's noise."""
FIRST_MS, FINAL_MS, FINAL_90_MS = 700.0, 900.0, 1200.0
SPEECH = ("agent-pass", "conf-full", "priv-recordintro", "transfer", "vm-delete", "vm-opts")
"""Real voices of tests/speech/prompts."""
Samples = npt.NDArray[np.float64]


@flow
async def hear(call: CallControl) -> None:
    """Listen until the caller has gone."""
    await call.answer()
    await call.record()
    await call.listen()
    await call.send_digits("1")
    await call.sleep(600)


@flow
async def speak(call: CallControl) -> None:
    """Say one thing after another."""
    await call.gather(1, timeout=60)
    for name in SPEECH:
        await call.sleep(1.0 + call.random.random())
        await call.play(f"{name}.wav")
    await call.sleep(2)


def measure() -> list[Ratio]:
    """Let so many callers speak at once, again and again."""
    logging.getLogger("workbench").setLevel(logging.ERROR)
    return [ratio for calls in CALLS for ratio in measured(calls)]


def measured(calls: int) -> list[Ratio]:
    """Measure with so many calls that are listened to."""
    with tempfile.TemporaryDirectory() as folder:
        write_sounds(Path(folder))
        ears = Listeners(Speech())
        with Workbench(
            Path(folder) / "store", sounds=[folder], speech=Speech(ears=ears, early=True)
        ) as bench:
            address = bench.answer(hear)
            placed = [bench.dial(address, flow=speak) for _ in range(calls)]
            for call in placed:
                call.wait_answered(60)
            spent = cpu_seconds(ears)
            for call in placed:
                call.wait(300)
            spent = cpu_seconds(ears) - spent
            heard = [call.wait(120) for call in bench.calls if call.id not in _ids(placed)]
            bench.check()
            return ratios(heard, spent)


def _ids(placed: list[CallHandle]) -> set[str]:
    return {call.id for call in placed}


def cpu_seconds(ears: Listeners) -> float:
    """Return what the processes that listen have used so far."""
    ticks = 0
    for pid in ears.pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def ratios(heard: list[CallHandle], spent: float) -> list[Ratio]:
    """Lay out what was measured."""
    pairs = [times for call in heard for times in latencies(call)]
    first = [first for first, _ in pairs if first is not None]
    final = [final for _, final in pairs]
    seconds = sum(call.audio()[0].shape[0] / RATE for call in heard)
    one, of = len(heard) == 1, f"of {len(pairs)} utterances, {len(heard)} calls, in ms"
    return [
        _ratio("first partial, median", np.median(first), FIRST_MS if one else None, of),
        _ratio("final, median", np.median(final), FINAL_MS if one else None, of),
        _ratio("final, 90 %", np.percentile(final, 90), FINAL_90_MS if one else None, of),
        _ratio("cores a call", spent / seconds, None, f"of {len(heard)} calls"),
    ]


def _ratio(name: str, value: float, goal: float | None, of: str) -> Ratio:
    return Ratio(name=name, value=float(value), goal=goal, higher_is_better=False, detail=of)


def latencies(call: CallHandle) -> list[tuple[float | None, float]]:
    """Return for each utterance the milliseconds to its first words, and to its last."""
    (stored,) = (event for event in call.history if isinstance(event, ev.RecordingStored))
    received = np.abs(call.audio()[0][:, 0].astype(np.float64))
    sounds = spans(received > LOUD, stored.start_media_ms)
    found = []
    for event in call.history:
        if isinstance(event, ev.TranscriptFinal) and event.media_ms is not None:
            begin, end = around(sounds, event)
            partial = next((e.media_ms for e in call.history if isinstance(
                e, ev.TranscriptUpdated) and e.utterance == event.utterance), None)  # fmt: skip
            found.append((None if partial is None else partial - begin, event.media_ms - end))
    return found


def spans(loud: npt.NDArray[np.bool_], start_ms: int) -> list[tuple[float, float]]:
    """Return where sound begins and ends on the audio clock, with pauses of 400 ms between."""
    at = np.flatnonzero(loud)
    edges = [0, *(np.flatnonzero(np.diff(at) > 0.4 * RATE) + 1), len(at)]
    return [
        (start_ms + at[first] / 8, start_ms + at[last - 1] / 8)
        for first, last in pairwise(edges)
        if last > first
    ]


def around(sounds: list[tuple[float, float]], final: ev.TranscriptFinal) -> tuple[float, float]:
    """Return the begin of the first sound and the end of the last that an utterance has."""
    own = [
        (begin, end) for begin, end in sounds
        if end > final.start_ms - 200 and begin < final.end_ms + 100
    ]  # fmt: skip
    return (own[0][0], own[-1][1]) if own else (final.start_ms, final.end_ms)


def write_sounds(folder: Path) -> None:
    """Write what is said as telephones have it."""
    prompts = Path(__file__).parents[1] / "tests" / "speech" / "prompts"
    for name in SPEECH:
        samples, rate = soundfile.read(prompts / f"{name}.flac")
        soundfile.write(folder / f"{name}.wav", samples, rate)
