"""What is hidden of what is said, and what is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import events as ev
from workbench.errors import InvalidInput
from workbench.redaction import Redaction, Redactor, as_redaction, is_card, satisfies_luhn
from workbench.spoken_digits import runs

CARDS = ("4111111111111111", "5555555555554444", "378282246310005", "6011000990139424")
UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ONLY_CARDS = Redaction(phones=False, most_digits=None)


def in_words(digits: str) -> str:
    return " ".join(UNITS[int(digit)] for digit in digits)


def in_groups(digits: str, by: str) -> str:
    return by.join(digits[at : at + 4] for at in range(0, len(digits), 4))


@pytest.mark.parametrize("card", CARDS)
def test_a_card_is_hidden_however_it_is_written(card: str) -> None:
    written = [card, in_words(card), *(in_groups(card, by) for by in (" ", "-", ", ", " uh "))]
    for each in written:
        assert ONLY_CARDS.text(f"it is {each}, thanks") == "it is [card], thanks"


def test_what_is_no_card_is_a_number_too_long_to_be_shown() -> None:
    assert not satisfies_luhn("4111111111111112")
    assert Redaction(phones=False).text("4111 1111 1111 1112") == "[digits]"
    assert ONLY_CARDS.text("4111 1111 1111 1112") == "[digits]"
    assert ONLY_CARDS.text("account 123456789012") == "account 123456789012"


def test_a_card_with_its_date_and_code_is_one() -> None:
    assert is_card("4111111111111111" + "1225" + "123")
    assert Redaction().text("4111 1111 1111 1111 12 25 123") == "[card]"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("my code is 4711", "my code is 4711"),
        ("press one for sales", "press one for sales"),
        ("it is one two three four five six", "it is one two three four five six"),
        ("it is one two three four five six seven", "it is [digits]"),
        ("call +44 20 7946 0958 now", "call [phone] now"),
        ("plus four four two oh seven nine four six oh nine five eight", "plus [phone]"),
    ],
)
def test_short_numbers_are_shown(said: str, shown: str) -> None:
    assert Redaction().text(said) == shown


def test_numbers_of_a_country_need_no_plus() -> None:
    at_home = Redaction(region="gb", most_digits=None)
    assert at_home.text("oh two oh seven nine four six oh nine five eight") == "[phone]"
    assert Redaction(most_digits=None).text("020 7946 0958") == "020 7946 0958"


def test_names_are_hidden_whole_and_in_parts() -> None:
    redaction = Redaction(names=("Ada King Noël", "X"), words=("project blue",))
    assert (
        redaction.text("Ada king noel's, ADA and Noe\u0308l") == "[name]'s, [name] and [name]"
    )
    assert redaction.text("Adam, kingdom, Xe and x") == "Adam, kingdom, Xe and [name]"
    assert (
        redaction.text("the Project Blue of a blue project") == "the [word] of a blue project"
    )


def test_words_that_are_hidden_are_one_word_in_their_place() -> None:
    said = ["my", "card", *in_words(CARDS[0]).split(), "thanks", "Ann"]
    words = [ev.Word(text=text, start_ms=n * 100, end_ms=n * 100 + 90, confidence=0.5)
             for n, text in enumerate(said)]  # fmt: skip
    heard = Redaction(names=("Ann",)).heard(words)
    assert [word.text for word in heard] == ["my", "card", "[card]", "thanks", "[name]"]
    assert (heard[2].start_ms, heard[2].end_ms) == (200, 1790)
    assert heard[3] == words[18]
    assert Redaction().heard(()) == ()


@given(st.text(alphabet="0123456789 -,.abc"))
def test_what_is_left_holds_no_long_number(text: str) -> None:
    left = Redaction().text(text)
    assert all(len(run.digits) <= 6 for run in runs(left))
    assert Redaction().text(left) == left


def said(text: str, at_ms: int, kind: type[ev.Event] = ev.TranscriptFinal) -> Any:
    fields = {"text": text, "track": "received", "start_ms": at_ms, "end_ms": at_ms + 900}
    return kind, fields


def test_a_number_that_goes_on_after_a_pause_is_hidden_from_the_seventh_digit() -> None:
    redactor = Redactor(Redaction())
    groups = zip((0, 1500, 3000, 4500), in_groups(CARDS[0], " ").split(), strict=True)
    texts = [redactor.fields(*said(group, at))["text"] for at, group in groups]
    assert texts == ["4111", "[digits]", "[digits]", "[card]"]


def test_a_number_said_later_is_another() -> None:
    redactor = Redactor(Redaction())
    texts = [redactor.fields(*said("4711", at))["text"] for at in (0, 5000)]
    assert texts == ["4711", "4711"]
    assert redactor.fields(*said("that was it", 6000))["text"] == "that was it"
    assert redactor.fields(*said("4711", 7000))["text"] == "4711"


def test_a_noise_within_a_number_does_not_part_it() -> None:
    redactor = Redactor(Redaction())
    texts = [redactor.fields(*said(text, at))["text"]
             for text, at in (("4111", 0), ("", 950), ("1111", 2000))]  # fmt: skip
    assert texts == ["4111", "", "[digits]"]


def test_the_other_direction_is_another_story() -> None:
    redactor = Redactor(Redaction())
    redactor.fields(*said("4111", 0))
    kind, fields = said("1111", 1000)
    assert redactor.fields(kind, {**fields, "track": "sent"})["text"] == "1111"


@pytest.mark.parametrize("card", CARDS)
def test_no_partial_shows_more_than_the_first_six(card: str) -> None:
    redactor = Redactor(Redaction())
    words = in_words(card).split()
    shown = [
        redactor.fields(*said(" ".join(words[:count]), 0, ev.TranscriptUpdated))["text"]
        for count in range(1, len(words) + 1)
    ]
    assert shown[5] == in_words(card[:6])
    assert {text.strip("[]") for text in shown[6:]} <= {"digits", "card"}


def test_turns_and_failures_are_redacted_too() -> None:
    redactor = Redactor(Redaction())
    assert redactor.fields(*said("4111 1111 1111 1111", 0, ev.TurnEnded))["text"] == "[card]"
    error = {"error": "cannot make out 4111 1111 1111 1111", "provider": "p"}
    assert redactor.fields(ev.RecognitionFailed, error)["error"] == "cannot make out [card]"
    assert redactor.fields(ev.SpeechStarted, {"track": "sent"}) == {"track": "sent"}


def test_a_redaction_tells_nothing_of_what_it_hides() -> None:
    assert repr(Redaction(names=("Ann",))) == "<Redaction of [card], [phone], [name], [digits]>"


@pytest.mark.parametrize(
    "wrong", [{"names": "Ann"}, {"words": (5,)}, {"region": "Wales"}, {"most_digits": -1}]
)
def test_what_would_hide_nothing_by_mistake_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        Redaction(**wrong)
    with pytest.raises(InvalidInput, match="Redaction"):
        as_redaction("all of it")


@pytest.mark.slow
def test_a_long_text_takes_no_long_time() -> None:
    assert Redaction(names=("Ann",)).text("1 a " * 20_000).count("1") == 20_000
