"""Digits in what people say: figures, words, and what stands between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.spoken_digits import runs

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("four one one one", "4111"),
        ("4111 1111", "41111111"),
        ("4111-1111, 22.", "4111111122"),
        ("forty one eleven", "4111"),
        ("forty-one, eleven", "4111"),
        ("forty", "40"),
        ("twenty twenty", "2020"),
        ("double four triple one", "44111"),
        ("oh seven nought o", "0700"),
        ("two thousand five hundred", "2000500"),
        ("four uh one um, one dash one", "4111"),
        ("Four ONE", "41"),
        ("one for two", "142"),
        ("one to one", "121"),
        ("٤١١", "411"),
        ("\N{FULLWIDTH DIGIT FOUR}1", "41"),
    ],
)
def test_one_run(said: str, digits: str) -> None:
    (run,) = runs(said)
    assert run.digits == digits


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("press 1 for sales, 2 for service", ["1", "2"]),
        ("is it 12? no, 13!", ["12", "13"]),
        ("for you", []),
        ("double trouble", []),
        ("", []),
        ("one of two", ["1", "2"]),
    ],
)
def test_words_part_them(said: str, digits: list[str]) -> None:
    assert [run.digits for run in runs(said)] == digits


def test_it_knows_where_a_run_lies_and_whether_more_may_belong_to_it() -> None:
    (run,) = runs("uh, + four one.")
    assert (run.start, run.end, run.plus, run.first, run.last) == (6, 14, True, True, True)
    first, last = runs("12 and so on 34 please")
    assert (first.first, first.last, last.first, last.last) == (True, False, False, False)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_every_digit_that_is_said_as_a_word_is_found(digits: list[int]) -> None:
    (run,) = runs(" ".join(UNITS[digit] for digit in digits))
    assert run.digits == "".join(map(str, digits))


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    for run in runs(text):
        assert run.digits.isdecimal()
        assert 0 <= run.start < run.end <= len(text)
