"""Voices for tests: quick, without a model, and of a length that is known."""

import numpy as np
import numpy.typing as npt

from workbench.errors import ServiceTimedOut

S_A_WORD = 0.3


class Hum:
    """Hums 300 ms a word."""

    name = "hum"
    version = "1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def speak(self, text: str) -> tuple[npt.NDArray[np.float32], int]:
        """Return a tone for every word."""
        self.asked.append(text)
        steps = np.arange(round(S_A_WORD * len(text.split()) * 8000))
        return (0.2 * np.sin(steps * 0.3)).astype(np.float32), 8000


class Mute(Hum):
    """Has no voice, but for some texts."""

    def __init__(self, *known: str) -> None:
        super().__init__()
        self._known = known

    def speak(self, text: str) -> tuple[npt.NDArray[np.float32], int]:
        """Fail as a service does."""
        if text not in self._known:
            raise ServiceTimedOut("voices.example.com did not answer in time.")
        return super().speak(text)
