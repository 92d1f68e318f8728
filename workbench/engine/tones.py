"""Keys as pairs of tones (ITU-T Q.23): made of frames, and found in them (Q.24).

Found is what lasts 40 ms: both tones above all others of their group, and together most of
the sound, so that speech is no key.
"""

import math
from array import array
from collections.abc import Iterator
from typing import Any

from workbench.engine.settings import CLOCK_RATE, FRAME_MS

ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
AMPLITUDE = 4600
"""Of one tone: -14 dB of full scale, about -8 dBm0, as telephones send it."""
FADE = 16
"""Samples at either end, so that nothing clicks."""
FRAME = CLOCK_RATE * FRAME_MS // 1000

WINDOW, HOP = 160, 80
HITS = 3
"""Windows in a row that make a key, or end it: 40 ms of a tone, 30 ms of its absence."""
SHARE = 0.6
"""Of the window's energy, that the two tones must have."""
DOMINANCE = 4.0
"""How much stronger a tone must be than the next of its group: 6 dB."""
TWIST = 6.3
"""How much stronger one group may be than the other: 8 dB, as Q.24 has for receivers."""
QUIET = 1.0e-5
"""Mean square below which a window is silence: -50 dB of full scale."""


def tone(key: str, milliseconds: int) -> Iterator[bytes]:
    """Give the frames of a key that is pressed so long; the last one is filled up."""
    row, column = next(
        (ROWS[at], COLUMNS[line.index(key)]) for at, line in enumerate(KEYS) if key in line
    )
    length = CLOCK_RATE * milliseconds // 1000
    turns = [2 * math.pi * frequency / CLOCK_RATE for frequency in (row, column)]
    for start in range(0, length, FRAME):
        yield array(
            "h",
            (
                round(_loudness(at, length) * sum(math.sin(turn * at) for turn in turns))
                for at in range(start, start + FRAME)
            ),
        ).tobytes()


def _loudness(at: int, length: int) -> float:
    edge = min(at, length - 1 - at)
    return 0.0 if edge < 0 else AMPLITUDE * min(1.0, edge / FADE)


class Detector:
    """Hears frames, tells of keys."""

    def __init__(self) -> None:
        """Begin in silence."""
        import numpy as np  # noqa: PLC0415 - a worker needs it for this alone

        self._np = np
        at = np.arange(WINDOW)
        angles = 2 * np.pi * np.outer([*ROWS, *COLUMNS], at) / CLOCK_RATE
        self._waves = np.exp(-1j * angles)
        self._rest: Any = np.zeros(0)
        self._key = self._candidate = ""
        self._hits = self._windows = 0

    def hear(self, frame: bytes) -> Iterator[tuple[str, int | None]]:
        """Take a frame; give each key that begins with None, and each that ends with its ms."""
        samples = self._np.frombuffer(frame, "<i2") / 32768
        self._rest = self._np.concatenate([self._rest, samples])
        while len(self._rest) >= WINDOW:
            yield from self._follow(self._find(self._rest[:WINDOW]))
            self._rest = self._rest[HOP:]

    def _follow(self, found: str) -> Iterator[tuple[str, int | None]]:
        self._windows += 1
        if found == self._key:
            self._hits = 0
            return
        self._hits = self._hits + 1 if found == self._candidate else 1
        self._candidate = found
        if self._hits < HITS:
            return
        hop_ms = HOP * 1000 // CLOCK_RATE
        if self._key:
            yield self._key, (self._windows - HITS) * hop_ms
        self._key, self._hits, self._windows = found, 0, HITS
        if found:
            yield found, None

    def _find(self, window: Any) -> str:
        energy = float(window @ window)
        if energy / WINDOW < QUIET:
            return ""
        powers = abs(self._waves @ window) ** 2 * 2 / WINDOW / energy
        (row, high), (column, low) = _strongest(powers[:4]), _strongest(powers[4:])
        if row < 0 or column < 0 or high + low < SHARE:
            return ""
        return KEYS[row][column] if 1 / TWIST < high / low < TWIST else ""


def _strongest(powers: Any) -> tuple[int, float]:
    """Return which tone of a group stands out, -1 when none does, and its share."""
    at = int(powers.argmax())
    second = max(float(power) for index, power in enumerate(powers) if index != at)
    strongest = float(powers[at])
    return (at if strongest > DOMINANCE * second else -1), strongest
