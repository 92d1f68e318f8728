"""What an answer may be: choices that words and keys stand for, and spoken digits.

All of it is pure, so that a flow takes the same answer in every replay.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.control.desk import is_text
from workbench.errors import InvalidInput

Accept = Callable[[str], Any] | Mapping[str, Sequence[str]] | Sequence[str]
"""A function of the digits or words, choices, or the phrases and keys of each choice."""

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


def spoken_digits(text: str) -> str:
    """Return the digits that a text spells out, as in `one two double three`; "" if others.

    An `accept` of `gather`: speech of other words is no match.
    """
    digits, times = "", 1
    for word in words_of(text):
        if word in _TIMES:
            times = _TIMES[word]
            continue
        digit = _DIGITS.get(word, word if re.fullmatch(r"[0-9*#]+", word) else "")
        if not digit:
            return ""
        digits, times = digits + digit * times, 1
    return digits


def as_judge(accept: Any) -> Callable[[str], Any] | None:
    """Return the function that `accept` stands for; None takes any answer.

    Raises:
        InvalidInput: it is none of what it may be.
    """
    if accept is None or callable(accept):
        judge: Callable[[str], Any] | None = accept
        return judge
    phrases = _phrases(accept)
    if not phrases or not all(map(_are_texts, (list(phrases), *phrases.values()))):
        message = f"`accept` is a function, choices, or phrases by choice, not {accept!r}."
        raise InvalidInput(message)
    return lambda answer: chosen(answer, phrases)


def _phrases(accept: Any) -> dict[Any, Any]:
    if isinstance(accept, Mapping):
        return dict(accept)
    listed = isinstance(accept, Sequence) and not is_text(accept)
    return {choice: [choice] for choice in accept} if listed else {}


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


def _length_in(said: list[str], phrase: list[str]) -> int:
    length = len(phrase)
    starts = range(len(said) - length + 1)
    return length if any(said[start : start + length] == phrase for start in starts) else 0


def _are_texts(phrases: Any) -> bool:
    listed = isinstance(phrases, Sequence) and not is_text(phrases)
    return listed and bool(phrases) and all(map(is_text, phrases))
