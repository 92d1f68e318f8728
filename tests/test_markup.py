"""Texts are taken apart: sentences, pauses, what is spelled, and how fast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InvalidInput
from workbench.markup import LONGEST, LONGEST_SENTENCE, Sentence, sentences


def outline(text: str) -> list[tuple[str, int]]:
    return [(sentence.spoken, sentence.pause_ms) for sentence in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello there. Welcome!", ["Hello there.", "Welcome!"]),
        ("Ask Dr. Smith, J. K. Rowling or Mrs. Ho.", None),
        ("It is 3.5 per cent, e.g. today.", None),
        ("He said “stop.” Then he left.", ["He said “stop.”", "Then he left."]),
        ("A first line\nof two\n\nand a paragraph", ["A first line of two", "and a paragraph"]),
    ],
)
def test_a_plain_text_is_parted_at_the_ends_of_sentences(
    text: str, expected: list[str] | None
) -> None:
    assert [sentence.spoken for sentence in sentences(text)] == (expected or [text])


def test_marks_pause_and_spell() -> None:
    text = (
        "Your code is [digits 47 11]. [pause 0.5s]Call [telephone +49 (30) 12], [characters a1]"
    )
    assert outline(text) == [
        ("Your code is 4, 7, 1, 1.", 500),
        ("Call plus, 4, 9, 3, 0, 1, 2, A, 1", 0),
    ]
    assert sentences(text)[0].text == "Your code is 4 7 1 1."


def test_other_brackets_are_text() -> None:
    assert outline("As [noted] in [pause] there") == [("As [noted] in [pause] there", 0)]


SSML = """<?xml version="1.0"?>
<speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-US">
  <p><s>Fish &amp; chips</s><s>Two</s></p>
  Your code: <say-as interpret-as="digits">42</say-as>.
  <prosody rate="slow">Slow, <prosody rate="120%">less slow</prosody></prosody>
  <break time="300ms"/><break strength="weak"/> Bye<break/>
</speak>"""


def test_the_common_subset_of_ssml() -> None:
    assert sentences(SSML) == [
        *sentences("Fish & chips"),
        Sentence(words=sentences("Two")[0].words, pause_ms=400),
        *sentences("Your code: [digits 42]."),
        Sentence(words=sentences("Slow,")[0].words, rate=0.75),
        Sentence(words=sentences("less slow")[0].words, rate=0.9, pause_ms=550),
        Sentence(words=sentences("Bye")[0].words, pause_ms=500),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<speak>a<audio src='x'/></speak>", "line 1, column 9: <audio> is not spoken"),
        ("<speak>a\n <break time='x'/></speak>", "line 2, column 2: 'x' is no time"),
        ("<speak><break time='11s'/>a</speak>", "column 8: A pause of 11000 ms is too long"),
        ("<speak><break strength='so'/>a</speak>", "the strength 'so' is not one of"),
        ("<speak>a", "line 1, column 9: no element found"),
        ("<speak>a</p></speak>", "mismatched tag"),
        ("<speak>&foo;</speak>", "undefined entity"),
        ("<speak/>", "nothing to say"),
        ("<speaker>a</speaker>", "one <speak> is around all others"),
        ("<speak><say-as interpret-as='digits'>4x</say-as></speak>", "column 8: '4x' cannot"),
        ("<speak><say-as interpret-as='date'>4</say-as></speak>", "'date' is not one of"),
        ("<speak><say-as interpret-as='digits'><s/></say-as></speak>", "cannot stand in"),
        ("<speak><prosody rate='warp'>a</prosody></speak>", "The rate 'warp' is not known"),
        ("<speak>\ud800</speak>", "surrogate"),
        ("Code [digits abc]", "Character 6 of the text: 'abc' cannot be said as digits"),
        ("[pause soon] Hello", "Character 1 of the text: 'soon' is no time"),
        (" \n ", "nothing to say"),
        ("a" * (LONGEST + 1), "too long"),
    ],
)
def test_what_cannot_be_said_is_told_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        sentences(text)
    assert reason in str(refused.value)


BOMB = """<!DOCTYPE speak [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY file SYSTEM "file:///etc/passwd">]><speak>&b;&file;</speak>"""


def test_a_document_can_neither_grow_nor_fetch() -> None:
    with pytest.raises(InvalidInput, match="a document type is not allowed"):
        sentences(BOMB)


@pytest.mark.parametrize("text", ["word, " * 200, "word " * 200, f"[digits {'1' * 500}]"])
def test_a_long_sentence_is_parted(text: str) -> None:
    found = sentences(text)
    assert len(found) > 2
    assert all(len(sentence.spoken) <= LONGEST_SENTENCE for sentence in found)
    assert sum(len(sentence.words) for sentence in found) in (200, 500)


@given(st.text(max_size=80))
def test_any_text_is_said_or_refused(text: str) -> None:
    try:
        found = sentences(text)
    except InvalidInput:
        return
    assert any(sentence.words for sentence in found)


@given(st.text(alphabet="<>/speakbr =\"'&;! [digts]", max_size=60))
def test_any_document_is_said_or_refused(text: str) -> None:
    try:
        sentences(f"<speak>{text}</speak>")
    except InvalidInput:
        return
