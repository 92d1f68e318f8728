"""Text to speech over HTTP: `POST /v1/audio/speech` of OpenAI and all who speak like it."""

import io
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile

from workbench.errors import InvalidInput, ServiceGarbled
from workbench.services.endpoint import Endpoint

PCM_RATE = 24_000
"""Of `pcm`, which has no header: what OpenAI and its likes send."""
LONGEST_S = 600


class HttpSynthesizer:
    """A voice of a service (a `Synthesizer`)."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        voice: str,
        *,
        form: Literal["wav", "flac", "pcm"] = "wav",
        speed: float = 1.0,
    ) -> None:
        """Let this voice of a service speak; the endpoint's `most_bytes` must hold its audio.

        Args:
            endpoint: where it is.
            model: the model's name there.
            voice: the voice's name there.
            form: how the audio comes; `pcm` is 16 bit at 24 kHz.
            speed: how fast it speaks, 1 for as fast as it does by itself.
        """
        self._endpoint = endpoint
        self._asked = {"model": model, "voice": voice, "response_format": form, "speed": speed}

    @property
    def name(self) -> str:
        """The host, the model and the voice."""
        return f"{self._endpoint.host}/{self._asked['model']}/{self._asked['voice']}"

    @property
    def version(self) -> str:
        """How it is asked: a service does not tell when its model is another."""
        return f"{self._asked['response_format']} {self._asked['speed']:g}"

    def speak(self, text: str) -> tuple[npt.NDArray[np.float32], int]:
        """Return mono samples from -1 to 1 and their rate.

        Raises:
            InvalidInput: there is nothing to say.
            ServiceFailed: the service did not answer, or not with audio.
        """
        if not text.strip():
            raise InvalidInput("There is nothing to say: the text is empty.")
        body = self._endpoint.whole("/audio/speech", json={**self._asked, "input": text})
        if self._asked["response_format"] == "pcm":
            audio, rate = _raw(body), PCM_RATE
        else:
            audio, rate = self._decoded(body)
        if not len(audio) or not np.isfinite(audio).all():
            raise ServiceGarbled(f"{self._endpoint.host} sends no audio.")
        return audio, rate

    def _decoded(self, body: bytes) -> tuple[npt.NDArray[np.float32], int]:
        try:
            with soundfile.SoundFile(io.BytesIO(body)) as sound:
                # One whose length was not known when its header was sent claims 2 GB.
                most = LONGEST_S * sound.samplerate
                channels = sound.read(most, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, ValueError, MemoryError):
            raise ServiceGarbled(f"{self._endpoint.host} sends no audio.") from None
        mono: npt.NDArray[np.float32] = channels.mean(axis=1)
        return mono, sound.samplerate


def _raw(body: bytes) -> npt.NDArray[np.float32]:
    samples = np.frombuffer(body[: len(body) // 2 * 2], dtype="<i2")
    audio: npt.NDArray[np.float32] = samples.astype(np.float32) / np.float32(32768)
    return audio
