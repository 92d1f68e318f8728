"""The waveform of a call: the lowest and the highest sample of each stretch, as int8.

Of a call that goes on it is collected from the raw audio, of one that is over it is read
from its recording. Either way a stretch has its place by its number alone.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from workbench.errors import InvalidAudio
from workbench.feed import AudioFrame
from workbench.recording import BLOCK_FRAMES

PAIR_MS = 60
"""Milliseconds of a live call that one pair stands for: three frames, 17 pairs a second."""
FINEST_MS = 10
"""Of a recording: a hundred pairs a second."""
MOST_PAIRS = 36_000
"""Of one recording: an hour has ten pairs a second."""

DIRECTIONS = ("received", "sent")
"""The channels of a recording."""

Pairs = npt.NDArray[np.int8]
"""Shape (stretches, 2, 2): received and sent, each with its lowest and highest sample / 256."""


class Peaks:
    """Collects the waveform of a call that goes on."""

    def __init__(self) -> None:
        """Begin with silence."""
        self._pairs: Pairs = np.zeros((1024, 2, 2), np.int8)
        self._length = 0

    def __len__(self) -> int:
        """Return how many pairs there are; the last may still grow."""
        return self._length

    def add(self, frame: AudioFrame) -> None:
        """Take 20 ms of audio; what was lost before it stays silent."""
        number = frame.media_ms // PAIR_MS
        self._grow(number + 1)
        for direction, samples in enumerate((frame.received, frame.sent)):
            if len(samples):
                low, high = self._pairs[number, direction]
                self._pairs[number, direction] = (
                    min(low, int(samples.min()) >> 8), max(high, int(samples.max()) >> 8),
                )  # fmt: skip

    def _grow(self, length: int) -> None:
        while length > len(self._pairs):
            self._pairs = np.concatenate([self._pairs, np.zeros_like(self._pairs)])
        self._length = max(self._length, length)

    def since(self, first: int) -> Pairs:
        """Return the pairs from a number on."""
        return self._pairs[first : self._length].copy()


def recording_pairs(path: Path) -> tuple[float, Pairs]:
    """Return the milliseconds that a pair of a recording stands for, and its pairs.

    A pair is of at least `FINEST_MS`, and as long as it takes to have no more than
    `MOST_PAIRS` of them. An hour of audio is read in blocks.

    Raises:
        InvalidAudio: it has other than two channels.
        OSError, soundfile.LibsndfileError: it cannot be read.
    """
    with soundfile.SoundFile(path) as sound:
        if sound.channels != len(DIRECTIONS):
            message = f"The recording {path} has {sound.channels} channels instead of two."
            raise InvalidAudio(message)
        finest = round(sound.samplerate * FINEST_MS / 1000)
        step = finest * max(1, -(-sound.frames // (finest * MOST_PAIRS)))
        blocks = sound.blocks(
            max(1, BLOCK_FRAMES // step) * step, dtype="int16", always_2d=True
        )
        parts = [_pairs(block, step) for block in blocks]
        empty: Pairs = np.zeros((0, 2, 2), np.int8)
        return step * 1000 / sound.samplerate, np.concatenate([empty, *parts])


def _pairs(block: npt.NDArray[np.int16], step: int) -> Pairs:
    starts = np.arange(0, len(block), step)
    low, high = np.minimum.reduceat(block, starts), np.maximum.reduceat(block, starts)
    return (np.stack([low, high], axis=-1) >> 8).astype(np.int8)
