"""The recogniser that comes along: Moonshine's tiny English model, from its package's wheel.

Its own voice activity is turned off, for it clips words; whoever asks cuts the audio into
pieces of at most 15 s, beyond which it makes words up.
"""

import ctypes
import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import WorkbenchError
from workbench.speech import RECOGNIZER_RATE, Recognized

LEAST_SAMPLES = RECOGNIZER_RATE // 10
QUIET = 10 ** (-55 / 20)
"""Below this level (RMS) it hears "You" in silence."""
MOST_WORDS_A_SECOND = 7
"""Nobody speaks faster; the model does, when it repeats itself."""


class MoonshineRecognizer:
    """Recognises one piece of audio after another; the model is loaded with the first."""

    name = "moonshine/tiny-en"

    def __init__(self) -> None:
        """Load nothing yet."""
        self._busy = threading.Lock()

    def __reduce__(self) -> tuple[type, tuple[()]]:
        """Reach another process without what was loaded."""
        return type(self), ()

    @cached_property
    def version(self) -> str:
        """The version of the package, and with it of the model."""
        return version("moonshine-voice")

    def recognize(
        self, audio: npt.NDArray[np.float32], hints: Sequence[str] = ()
    ) -> Recognized:
        """Return what is said; it makes no use of hints.

        Raises:
            WorkbenchError: the library refuses; the message has its code.
        """
        quiet = len(audio) < LEAST_SAMPLES or float(np.sqrt(np.mean(audio**2))) < QUIET
        with self._busy:
            text = "" if quiet else self._model(np.ascontiguousarray(audio, np.float32))
        return Recognized(text=credible(text, len(audio) / RECOGNIZER_RATE))

    def warm(self) -> None:
        """Load the model now."""
        self._model(np.zeros(RECOGNIZER_RATE, np.float32))

    @cached_property
    def _model(self) -> Any:
        # Half a second and 200 MB that only listening needs.
        from moonshine_voice.moonshine_api import ModelArch, TranscriptC  # noqa: PLC0415
        from moonshine_voice.transcriber import Transcriber  # noqa: PLC0415

        folder = str(files("moonshine_voice") / "assets" / "tiny-en")
        loaded = Transcriber(folder, ModelArch.TINY, options={"vad_threshold": "0"})
        library, handle = loaded._lib, loaded._handle

        def transcribe(audio: npt.NDArray[np.float32]) -> str:
            # The function of its library: the package's own copies the audio into a list.
            assert loaded._handle is not None
            pointer = audio.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            lines = ctypes.POINTER(TranscriptC)()
            code = library.moonshine_transcribe_without_streaming(
                handle, pointer, len(audio), RECOGNIZER_RATE, 0, ctypes.byref(lines)
            )
            if code:
                raise WorkbenchError(f"Moonshine refused the audio with code {code}.")
            return _text_of(lines.contents)

        return transcribe


def _text_of(transcript: Any) -> str:
    lines = (transcript.lines[number].text for number in range(transcript.line_count))
    texts = (ctypes.string_at(line).decode("utf-8", "replace") for line in lines if line)
    return " ".join(text.strip() for text in texts)


def credible(text: str, seconds: float) -> str:
    """Return what can be believed of a text: no phrase without end, no more words than fit."""
    words = text.split()
    for length in range(1, len(words) // 3 + 1):
        words = _without_loops(words, length)
    return " ".join(words[: 3 + round(MOST_WORDS_A_SECOND * seconds)])


def _without_loops(words: list[str], length: int) -> list[str]:
    """Return the words without a third and later repetition of a phrase of this length."""
    kept: list[str] = []
    for word in words:
        kept.append(word)
        tail = kept[-3 * length :]
        if len(tail) == 3 * length and tail[:length] == tail[length:-length] == tail[-length:]:
            del kept[-length:]
    return kept
