"""The providers that find nothing: for a bench that wants only some of what can be found."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from workbench.speech import Recognized, Tone


class SilentRecognizer:
    """Finds no words, at no cost: speech has its times on record, and empty texts."""

    name = "none"
    version = ""

    def recognize(
        self, audio: npt.NDArray[np.float32], hints: Sequence[str] = ()
    ) -> Recognized:
        """Return no text."""
        return Recognized(text="")


class NoTones:
    """Finds no tones."""

    def hear(self, frame: npt.NDArray[np.int16], media_ms: int) -> Iterable[Tone]:
        """Return nothing."""
        return ()


class NoVoice:
    """Finds no speech."""

    name = "none"
    version = ""

    def hear(self, frame: npt.NDArray[np.int16]) -> float:
        """Return that it is none."""
        return 0.0
