"""Spoken prompts: sentence by sentence, each kept under what is said, how, and by whom."""

import hashlib
import json
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from workbench import events as ev
from workbench.errors import InvalidInput
from workbench.markup import Sentence
from workbench.prompts import RATE, Mono, PreparedPrompt, PromptShelf, Voice, resampled
from workbench.wordtimes import audible, estimated

FORM = 1
"""Counted up when words are placed otherwise."""
Timing = Literal["synthesizer", "estimated", "mixed"]


class SpokenPart(msgspec.Struct, frozen=True, kw_only=True):
    """The audio of some sentences, and where their words lie in it."""

    prepared: PreparedPrompt
    text: str
    words: tuple[ev.PromptWord, ...] = ()
    """In milliseconds from the begin of this part."""
    timing: Timing = "estimated"


class Reciter:
    """Speaks sentences by the voice of a shelf, and keeps them there; from any thread."""

    def __init__(self, shelf: PromptShelf) -> None:
        """Speak by the shelf's voice."""
        self._shelf = shelf

    @property
    def voice(self) -> Voice:
        """The voice.

        Raises:
            InvalidInput: there is none.
        """
        if (voice := self._shelf.voice) is None:
            message = "Nothing can be spoken, because there is no synthesizer: play a file."
            raise InvalidInput(message)
        return voice

    def has(self, sentence: Sentence) -> bool:
        """Tell whether a sentence need not be spoken again."""
        return self._shelf.has(self._key(sentence))

    def speak(self, sentence: Sentence) -> SpokenPart:
        """Return the audio of a sentence, with the silence after it.

        Raises:
            InvalidInput: the voice can say nothing of it, or there is no voice.
        """
        key = self._key(sentence)
        prepared = self._shelf.kept(key, lambda: self._synthesized(sentence, key))
        try:
            words, timing = msgspec.json.decode(
                self._shelf.note(key), type=tuple[tuple[ev.PromptWord, ...], Timing]
            )
        except (OSError, msgspec.MsgspecError):
            words, timing = (), "estimated"  # somebody has taken it away: no word is claimed
        return SpokenPart(prepared=prepared, text=sentence.text, words=words, timing=timing)

    def joined(
        self, parts: Sequence[SpokenPart], *, offset_s: float = 0.0, skip_ms: int = 0
    ) -> SpokenPart:
        """Put parts one after another, and leave out their begin: an offset, what was heard."""
        files = [part.prepared for part in parts]
        prepared = self._shelf.arranged(files, offset_s=offset_s)
        words: list[ev.PromptWord] = []
        begin_ms = -round(offset_s * 1000) - skip_ms
        for part in parts:
            words += shifted(part.words, begin_ms)
            begin_ms += part.prepared.duration_ms
        return SpokenPart(
            prepared=self._shelf.going_on(prepared, skip_ms),
            text=" ".join(part.text for part in parts if part.text),
            words=tuple(word for word in words if word.start_ms >= 0),
            timing=_timing(parts),
        )

    def _key(self, sentence: Sentence) -> str:
        voice = self.voice
        how = [sentence.spoken, sentence.text, sentence.rate, sentence.pause_ms]
        asked = json.dumps([FORM, *how, voice.name, voice.version])
        return "said-" + hashlib.sha256(asked.encode()).hexdigest()

    def _synthesized(self, sentence: Sentence, key: str) -> Mono:
        audio, words, timing = self._said(sentence)
        self._shelf.keep_note(key, msgspec.json.encode((words, timing)))
        silence = np.zeros(sentence.pause_ms * RATE // 1000, np.float32)
        return np.concatenate([audio, silence])

    def _said(self, sentence: Sentence) -> tuple[Mono, tuple[ev.PromptWord, ...], Timing]:
        if not sentence.words:
            return np.zeros(0, np.float32), (), "synthesizer"
        voice, written = self.voice, [word.text for word in sentence.words]
        told: Sequence[ev.PromptWord] = ()
        if (speak_words := getattr(voice, "speak_words", None)) is not None:
            samples, rate, told = speak_words(sentence.spoken, sentence.rate)
        else:
            samples, rate = voice.speak(sentence.spoken)
        audio = resampled(samples, rate)
        if not len(audio):
            raise InvalidInput(f"The voice {voice.name} has no sound for {sentence.text!r}.")
        if len(told) == len(written) and _in_order(told):
            return audio, _named(written, told, audio), "synthesizer"
        places = estimated([word.spoken for word in sentence.words], audio, RATE)
        return audio, _named(written, places, audio), "estimated"


def shifted(words: Sequence[ev.PromptWord], begin_ms: int) -> list[ev.PromptWord]:
    """Return words of a part that begins elsewhere."""
    return [
        ev.PromptWord(
            text=word.text, start_ms=word.start_ms + begin_ms, end_ms=word.end_ms + begin_ms
        )
        for word in words
    ]


def _named(
    written: Sequence[str], words: Sequence[ev.PromptWord], audio: Mono
) -> tuple[ev.PromptWord, ...]:
    """Return words as they were written; the silence at the end belongs to none."""
    last_ms = audible(audio, RATE)[1]
    return tuple(
        ev.PromptWord(
            text=text, start_ms=min(word.start_ms, last_ms), end_ms=min(word.end_ms, last_ms)
        )
        for text, word in zip(written, words, strict=True)
    )


def _in_order(words: Sequence[ev.PromptWord]) -> bool:
    begins = [word.start_ms for word in words]
    return begins == sorted(begins) and all(0 <= w.start_ms <= w.end_ms for w in words)


def _timing(parts: Sequence[SpokenPart]) -> Timing:
    timings = {part.timing for part in parts if part.words}
    return timings.pop() if len(timings) == 1 else "mixed" if timings else "estimated"
