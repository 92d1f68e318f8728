"""What must not be stored of what is said: card and telephone numbers, names, other words.

Pure: a text in, the same text with labels (`[card]`) out. `Redactor` does it for the
transcripts of a call, where a number may go on from one utterance to the next.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import phonenumbers

from workbench import events as ev
from workbench.errors import InvalidInput
from workbench.spoken_digits import Run, runs

CARD, PHONE, NAME, WORD, DIGITS = "[card]", "[phone]", "[name]", "[word]", "[digits]"
CARD_DIGITS = range(13, 20)
"""ISO/IEC 7812-1 allows for 19 digits; cards that are in use have 13 at least."""
USUAL_CARD_DIGITS = 16
LEAST_PHONE_DIGITS = 7
MOST_DIGITS = 6
"""PCI DSS 4.0, requirement 3.4.1: the first six digits of a card may be shown."""
SHORTEST_NAME = 3
"""Letters of a part of a name that is hidden by itself."""
PAUSE_MS = 2000
"""Between two utterances, within which a number may go on."""

_WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
"""Letters and digits, with accents that are characters of their own."""


class Span(NamedTuple):
    """A part of a text, and what stands there instead."""

    start: int
    end: int
    label: str


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """What is hidden in texts, and how it is found."""

    cards: bool = True
    """13 to 19 digits that satisfy Luhn's formula, in figures or in words."""
    phones: bool = True
    """Numbers that may be telephone numbers, with a plus or as in `region`."""
    region: str = ""
    """ISO 3166 code of the country whose numbers need no plus, as `GB`."""
    names: tuple[str, ...] = ()
    """Names: all of one, and each part of it that has at least three letters."""
    words: tuple[str, ...] = ()
    """Other words and phrases."""
    most_digits: int | None = MOST_DIGITS
    """The longest number that is shown, whatever it is; None for any that is neither card nor
    telephone number. A recogniser mishears digits, and people pause within numbers."""

    def __post_init__(self) -> None:
        """Refuse what would hide nothing by mistake.

        Raises:
            InvalidInput: a text where a tuple is meant, a country or a length that is none.
        """
        for field in ("names", "words"):
            given: Any = getattr(self, field)
            if isinstance(given, str) or not all(isinstance(each, str) for each in given):
                raise InvalidInput(
                    f"`{field}` is a tuple of texts, not {type(given).__name__}."
                )
        if self.region and self.region.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise InvalidInput(f"`region` is a country's code, as GB, not {self.region!r}.")
        if self.most_digits is not None and self.most_digits < 0:
            raise InvalidInput(f"`most_digits` is 0 or more, not {self.most_digits!r}.")

    def __repr__(self) -> str:
        """Tell how much is hidden, and none of it."""
        return f"<Redaction of {', '.join(self.labels)}>"

    @property
    def labels(self) -> tuple[str, ...]:
        """What may stand instead of what is said."""
        kinds = (
            (CARD, self.cards), (PHONE, self.phones), (NAME, self.names), (WORD, self.words),
            (DIGITS, self.cards or self.phones or self.most_digits is not None),
        )  # fmt: skip
        return tuple(label for label, wanted in kinds if wanted)

    def text(self, text: str, before: str = "") -> str:
        """Return a text with labels; `before` are digits that were said just before it."""
        shown, at = "", 0
        for span in self.spans(text, before):
            shown += text[at : span.start] + span.label
            at = span.end
        return shown + text[at:]

    def heard(self, words: Sequence[ev.Word], before: str = "") -> tuple[ev.Word, ...]:
        """Return words with a label in place of each group that is hidden, at its time."""
        text = " ".join(word.text for word in words)
        ends, at = [], 0
        for word in words:
            at += len(word.text)
            ends.append(at)
            at += 1
        found = self.spans(text, before)
        return tuple(_labelled(words, ends, found))

    def spans(self, text: str, before: str = "") -> list[Span]:
        """Return what is hidden of a text, in order."""
        hidden = [*self._numbers(text, before), *self._phrases(text)]
        return _apart(sorted(hidden, key=lambda span: (span.start, -span.end)))

    def _numbers(self, text: str, before: str) -> Iterator[Span]:
        for run in runs(text):
            said = before + run.digits if run.first else run.digits
            if label := self._label(run, said):
                start = run.start - 1 if text[run.start - 1 : run.start] == "+" else run.start
                yield Span(start, run.end, label)

    def _label(self, run: Run, said: str) -> str:
        if self.cards and is_card(said):
            return CARD
        if self.phones and self._is_phone(run):
            return PHONE
        return DIGITS if len(said) > self._shown else ""

    @property
    def _shown(self) -> int:
        """Return how many digits may be shown; a longer number is a card misheard."""
        if self.most_digits is not None:
            return self.most_digits
        return CARD_DIGITS[0] - 1 if self.cards else 1 << 30

    def _is_phone(self, run: Run) -> bool:
        if len(run.digits) < LEAST_PHONE_DIGITS:
            return False
        written = f"+{run.digits}" if run.plus else run.digits
        if not run.plus and not self.region:
            return False
        try:
            number = phonenumbers.parse(written, self.region.upper() or None)
        except phonenumbers.NumberParseException:
            return False
        return phonenumbers.is_possible_number(number)

    def _phrases(self, text: str) -> Iterator[Span]:
        found = list(_WORD.finditer(text))
        folded = [fold(each[0]) for each in found]
        for label, phrases in ((NAME, self._all_names()), (WORD, map(_folded, self.words))):
            for phrase in phrases:
                for at in range(len(folded) - len(phrase) + 1):
                    if phrase and folded[at : at + len(phrase)] == phrase:
                        last = found[at + len(phrase) - 1]
                        yield Span(found[at].start(), last.end(), label)

    def _all_names(self) -> Iterator[list[str]]:
        for name in self.names:
            parts = _folded(name)
            yield parts
            yield from ([part] for part in parts if len(part) >= SHORTEST_NAME)


def as_redaction(redaction: Any) -> Redaction:
    """Return a redaction that was given, or refuse what is none.

    Raises:
        InvalidInput: it is none; what to give instead.
    """
    if isinstance(redaction, Redaction):
        return redaction
    message = f"`redact` is a Redaction, as `Redaction(names=(…,))`, not {type(redaction)}."
    raise InvalidInput(message)


class Redactor:
    """Redacts the transcripts of one listening, before they become events."""

    def __init__(self, redaction: Redaction) -> None:
        """Begin with nothing said."""
        self._redaction = redaction
        self._said: dict[str, tuple[str, int]] = {}
        """The digits at the end of what was said last on a track, and when it ended."""

    def fields(self, kind: type[ev.Event], fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of an event to be, with labels in their texts."""
        if kind is ev.TranscriptUpdated:
            return {
                **fields,
                "text": self._redaction.text(fields["text"], self._before(fields)),
            }
        if kind is ev.TranscriptFinal:
            return self._final(fields)
        if kind is ev.TurnEnded:
            return {**fields, "text": self._redaction.text(fields["text"])}
        if kind is ev.ListeningStarted:
            return {**fields, "labels": self._redaction.labels}
        if kind is ev.RecognitionFailed:
            return {**fields, "error": self._redaction.text(fields["error"])}
        return fields

    def _final(self, fields: dict[str, Any]) -> dict[str, Any]:
        text, before = fields["text"], self._before(fields)
        if text.strip():
            self._said[fields["track"]] = _left_open(text, before), fields["end_ms"]
        words = self._redaction.heard(fields.get("words", ()), before)
        return {**fields, "text": self._redaction.text(text, before), "words": words}

    def _before(self, fields: dict[str, Any]) -> str:
        digits, ended_ms = self._said.get(fields["track"], ("", 0))
        return digits if fields["start_ms"] - ended_ms <= PAUSE_MS else ""


def is_card(digits: str) -> bool:
    """Tell whether digits are a card number, or hold one of the usual length."""
    if len(digits) in CARD_DIGITS and satisfies_luhn(digits):
        return True
    starts = range(len(digits) - USUAL_CARD_DIGITS + 1)
    return any(satisfies_luhn(digits[at : at + USUAL_CARD_DIGITS]) for at in starts)


def satisfies_luhn(digits: str) -> bool:
    """Tell whether the last digit is the others' check digit (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def fold(word: str) -> str:
    """Return a word without case and accents, by which it is compared."""
    parted = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in parted if not unicodedata.combining(character))


def _folded(phrase: str) -> list[str]:
    return [fold(word) for word in _WORD.findall(phrase)]


def _left_open(text: str, before: str) -> str:
    """Return the digits at the end of a text, with those before it when it is all digits."""
    found = runs(text)
    if not found or not found[-1].last:
        return ""
    said = found[-1].digits
    return (before + said if found[-1].first else said)[-2 * CARD_DIGITS[-1] :]


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Join spans that overlap; the first one's label stands for all."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = last._replace(end=max(last.end, span.end))
        else:
            joined.append(span)
    return joined


def _labelled(
    words: Sequence[ev.Word], ends: Sequence[int], spans: Sequence[Span]
) -> Iterator[ev.Word]:
    waiting, group = deque(spans), list[ev.Word]()
    open_span: Span | None = None
    for word, end in zip(words, ends, strict=True):
        start = end - len(word.text)
        if open_span is None or start >= open_span.end:
            if group and open_span is not None:
                yield _as_one(group, open_span.label)
            group = []
            while waiting and waiting[0].end <= start:
                waiting.popleft()
            open_span = waiting[0] if waiting and waiting[0].start < end else None
        if open_span is None:
            yield word
        else:
            group.append(word)
    if group and open_span is not None:
        yield _as_one(group, open_span.label)


def _as_one(words: Sequence[ev.Word], label: str) -> ev.Word:
    return ev.Word(text=label, start_ms=words[0].start_ms, end_ms=words[-1].end_ms)
