"""Music on hold, told from speech, noise and tones: its peaks last, and it makes no pauses.

A rule of our own, from an hour of prompts and music: of two seconds of human speech at most a
quarter of the energy lies in spectral peaks that last 200 ms, of most music about half.
"""

from collections import deque

import numpy as np
import numpy.typing as npt

from workbench.speech.sinusoids import FRAME

WINDOW, PADDED = 512, 1024
LOWEST, HIGHEST = 20, 450
"""Bins of the transform: 156 to 3516 Hz."""
PEAK = 0.01
"""Of the strongest bin's power, that makes another a peak: -20 dB."""
LASTING = 10
"""Frames that a peak lasts in music: 200 ms."""
SPAN = 100
"""Frames that are judged together: 2 s."""
JUDGED_EVERY = 10
"""Frames."""
MUSICAL = 0.42
"""Of the energy of the loud frames' peaks, that lasts."""
UNBROKEN = 0.9
"""Of the frames, that are loud: speech pauses more."""
PURE = 0.15
"""Of the frames, that are a machine's tone and nothing else, above which it is no music."""
DEPTH_DB, QUIET_DB = 30.0, -45.0
"""Loud is within so much of the loudest, which is above this."""


class Music:
    """Hears frames, knows whether the last two seconds were music."""

    def __init__(self) -> None:
        """Begin in silence."""
        self._window = np.zeros(WINDOW)
        self._taper = np.hanning(WINDOW)
        self._lasted = np.zeros(HIGHEST - LOWEST, dtype=np.int64)
        self._heard, self._music = 0, False
        self._frames: deque[tuple[float, float, bool]] = deque(maxlen=SPAN)

    def hear(self, frame: npt.NDArray[np.int16], tone: object) -> bool:
        """Take 160 samples, and whether they are a machine's tone; tell whether it is music."""
        self._window[:-FRAME] = self._window[FRAME:]
        self._window[-FRAME:] = frame / 32768
        level_db = 10 * float(np.log10(np.mean(self._window**2) + 1e-10))
        self._frames.append((level_db, self._lasting(), bool(tone)))
        self._heard += 1
        if self._heard >= SPAN and self._heard % JUDGED_EVERY == 0:
            self._music = self._musical()
        return self._music

    def _lasting(self) -> float:
        """Return the share of the peaks' energy that has lasted."""
        spectrum = np.fft.rfft(self._window * self._taper, PADDED)[LOWEST:HIGHEST]
        power = np.abs(spectrum) ** 2
        peaks = power > power.max() * PEAK
        peaks[1:-1] &= (power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:])
        before = self._lasted
        near = np.maximum(before, np.maximum(np.roll(before, 1), np.roll(before, -1)))
        self._lasted = np.where(peaks, near + 1, 0)
        energy = float(power[peaks].sum())
        lasting = float(power[self._lasted >= LASTING].sum())
        return lasting / energy if energy else 0.0

    def _musical(self) -> bool:
        levels, lasting, tones = map(np.array, zip(*self._frames, strict=True))
        loud = levels > max(levels.max() - DEPTH_DB, QUIET_DB)
        if loud.mean() < UNBROKEN or tones.mean() > PURE:
            return False
        return bool(lasting[loud].mean() > MUSICAL)
