"""What of a sound is one steady tone, or one of the known pairs of them.

A window is compared with sinusoids by least squares: what share of its energy they explain.
"""

import math

import numpy as np
import numpy.typing as npt

RATE = 8000
FRAME = 160
"""Samples of 20 ms."""
WINDOW = 2 * FRAME
LOWEST_HZ, HIGHEST_HZ = 330.0, 2450.0
"""Where tones of machines lie."""
SHARE = 0.8
"""Of a window's energy, that its tones must have: noise 6 dB below them is allowed."""
QUIET_DB = -50.0
"""Of full scale, below which a window is silence."""
PADDED = 2048
"""Points of the transform in which a tone is looked for."""

Chord = tuple[float, ...]
"""Frequencies in Hz: none, one, or a known pair."""

PAIRS: tuple[tuple[float, float], ...] = ((440.0, 480.0), (400.0, 450.0), (480.0, 620.0))
"""Ringback of North America and of Britain, busy of North America (ITU-T E.180, Sup. 2)."""


class Sinusoids:
    """Finds the tones of a stream of frames, each in the window that ends with it."""

    def __init__(self) -> None:
        """Begin in silence."""
        self._window = np.zeros(WINDOW)
        self._at = np.arange(WINDOW)
        self._taper = np.hanning(WINDOW)
        self._pairs = [(pair, self._basis(pair)) for pair in PAIRS]
        self.level_db = -100.0
        """How loud the last window was, in dB of full scale (a mean square of 1)."""

    def hear(self, frame: npt.NDArray[np.int16]) -> Chord:
        """Take 160 samples; return the tones of these and the 160 before them."""
        self._window[:FRAME] = self._window[FRAME:]
        self._window[FRAME:] = frame / 32768
        energy = float(self._window @ self._window)
        self.level_db = 10 * math.log10(energy / WINDOW + 1e-10)
        if self.level_db < QUIET_DB:
            return ()
        frequency = self._strongest()
        if frequency and self._explained((frequency,), energy) >= SHARE:
            return (frequency,)
        for pair, basis in self._pairs:
            shares = basis.T @ self._window
            if float(shares @ shares) / energy >= SHARE:
                return pair
        return ()

    def _strongest(self) -> float:
        power = np.abs(np.fft.rfft(self._window * self._taper, PADDED))
        at = int(power.argmax())
        frequency = (at + _summit(power[at - 1 : at + 2])) * RATE / PADDED
        return frequency if LOWEST_HZ <= frequency <= HIGHEST_HZ else 0.0

    def _explained(self, chord: Chord, energy: float) -> float:
        turn = np.exp(-2j * np.pi * chord[0] / RATE * self._at)
        return float(abs(turn @ self._window) ** 2) * 2 / WINDOW / energy

    def _basis(self, pair: tuple[float, float]) -> npt.NDArray[np.float64]:
        angles = 2 * np.pi * np.outer(self._at, pair) / RATE
        basis, _ = np.linalg.qr(np.hstack([np.cos(angles), np.sin(angles)]))
        return np.asarray(basis)


def _summit(three: npt.NDArray[np.float64]) -> float:
    """Return where the parabola through three points is highest, from the middle one."""
    if len(three) != 3:  # at an edge
        return 0.0
    left, middle, right = np.log(three + 1e-12)
    bend = left - 2 * middle + right
    return 0.0 if bend == 0 else float(0.5 * (left - right) / bend)
