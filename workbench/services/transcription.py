"""Speech to text over HTTP: `POST /v1/audio/transcriptions` of OpenAI and all like it."""

import io
import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import soundfile

from workbench.errors import ServiceGarbled
from workbench.services.endpoint import Endpoint
from workbench.speech import RECOGNIZER_RATE, Recognized, Spoken

LONGEST_TEXT = 10_000
"""Characters of one utterance, beyond which a recogniser repeats itself."""


class _Word(msgspec.Struct):
    word: str
    start: float
    end: float


class _Segment(msgspec.Struct):
    avg_logprob: float | None = None


class _Transcribed(msgspec.Struct):
    text: str
    words: list[_Word] | None = None
    segments: list[_Segment] | None = None


class HttpRecognizer:
    """A recogniser of a service (a `Recognizer`)."""

    parallel = 4
    """Each request waits for the network; so many may at once."""

    def __init__(
        self, endpoint: Endpoint, model: str, *, language: str = "en", words: bool = False
    ) -> None:
        """Ask this model of a service.

        Args:
            endpoint: where it is.
            model: its name there.
            language: of the speech, ISO 639-1; empty lets the service find out.
            words: ask for words with their times (`verbose_json`), which not every model has.
        """
        self._endpoint = endpoint
        self._model, self._language, self._words = model, language, words

    @property
    def name(self) -> str:
        """The host and the model."""
        return f"{self._endpoint.host}/{self._model}"

    @property
    def version(self) -> str:
        """How it is asked: a service does not tell when its model is another."""
        return f"{self._language or 'any'}{' words' * self._words}"

    def recognize(
        self, audio: npt.NDArray[np.float32], hints: Sequence[str] = ()
    ) -> Recognized:
        """Return what is said; `audio` is mono, shape (n,), from -1 to 1 at 16000 Hz.

        Hints go along as the prompt, in whose manner the service goes on.

        Raises:
            ServiceFailed: the service did not answer, or not with words.
        """
        files = {"file": ("speech.wav", _wav(audio), "audio/wav")}
        body = self._endpoint.whole(
            "/audio/transcriptions", files=files, data=self._fields(hints)
        )
        try:
            transcribed = msgspec.json.decode(body, type=_Transcribed)
            return _recognized(transcribed)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, OverflowError):
            raise ServiceGarbled(f"{self._endpoint.host} sends no transcript.") from None

    def _fields(self, hints: Sequence[str]) -> dict[str, Any]:
        fields: dict[str, Any] = {"model": self._model, "temperature": "0"}
        if self._language:
            fields["language"] = self._language
        if hints:
            fields["prompt"] = ", ".join(hints)
        if not self._words:
            return fields | {"response_format": "json"}
        asked = {"response_format": "verbose_json", "timestamp_granularities[]": "word"}
        return fields | asked


def _wav(audio: npt.NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.clip(audio, -1, 1), RECOGNIZER_RATE, "PCM_16", format="WAV")
    return file.getvalue()


def _recognized(transcribed: _Transcribed) -> Recognized:
    text = " ".join(transcribed.text.split())
    if len(text) > LONGEST_TEXT:
        raise ValueError(text)
    words = tuple(
        Spoken(text=each.word.strip(), start_ms=_ms(each.start), end_ms=_ms(each.end))
        for each in transcribed.words or ()
    )
    return Recognized(text=text, words=words, confidence=_confidence(transcribed))


def _ms(seconds: float) -> int:
    if not 0 <= seconds < 3600:
        raise ValueError(seconds)
    return round(seconds * 1000)


def _confidence(transcribed: _Transcribed) -> float | None:
    """Return the mean probability of a token, as Whisper's own `avg_logprob` has it."""
    logs = [each.avg_logprob for each in transcribed.segments or ()]
    known = [each for each in logs if each is not None and math.isfinite(each)]
    return min(1.0, math.exp(sum(known) / len(known))) if known else None
