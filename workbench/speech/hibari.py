"""The voice of hibari-tts: American English, inside its package, on the processor.

Its other voices would be downloads and are not offered.
"""

import threading
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidInput

VOICE = "heart"
"""The one voice that needs no download."""


class HibariSynthesizer:
    """Speaks one text at a time; the model is loaded with the first."""

    name = f"hibari/{VOICE}"

    def __init__(self) -> None:
        self._speaking = threading.Lock()

    @cached_property
    def version(self) -> str:
        """The version of the package, and with it of the voice."""
        return version("hibari-tts")

    def speak(self, text: str) -> tuple[npt.NDArray[np.float32], int]:
        """Return the samples of a text and their rate; the same text sounds the same.

        Raises:
            InvalidInput: When nothing in the text can be said.
        """
        if not text.strip():
            raise InvalidInput("There is nothing to say: the text is empty.")
        with self._speaking:
            audio: npt.NDArray[np.float32] = self._model(text, seed=0)
        if not len(audio):
            raise InvalidInput(f"Nothing in {text!r} can be said; this voice speaks English.")
        return audio, self._model.sample_rate

    @cached_property
    def _model(self) -> Any:
        from hibari import Hibari  # noqa: PLC0415 - half a second that only speaking needs

        return Hibari(VOICE)
