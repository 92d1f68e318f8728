"""Digits as people say and write them: `4111 1111`, `four one double one`, `forty-one eleven`.

English words, and the digits of any script. What stands between digits without meaning
anything (blanks, hyphens, "um") does not part them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
_TENS = {
    "twenty": "2", "thirty": "3", "forty": "4", "fourty": "4", "fifty": "5", "sixty": "6",
    "seventy": "7", "eighty": "8", "ninety": "9",
}  # fmt: skip
_WORDS = {
    **{word: str(value) for value, word in enumerate(_UNITS)},
    **{word: str(value) for value, word in enumerate(_TEENS, 10)},
    **dict.fromkeys(("oh", "o", "nought", "naught", "nil", "null"), "0"),
    "niner": "9", "hundred": "00", "thousand": "000",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_ALIKE = {"for": "4", "fore": "4", "to": "2", "too": "2", "won": "1", "ate": "8", "tree": "3"}
"""What a recogniser may write for a digit: taken for one between two others."""
_FILLERS = frozenset({
    "uh", "um", "uhm", "er", "erm", "hmm", "ah", "and", "then", "dash", "hyphen", "minus",
    "space", "blank", "dot", "point",
})  # fmt: skip
_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
_JOINING = frozenset({"-", ",", "\N{HYPHEN}", "\N{NON-BREAKING HYPHEN}"})
"""Marks that may stand between two words of one number."""
_PARTING = frozenset('!?;()[]{}<>"=')
"""Marks that end a number, where others (comma, dot, hyphen, slash) may lie within."""


class Run(NamedTuple):
    """Digits that follow one another in a text."""

    start: int
    end: int
    digits: str
    plus: bool
    """Whether a plus stands before them."""
    first: bool = False
    """Whether nothing but fillers stands before them in the text."""
    last: bool = False
    """Whether nothing but fillers follows them."""


class _Part(NamedTuple):
    start: int
    end: int
    word: str
    digits: str


def runs(text: str) -> list[Run]:
    """Return the digits of a text, run by run."""
    groups: list[list[int]] = [[]]
    parts = list(_parts(text))
    for at, part in enumerate(parts):
        if part.digits:
            groups[-1].append(at)
        elif groups[-1] and not _lies_within(part):
            groups.append([])
    groups = [group for group in groups if group]
    if not groups:
        return []
    found = [_run(parts, group) for group in groups]
    first = all(map(_lies_within, parts[: groups[0][0]]))
    last = all(map(_lies_within, parts[groups[-1][-1] + 1 :]))
    found[0] = found[0]._replace(first=first)
    found[-1] = found[-1]._replace(last=last)
    return found


def _run(parts: list[_Part], group: list[int]) -> Run:
    return Run(
        start=parts[group[0]].start,
        end=parts[group[-1]].end,
        digits="".join(parts[at].digits for at in group),
        plus=group[0] > 0 and parts[group[0] - 1].word in ("+", "plus"),
    )


def _lies_within(part: _Part) -> bool:
    if part.word[0].isalpha():
        return part.word in _FILLERS
    return part.word not in _PARTING


def _parts(text: str) -> Iterator[_Part]:
    """Give the tokens of a text, with the digits that each stands for."""
    found = list(_TOKEN.finditer(text))
    words = [each[0].casefold() for each in found]
    plain = [_plain(word) for word in words]
    for at, word in enumerate(words):
        yield _Part(found[at].start(), found[at].end(), word, _digits(at, words, plain))


def _plain(word: str) -> str:
    if word.isdecimal():
        return "".join(str(int(digit)) for digit in word)
    return _WORDS.get(word) or (_TENS[word] + "0" if word in _TENS else "")


def _digits(at: int, words: list[str], plain: list[str]) -> str:
    word = words[at]
    beside = _neighbour(at, words, 1)
    after = plain[beside] if beside is not None else ""
    if word in _TENS:  # "forty one" is 41, "forty" alone 40
        return _TENS[word] if _is_unit(after) else plain[at]
    if word in _TIMES:
        return after * (_TIMES[word] - 1) if len(after) == 1 else ""
    if word in _ALIKE:
        behind = _neighbour(at, words, -1)
        before = plain[behind] if behind is not None else ""
        return _ALIKE[word] if before and after else ""
    return plain[at]


def _is_unit(digits: str) -> bool:
    return len(digits) == 1 and digits != "0"


def _neighbour(at: int, words: list[str], step: int) -> int | None:
    """Return where the next word is, over a hyphen or a comma."""
    beside = at + step
    if 0 <= beside < len(words) and words[beside] in _JOINING:
        beside += step
    return beside if 0 <= beside < len(words) else None
