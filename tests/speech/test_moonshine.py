"""The recogniser that comes along: how right its words are, and what it is kept from saying."""

import pickle

import numpy as np
import pytest
import soxr

from tests.speech.sets import prompts, word_errors
from workbench.speech.moonshine import MoonshineRecognizer, credible

MOST_ERRORS = 0.08
"""Of the words of the shipped set, whole prompts at 8 kHz."""


@pytest.fixture(scope="module")
def recognizer() -> MoonshineRecognizer:
    return MoonshineRecognizer()


@pytest.mark.slow
def test_it_reads_the_prompts_of_telephone_systems(recognizer: MoonshineRecognizer) -> None:
    wrong = said = 0
    for prompt in prompts()[::3]:
        wave = soxr.resample((prompt.samples / 32768).astype(np.float32), 8000, 16_000)
        errors, words = word_errors(prompt.text, recognizer.recognize(wave).text)
        wrong, said = wrong + errors, said + words
    assert wrong / said <= MOST_ERRORS


@pytest.mark.parametrize("seconds", [0.0, 0.05, 1.0])
def test_it_hears_nothing_in_silence(recognizer: MoonshineRecognizer, seconds: float) -> None:
    hiss = np.random.default_rng(1).normal(0, 0.0005, round(seconds * 16_000))
    assert recognizer.recognize(hiss.astype(np.float32)).text == ""


def test_it_reaches_another_process_without_its_model() -> None:
    copy = pickle.loads(pickle.dumps(MoonshineRecognizer()))
    assert (copy.name, copy.version) == ("moonshine/tiny-en", "0.1.0")


@pytest.mark.parametrize(
    ("text", "seconds", "believed"),
    [
        ("I would like a loan.", 2.0, "I would like a loan."),
        ("no no no", 1.0, "no no"),
        ("the cat the cat the cat the cat sat", 9.0, "the cat the cat sat"),
        ("one two three four five six seven", 0.3, "one two three four five"),
        ("", 1.0, ""),
    ],
)
def test_what_cannot_have_been_said_is_left_out(
    text: str, seconds: float, believed: str
) -> None:
    assert credible(text, seconds) == believed
