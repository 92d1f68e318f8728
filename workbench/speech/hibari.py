"""The voice of hibari-tts: American English, inside its package, on the processor.

Its other voices would be downloads and are not offered. The model knows how long it makes each
sound, but does not tell; it is asked to, so that the place of each word is known.
"""

import difflib
import threading
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidInput
from workbench.events import PromptWord

Mono = npt.NDArray[np.float32]
VOICE = "heart"
"""The one voice that needs no download."""
DURATIONS = b"/Round_output_0"
"""The tensor of how many steps of 25 ms each sound has, in the graph of version 0.2."""
STEP_MS = 25
ONSET_MS = 75
"""So much earlier than the model counts it a word may be heard: three steps, by measurement."""
LONGEST = 400
"""Sounds that the model is given at once."""
PUNCTUATION = set(';:,.!?—…"“”() ')


class HibariSynthesizer:
    """Speaks one text at a time; the model is loaded with the first."""

    name = f"hibari/{VOICE}"

    def __init__(self) -> None:
        self._speaking = threading.Lock()

    @cached_property
    def version(self) -> str:
        """The version of the package, and with it of the voice."""
        return version("hibari-tts")

    def speak(self, text: str) -> tuple[Mono, int]:
        """Return the samples of a text and their rate; the same text sounds the same.

        Raises:
            InvalidInput: When nothing in the text can be said.
        """
        if not text.strip():
            raise InvalidInput("There is nothing to say: the text is empty.")
        with self._speaking:
            audio: Mono = self._model(text, seed=0)
        return _audible(audio, text), self._model.sample_rate

    def speak_words(self, text: str, rate: float) -> tuple[Mono, int, tuple[PromptWord, ...]]:
        """Return samples of one sentence, their rate, and where each of its words lies.

        Args:
            text: a sentence.
            rate: how fast, from 0.5 to 2.0; 1.0 is as usual.

        Raises:
            InvalidInput: When nothing in the text can be said.
        """
        with self._speaking:
            model = self._model
            spoken, sounds, owners = _sounds(model.g2p, text)
            if self._session is None or len(sounds) > LONGEST:
                return _audible(model(text, speed=rate, seed=0), text), model.sample_rate, ()
            audio, durations = self._synthesized(sounds, rate)
        words = _placed(spoken, owners, durations)
        return _audible(audio, text), model.sample_rate, _as_written(text.split(), words)

    def _synthesized(self, sounds: str, rate: float) -> tuple[Mono, npt.NDArray[np.int64]]:
        """Return the samples, and where each sound ends, in milliseconds."""
        from hibari import dsp  # noqa: PLC0415 - as below

        kept = [sound for sound in sounds if sound in self._model.vocab]
        ids = np.asarray([self._model.ids("".join(kept))], np.int64)
        given = {"ids": ids, "speed": np.asarray([rate], np.float32)}
        *spectrum, steps = self._session.run(None, given)
        audio: Mono = dsp.synth(*(part[0] for part in spectrum), np.random.default_rng(0))
        ends = np.cumsum(np.asarray(steps).reshape(-1)) * STEP_MS
        # One that is not in the vocabulary takes no time; the first is the silence before.
        known = np.cumsum([sound in self._model.vocab for sound in sounds])
        return audio, np.concatenate([ends[:1], ends[known]]).astype(np.int64)

    @cached_property
    def _model(self) -> Any:
        from hibari import Hibari  # noqa: PLC0415 - half a second that only speaking needs

        return Hibari(VOICE)

    @cached_property
    def _session(self) -> Any:
        """The model with one more output, or None when it is another than is known."""
        import onnxruntime  # noqa: PLC0415 - as above

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        graph = Path(self._model.model_path).read_bytes()
        try:
            return onnxruntime.InferenceSession(
                graph + _output(DURATIONS), options, providers=["CPUExecutionProvider"]
            )
        except Exception:  # noqa: BLE001 - whatever it is, the voice speaks without
            return None


def _output(name: bytes) -> bytes:
    """Return what makes a tensor an output, when it is put after a model.

    Two serialised messages one after the other are one with the fields of both (the encoding
    of protobuf): `ModelProto.graph` is 7, `GraphProto.output` 12, `ValueInfoProto.name` 1.
    """
    for field in (1, 12, 7):
        name = bytes([field << 3 | 2, len(name)]) + name
    return name


def _sounds(g2p: Any, text: str) -> tuple[list[str], str, list[int]]:
    """Return the words as the voice reads them, their sounds, and whose each sound is."""
    from hibari.g2p.normalize import normalize  # noqa: PLC0415 - as above

    spoken, sounds, owners, word = normalize(text).split(), "", [], 0
    left = len(spoken[0]) if spoken else 0
    for token in g2p.phonemize_tokens(g2p.tokenize(normalize(text))):
        heard = (token.phonemes or "") + (" " if token.whitespace else "")
        sounds += heard
        owners += [-1 if sound in PUNCTUATION else word for sound in heard]
        for _ in token.text.replace(" ", ""):
            if not left and word + 1 < len(spoken):
                word += 1
                left = len(spoken[word])
            left -= 1
        if not left and word + 1 < len(spoken):
            word, left = word + 1, len(spoken[word + 1])
    return spoken, sounds, owners


def _placed(
    spoken: list[str], owners: list[int], ends: npt.NDArray[np.int64]
) -> list[PromptWord]:
    """Return each word from the begin of its first sound to the end of its last."""
    placed = []
    at = 0
    for word, text in enumerate(spoken):
        own = [place for place, owner in enumerate(owners) if owner == word]
        if own:
            start_ms = max(at, int(ends[own[0]]) - ONSET_MS)
            at = int(ends[own[-1] + 1])
        else:
            start_ms = at
        placed.append(PromptWord(text=text, start_ms=start_ms, end_ms=at))
    return placed


def _as_written(written: list[str], words: list[PromptWord]) -> tuple[PromptWord, ...]:
    """Give the words of a text their places, though the voice reads other words.

    Where it reads three words for one, or one for three, each lies where they all do.
    """
    places: list[PromptWord] = []
    for start, length, other, others in _matches(written, [word.text for word in words]):
        found = words[other : other + others]
        for offset in range(length):
            same = found[offset : offset + 1] if length == others else found
            start_ms = same[0].start_ms if same else (places[-1].end_ms if places else 0)
            end_ms = same[-1].end_ms if same else start_ms
            text = written[start + offset]
            places.append(PromptWord(text=text, start_ms=start_ms, end_ms=end_ms))
    return tuple(places)


def _matches(ours: list[str], theirs: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Give stretches of words that belong together: where, and how many, on either side."""
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, first, last, other, last_other in matcher.get_opcodes():
        if tag == "equal":
            yield from ((first + n, 1, other + n, 1) for n in range(last - first))
        elif last > first:
            yield first, last - first, other, last_other - other


def _audible(audio: Mono, text: str) -> Mono:
    if not len(audio):
        raise InvalidInput(f"Nothing in {text!r} can be said; this voice speaks English.")
    return audio
