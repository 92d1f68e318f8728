"""What words stand for: digits that are spelt out, yes and no, one of several choices.

All of it is pure: the same words give the same answer in every replay.
"""

import re
from collections.abc import Mapping, Sequence

YES_OR_NO: Mapping[str, Sequence[str]] = {
    "yes": ("yes", "yeah", "yep", "yup", "sure", "okay", "ok", "correct", "right", "1"),
    "no": ("no", "nope", "nah", "wrong", "not right", "not correct", "2"),
}
"""Both answers, and what stands for them."""

_DIGITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "one": "1", "two": "2", "three": "3",
    "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "star": "*",
    "asterisk": "*", "pound": "#", "hash": "#",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3}


def words_of(text: str) -> list[str]:
    """Return the words of a text, small and without punctuation."""
    return re.findall(r"[\w*#']+", text.casefold())


def digits_in(text: str) -> str:
    """Return the digits among the words of a text, as in `it is one two double three`."""
    digits, times = "", 1
    for word in words_of(text):
        digits += _digits_of(word) * times
        times = _TIMES.get(word, 1)
    return digits


def spoken_digits(text: str) -> str:
    """Return the digits that a text spells out; "" when it says anything else.

    An `accept` of `gather`: speech of other words is no match.
    """
    others = [word for word in words_of(text) if not _digits_of(word) and word not in _TIMES]
    return "" if others else digits_in(text)


def chosen(answer: str, phrases: Mapping[str, Sequence[str]]) -> str | None:
    """Return the one choice whose longest phrase is in the answer; None for none or several."""
    said = words_of(answer)
    lengths = {
        choice: max((_length_in(said, words_of(phrase)) for phrase in each), default=0)
        for choice, each in phrases.items()
    }
    longest = max(lengths.values(), default=0)
    found = [choice for choice, length in lengths.items() if length == longest]
    return found[0] if longest and len(found) == 1 else None


def _digits_of(word: str) -> str:
    return _DIGITS.get(word, word if re.fullmatch(r"[0-9*#]+", word) else "")


def _length_in(said: list[str], phrase: list[str]) -> int:
    length = len(phrase)
    starts = range(len(said) - length + 1)
    return length if any(said[start : start + length] == phrase for start in starts) else 0
