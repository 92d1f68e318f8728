"""Speech: interfaces of a few lines each, behind which a module is one provider.

`Recognizer`, `VoiceActivity`, `EndOfTurn` and `ToneDetector` are what a listener is made of,
`Synthesizer` is a voice. Siblings: `choice` (which of them a bench uses, by name or object),
`ears` (how the bench speaks to whoever listens), `listeners` (processes that do), `listening`
and `track` (what they do), `offline` (the same for a recording), `scripted` (ears with a
script, for tests); `hibari`, `moonshine`, `silero`, `turn` (the providers that come along).
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from workbench.speech.hibari import HibariSynthesizer

RECOGNIZER_RATE = 16_000
"""Samples a second of what a recogniser is given."""
FRAME_RATE = 8_000
"""Samples a second of what voice activity and tones are looked for in."""


class Synthesizer(Protocol):
    """Speaks a text; may be asked from any thread.

    One that can has `speak_words(text, rate)`, too: samples and their rate, at a pace of 0.5
    to 2.0, and for each word of the text an `events.PromptWord`, or `()` when it does not know
    where they are.
    """

    @property
    def name(self) -> str:
        """The provider and its voice, as `hibari/heart`."""

    @property
    def version(self) -> str:
        """Changes when the same text may sound otherwise."""

    def speak(self, text: str) -> tuple[npt.NDArray[np.float32], int]:
        """Return mono samples from -1 to 1 and their rate."""


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """A word and where it lies, in milliseconds from the beginning of what was recognised."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None


class Recognized(msgspec.Struct, frozen=True, kw_only=True):
    """What a recogniser makes of some audio."""

    text: str
    """Empty when it found no words."""
    words: tuple[Spoken, ...] = ()
    """With their times, where the provider gives them."""
    confidence: float | None = None
    """From 0 to 1, where the provider gives it."""


class Recognizer(Protocol):
    """Speech to text, without a memory of its own: the same audio gives the same words.

    An attribute `parallel` says how many threads may ask at once; without it, one.
    """

    @property
    def name(self) -> str:
        """The provider and its model, as `moonshine/tiny-en`."""

    @property
    def version(self) -> str:
        """Changes when the same audio may give other words."""

    def recognize(
        self, audio: npt.NDArray[np.float32], hints: Sequence[str] = ()
    ) -> Recognized:
        """Return what is said; `audio` is mono, shape (n,), from -1 to 1 at 16000 Hz.

        Whatever it raises is put on record as `call.recognition_failed`, and the call goes on.
        """


class VoiceActivity(Protocol):
    """Tells speech from all else; one for each direction of each call."""

    @property
    def name(self) -> str:
        """The provider and its model, as `silero/16k`."""

    @property
    def version(self) -> str:
        """Changes when the same audio may be judged otherwise."""

    def hear(self, frame: npt.NDArray[np.int16]) -> float:
        """Take the next 20 ms, shape (160,) at 8000 Hz; return how likely it is speech."""


class EndOfTurn(Protocol):
    """Tells whether somebody who fell silent has said what they wanted to say."""

    def wait_ms(self, text: str) -> int:
        """Return how much more silence to wait for, once an utterance has ended.

        `text` is all that was said since the last turn ended.
        """


class Tone(msgspec.Struct, frozen=True, kw_only=True):
    """A tone that machines make; the fields are those of `call.tone_heard`."""

    tone: str
    frequency_hz: int
    start_ms: int
    duration_ms: int


class ToneDetector(Protocol):
    """Finds the tones of machines; one for each direction of each call."""

    def hear(self, frame: npt.NDArray[np.int16], media_ms: int) -> Iterable[Tone]:
        """Take the next 20 ms, which begin at `media_ms`; return the tones found with it."""


@cache
def default_synthesizer() -> Synthesizer:
    """Return the voice that comes with the installation."""
    return HibariSynthesizer()


def is_recognizer(candidate: Any) -> bool:
    """Tell whether an object can be used as a recogniser."""
    return callable(getattr(candidate, "recognize", None)) and bool(
        getattr(candidate, "name", "")
    )
