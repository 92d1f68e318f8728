"""Speech at known places in sounds of the line: a labelled set made by seed, and its measures.

Ten prompts of a person, with pauses between them, for each sound. Where speech is, is known
from the prompts alone, before anything is mixed in: from their first frame above -40 dB of
their loudest to the last one.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tests.answering.calls import through_g711
from tests.speech.noises import (
    FRAME,
    RATE,
    Samples,
    Sound,
    digits,
    hold_music,
    keyboard,
    mixed,
    pink,
    ringback,
    silence,
)
from tests.speech.sets import prompts

FRAME_MS = 20
PROMPTS = 10
LOUDNESS = 2000.0
"""Of speech, root mean square: -24 dB of full scale."""
FLOOR = 0.01
"""Of the loudest frame's level, above which a frame of a prompt is speech: -40 dB."""

Span = tuple[int, int]
"""Milliseconds from and to."""


class Noisy(NamedTuple):
    """A recording, and where in it somebody speaks."""

    name: str
    samples: Samples
    spoken: list[Span]

    @property
    def labels(self) -> npt.NDArray[np.bool_]:
        """Whether each frame is within speech."""
        return within(self.spoken, len(self.samples) // FRAME)


class Errors(NamedTuple):
    """How a detector's spans differ from the truth."""

    missed: float
    """Of the frames of speech, per cent."""
    false: float
    """Of the other frames, per cent."""
    late_ms: list[int]
    """Of the beginnings: after the truth, or before it."""
    long_ms: list[int]
    """Of the ends."""
    lost: int
    """Spans of speech in which nothing was found."""


SOUNDS: dict[str, Callable[[float, int], Sound]] = {
    "clean": lambda seconds, seed: pink(seconds, 5, seed),
    "pink noise, 10 dB": lambda seconds, seed: pink(seconds, LOUDNESS / 3.16, seed),
    "keyboard": lambda seconds, seed: keyboard(seconds, 3000, seed),
    "hold music, 10 dB": lambda seconds, seed: hold_music(seconds, LOUDNESS / 3.16, seed),
    "ringback": lambda seconds, _seed: ringback(seconds) / 8,
    "digits": lambda seconds, seed: digits(seconds, seed) / 2,
}
"""What lies under the speech and between it; tones are as loud as they are behind a bridge."""


def noisy(name: str, seed: int = 1) -> Noisy:
    """Return the recording with this sound."""
    random = np.random.default_rng(seed)
    known = prompts()
    parts: list[Sound] = []
    spoken: list[Span] = []
    for at in random.choice(len(known), PROMPTS, replace=False):
        parts.append(silence(int(random.integers(75, 150)) * FRAME_MS))
        begin_ms = sum(map(len, parts)) * 1000 // RATE
        speech = known[int(at)].samples.astype(np.float64)
        first, last = _speech(speech)
        parts.append(speech * LOUDNESS / np.sqrt(np.mean(speech**2)))
        spoken.append((begin_ms + first, begin_ms + last))
    whole = np.concatenate([*parts, silence(1500)])
    whole = whole[: len(whole) // FRAME * FRAME]
    sound = SOUNDS[name](len(whole) / RATE, seed)
    return Noisy(name, through_g711(mixed(whole, sound)), spoken)


def _speech(samples: Sound) -> Span:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    levels = np.sqrt(np.mean(frames**2, axis=1))
    loud = np.flatnonzero(levels > FLOOR * levels.max())
    return int(loud[0]) * FRAME_MS, int(loud[-1] + 1) * FRAME_MS


def within(spans: Iterable[Span], frames: int) -> npt.NDArray[np.bool_]:
    """Return which frames lie within spans."""
    labels = np.zeros(frames, dtype=np.bool_)
    for begin, end in spans:
        labels[begin // FRAME_MS : max(0, end) // FRAME_MS] = True
    return labels


def compare(truth: Noisy, found: list[Span]) -> Errors:
    """Hold what was found against what is true.

    A beginning counts for the first span that meets the speech, an end for the last.
    """
    labels, heard = truth.labels, within(found, len(truth.labels))
    late, long, lost = [], [], 0
    for begin, end in truth.spoken:
        meeting = [span for span in found if span[0] < end and span[1] > begin]
        if not meeting:
            lost += 1
            continue
        late.append(meeting[0][0] - begin)
        long.append(meeting[-1][1] - end)
    return Errors(
        missed=100 * float(np.mean(~heard[labels])),
        false=100 * float(np.mean(heard[~labels])),
        late_ms=late, long_ms=long, lost=lost,
    )  # fmt: skip
