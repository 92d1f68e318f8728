"""Spoken prompts: what a voice says is kept, with where its words lie."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from workbench import events as ev
from workbench.errors import InvalidInput
from workbench.markup import sentences
from workbench.prompts import PromptShelf
from workbench.recital import Reciter, SpokenPart

Mono = npt.NDArray[np.float32]
RATE = 24_000
LETTER_MS = 100


class Beeps:
    """A voice of one beep a letter, which counts what it is asked for."""

    name = "beeps/one"

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.asked: list[str] = []

    def speak(self, text: str) -> tuple[Mono, int]:
        self.asked.append(text)
        at = np.arange(RATE * LETTER_MS // 1000 * len(text)) / RATE
        return (0.5 * np.sin(2 * np.pi * 440 * at)).astype(np.float32), RATE


class Telling(Beeps):
    """The same, and it tells where its words lie."""

    name = "beeps/telling"

    def speak_words(self, text: str, rate: float) -> tuple[Mono, int, tuple[Any, ...]]:
        audio, samples = self.speak(text)
        words, at = [], 0
        for word in text.split():
            end = at + len(word)
            place = {"start_ms": at * LETTER_MS, "end_ms": end * LETTER_MS}
            words.append(ev.PromptWord(text=word, **place))
            at = end + 1
        return audio[: round(len(audio) / rate)], samples, tuple(words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    folder.mkdir()
    return folder


def spoken(folder: Path, text: str, voice: Beeps, offset_s: float = 0.0) -> SpokenPart:
    reciter = Reciter(PromptShelf(folder, voice))
    return reciter.joined([reciter.speak(each) for each in sentences(text)], offset_s=offset_s)


def places(part: SpokenPart) -> list[tuple[str, int, int]]:
    return [(word.text, word.start_ms, word.end_ms) for word in part.words]


def test_a_sentence_is_spoken_once(folder: Path) -> None:
    voice = Beeps()
    first = spoken(folder, "One. Two three. One.", voice)
    assert voice.asked == ["One.", "Two three."]
    assert spoken(folder, "One. Two three. One.", voice) == first
    assert len(voice.asked) == 2
    assert first.prepared.duration_ms == LETTER_MS * len("One.Two three.One.")


def test_another_version_of_the_voice_speaks_again(folder: Path) -> None:
    earlier, later = Beeps("1"), Beeps("2")
    assert (
        spoken(folder, "Hi", earlier).prepared.path != spoken(folder, "Hi", later).prepared.path
    )
    assert later.asked == ["Hi"]


def test_without_a_voice_nothing_is_spoken(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="no synthesizer: play a file"):
        Reciter(PromptShelf(folder)).speak(sentences("Hello")[0])


def test_a_voice_that_tells_is_believed(folder: Path) -> None:
    part = spoken(folder, "One two. [pause 0.5s] [digits 47]", Telling())
    assert part.timing == "synthesizer"
    assert part.text == "One two. 4 7"
    assert places(part) == [
        ("One", 0, 300), ("two.", 400, 800), ("4", 1300, 1500), ("7", 1600, 1700),
    ]  # fmt: skip
    assert part.prepared.duration_ms == 800 + 500 + 400


def test_a_voice_that_tells_nonsense_is_not_believed(folder: Path) -> None:
    class Lying(Telling):
        def speak_words(self, text: str, rate: float) -> tuple[Mono, int, tuple[Any, ...]]:
            audio, samples, words = super().speak_words(text, rate)
            return audio, samples, words[1:]

    assert spoken(folder, "One two.", Lying()).timing == "estimated"


def test_a_voice_that_does_not_tell_is_estimated_rather_late(folder: Path) -> None:
    estimated = spoken(folder, "Seven words of which none is early here", Beeps())
    told = spoken(folder, "Seven words of which none is early here", Telling())
    assert estimated.timing == "estimated"
    for guess, truth in zip(estimated.words, told.words, strict=True):
        assert guess.text == truth.text
        assert guess.end_ms >= truth.end_ms


def test_how_fast_is_asked_of_a_voice_that_can(folder: Path) -> None:
    text = "<speak><prosody rate='fast'>Hello there</prosody></speak>"
    usual = spoken(folder, "Hello there", Telling()).prepared.duration_ms
    assert spoken(folder, text, Telling()).prepared.duration_ms == round(usual / 1.3)
    assert spoken(folder, text, Beeps()).prepared.duration_ms == usual


def test_an_offset_leaves_out_the_words_before_it(folder: Path) -> None:
    part = spoken(folder, "One two. Three four.", Telling(), offset_s=0.5)
    assert places(part) == [("Three", 300, 800), ("four.", 900, 1400)]


def test_where_the_words_are_lost_none_is_claimed(folder: Path) -> None:
    spoken(folder, "One two.", Telling())
    for note in folder.glob("*.json"):
        note.unlink()
    again = spoken(folder, "One two.", Telling())
    assert (again.words, again.timing) == ((), "estimated")
