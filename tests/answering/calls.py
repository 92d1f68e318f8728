"""Answered calls whose answerer is known, made of the shipped greetings; how they are judged.

A call is silence, a greeting, and what follows it: silence, or a pause and a beep. Lengths and
beeps are by seed; all goes through G.711.
"""

import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import soundfile

from tests.speech.noises import (
    RATE,
    Samples,
    Sound,
    cadence,
    hold_music,
    mixed,
    pink,
    ringback,
    silence,
    sine,
)
from tests.speech.sets import HERE, lines_of, read
from workbench import events as ev
from workbench.clock import EPOCH
from workbench.speech.ears import Finding

GREETINGS = HERE / "greetings"
TAIL_MS = 4000


class AnsweredCall(NamedTuple):
    """What a caller hears, and what is true of it."""

    name: str
    answered_by: str
    """`human`, `machine`, `fax` or `unknown`."""
    category: str
    samples: Samples
    speech_ms: int
    """Where the greeting begins."""
    beep_end_ms: int = 0
    """Where the beep ends, if there is one."""
    voice: str = ""


def greeted(listing: str = "greetings.jsonl") -> Iterator[AnsweredCall]:
    """Give a call for each greeting of a list that is speech."""
    for row in lines_of(GREETINGS / listing):
        if row["answered_by"] != "music":
            yield _greeted(row)


def _greeted(row: dict[str, str]) -> AnsweredCall:
    random = np.random.default_rng(zlib.crc32(row["file"].encode()))
    category = row["answered_by"]
    speech_ms = int(random.integers(300, 1200))
    sound = np.concatenate([silence(speech_ms), read(GREETINGS / row["file"])])
    beep_end_ms = 0
    if category == "machine-vm":
        pause, length = int(random.integers(300, 1500)), int(random.integers(200, 1000))
        beep = sine((float(random.choice([440, 620, 800, 1000, 1400])),), length, 5000)
        sound = np.concatenate([sound, silence(pause), beep])
        beep_end_ms = len(sound) * 1000 // RATE
    return AnsweredCall(
        name=row["file"], answered_by="human" if category == "human" else "machine",
        category=category, samples=line(sound, row["file"]), speech_ms=speech_ms,
        beep_end_ms=beep_end_ms, voice=row["voice"],
    )  # fmt: skip


def speechless() -> Iterator[AnsweredCall]:
    """Give calls that nobody speaks in: faxes, music, tones of networks, silence."""
    calling = cadence(*[((1100.0,), 500), ((), 3000)] * 2)
    sounds: dict[str, tuple[str, Sound]] = {
        "fax-calling": ("fax", np.concatenate([silence(700), calling])),
        "fax-answer": ("fax", np.concatenate([silence(900), sine((2100.0,), 3300)])),
        "silence": ("unknown", silence(6000)),
        "busy": ("unknown", cadence(*[((480.0, 620.0), 500), ((), 500)] * 6)),
        "ringback": ("unknown", ringback(12)),
        "music-by-seed": ("unknown", hold_music(8, 1500, 1)),
    }
    for row in lines_of(GREETINGS / "greetings.jsonl"):
        if row["answered_by"] == "music":
            music = read(GREETINGS / row["file"]).astype(np.float64)
            sounds[row["file"]] = ("unknown", music)
    for name, (answered_by, sound) in sounds.items():
        yield AnsweredCall(name, answered_by, "uncertain", line(sound, name), 0)


def line(sound: Sound, seed: str) -> Samples:
    """Return a sound, and the silence behind it, as a telephone line gives it."""
    whole = np.concatenate([sound, silence(TAIL_MS)])
    random = np.random.default_rng(zlib.crc32(seed.encode()))
    hiss = pink(len(whole) / RATE, float(random.uniform(5, 40)), int(random.integers(1 << 30)))
    return through_g711(mixed(whole, hiss))


def through_g711(samples: Samples) -> Samples:
    """Return samples as they are behind an encoder and a decoder of PCMU."""
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="RAW", subtype="ULAW")
    file.seek(0)
    decoded, _ = soundfile.read(
        file, dtype="int16", samplerate=RATE, channels=1, format="RAW", subtype="ULAW"
    )
    return np.asarray(decoded)


def events(findings: Iterable[Finding]) -> Iterator[tuple[int, ev.Event]]:
    """Give what was found as events, each with its moment."""
    for finding in sorted(findings, key=lambda each: each.media_ms):
        kind: Any = finding.kind
        place = {"call_id": "CA", "version": 1, "at": EPOCH, "listening": "listening-1"}
        yield finding.media_ms, kind(**place, **finding.fields)
