"""Text to speech, behind one interface: a module a provider."""

from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from workbench.speech.hibari import HibariSynthesizer


class Synthesizer(Protocol):
    """Speaks a text; may be asked from any thread."""

    @property
    def name(self) -> str:
        """The provider and its voice, as `hibari/heart`."""

    @property
    def version(self) -> str:
        """Changes when the same text may sound otherwise."""

    def speak(self, text: str) -> tuple[npt.NDArray[np.float32], int]:
        """Return mono samples from -1 to 1 and their rate."""


@cache
def default_synthesizer() -> Synthesizer:
    """Return the voice that comes with the installation."""
    return HibariSynthesizer()
