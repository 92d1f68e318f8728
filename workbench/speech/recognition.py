"""Audio of the telephone to words: what is asked of a recogniser, and what it answers."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import soxr

from workbench.speech import FRAME_RATE, RECOGNIZER_RATE, Recognized, Recognizer

Done = Callable[[Recognized | Exception], None]
"""Is told what was recognised, or why nothing."""


class Job:
    """One question to a recogniser."""

    def __init__(
        self,
        samples: npt.NDArray[np.int16],
        *,
        hints: Sequence[str],
        final: bool,
        end_ms: int,
        track: object,
        done: Done,
    ) -> None:
        """Ask for the words of `samples`, int16 at 8 kHz, shape (n,)."""
        self.samples, self.hints = samples, hints
        self.final = final
        """Whether it must be answered; another may take the place of one that need not."""
        self.end_ms = end_ms
        """Where the audio ends on the leg's audio clock."""
        self.track = track
        """Of whom it is, of all that ask."""
        self.done = done


class RecognitionDesk(Protocol):
    """Answers questions."""

    @property
    def recognizer(self) -> Recognizer:
        """Who is asked."""

    def ask(self, job: Job) -> None:
        """Have `job.done` told the answer, now or later on the same thread."""


class AtOnce:
    """A desk that answers at once: the same audio gives the same answers at the same places."""

    def __init__(self, recognizer: Recognizer) -> None:
        """Ask this one."""
        self.recognizer = recognizer

    def ask(self, job: Job) -> None:
        """Answer."""
        job.done(answer(self.recognizer, job))


def answer(recognizer: Recognizer, job: Job) -> Recognized | Exception:
    """Return what a recogniser makes of a job, or why it makes nothing of it."""
    try:
        wave = soxr.resample(
            (job.samples / 32768).astype(np.float32), FRAME_RATE, RECOGNIZER_RATE
        )
        heard: Any = recognizer.recognize(wave, job.hints)
    except Exception as error:  # noqa: BLE001 - whatever it is goes on record
        return error
    if not isinstance(heard, Recognized):
        return TypeError(f"{recognizer.name} gave no Recognized, but {heard!r}.")
    return heard
