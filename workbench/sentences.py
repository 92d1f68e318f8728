"""Cuts a text that comes bit by bit into sentences, spoken as soon as they are whole."""

import re
from collections.abc import Iterator

LONGEST = 240
"""Characters without the end of a sentence, after which it is cut at a comma or a space."""

_END = re.compile(r"[.!?…][\"\u201d\u2019')]*\s+|\n+")
_NO_END = re.compile(
    r"(?:^|[\s(\"\u201c])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|No|vs|etc|e\.g|i\.e|\d+)\.$"
)
_WRITTEN_ONLY = re.compile(r"[*_`#<>\[\]{}|~]|https?://\S+|^\s*[-•]\s+", re.MULTILINE)


class SentenceCutter:
    """Holds what is no whole sentence yet."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rest = ""

    def feed(self, text: str) -> Iterator[str]:
        """Yield the sentences that are whole now, as they are to be spoken."""
        self._rest += text
        while (end := self._end()) is not None:
            sentence, self._rest = self._rest[:end], self._rest[end:]
            yield from speakable(sentence)

    def finish(self) -> Iterator[str]:
        """Yield what is left."""
        sentence, self._rest = self._rest, ""
        yield from speakable(sentence)

    def _end(self) -> int | None:
        for found in _END.finditer(self._rest):
            if not _NO_END.search(self._rest[: found.end()].rstrip()):
                return found.end()
        if len(self._rest) <= LONGEST:
            return None
        places = [self._rest.rfind(sign, 1, LONGEST) for sign in (", ", " ")]
        return next((place + 1 for place in places if place > 0), LONGEST)


def speakable(text: str) -> Iterator[str]:
    """Yield a text without what is only for the eye; nothing where no word is left."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    spoken = " ".join(_WRITTEN_ONLY.sub(" ", shown).split())
    if any(sign.isalnum() for sign in spoken):
        yield spoken
