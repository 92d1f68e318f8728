"""Sentences are cut as soon as they are whole, however the text comes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.sentences import LONGEST, SentenceCutter, speakable

TEXT = (
    "Good morning, Mr. Jones. It is 3.50 euros (e.g. for coffee)! Really? “Yes.” Well…\n"
    "- **one** thing\n2. another thing"
)
SENTENCES = [
    "Good morning, Mr. Jones.",
    "It is 3.50 euros (e.g. for coffee)!",
    "Really?",
    "“Yes.”",
    "Well…",
    "one thing",
    "2. another thing",
]


def cut(*parts: str) -> list[str]:
    cutter = SentenceCutter()
    return [each for part in parts for each in cutter.feed(part)] + list(cutter.finish())


@given(st.lists(st.integers(0, len(TEXT))))
def test_however_the_text_comes_the_sentences_are_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(TEXT)]
    parts = [TEXT[a:b] for a, b in itertools.pairwise(places)]
    assert cut(*parts) == SENTENCES


def test_a_sentence_is_there_as_soon_as_the_next_word_comes() -> None:
    cutter = SentenceCutter()
    assert list(cutter.feed("One moment.")) == []
    assert list(cutter.feed(" ")) == ["One moment."]


@given(st.text())
def test_no_word_is_lost_and_none_is_made(text: str) -> None:
    words = [sign for sign in text if sign.isalnum()]
    assert [sign for part in cut(text) for sign in part if sign.isalnum()] == words


@pytest.mark.parametrize("word", ["so on, and ", "soon ", "x"])
def test_a_text_without_an_end_is_cut_all_the_same(word: str) -> None:
    parts = cut(*[word] * 200)
    assert max(map(len, parts)) <= LONGEST + 1
    assert "".join(parts).replace(" ", "") == (word * 200).replace(" ", "")


@pytest.mark.parametrize("text", ["...", " ", "- ", "***", "\x00\x1b", "https://example.com/x"])
def test_what_has_no_words_is_not_spoken(text: str) -> None:
    assert list(speakable(text)) == []


def test_marks_that_a_voice_would_obey_are_taken_out() -> None:
    assert list(speakable("<speak>Hi [pause 9s] `you`</speak>")) == [
        "speak Hi pause 9s you /speak"
    ]
