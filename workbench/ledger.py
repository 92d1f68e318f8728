"""The ledger of what was heard: the words of a prompt that left on the wire whole.

A word that was cut, muted, or sent to a far end that held us is not heard.
"""

from collections.abc import Iterable, Sequence

from workbench.events import PromptFinished, PromptPrepared, PromptWord

Span = tuple[int, int, int]
"""From and to which millisecond of the prompt, and where on the leg's audio clock."""


class Ledger:
    """What was said in a call, and what of it the far end heard; folded from its events."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.heard: list[str] = []
        """The heard words of each spoken prompt that is over, where there are any."""
        self._words: dict[str, list[PromptWord]] = {}

    def prepared(self, event: PromptPrepared) -> None:
        """Take note of the words of a prompt, or of a part of it."""
        self._words.setdefault(event.prompt, []).extend(event.words)

    def finished(self, event: PromptFinished) -> None:
        """Take note of what was heard of a prompt."""
        self._words.pop(event.prompt, None)
        if event.heard:
            self.heard.append(event.heard)

    def heard_of(self, prompt: str, spans: Sequence[Span]) -> str:
        """Return the words of a prompt that left whole."""
        return heard_text(self._words.get(prompt, ()), spans)


def heard_words(words: Iterable[PromptWord], spans: Sequence[Span]) -> list[PromptWord]:
    """Return the words that lie in what was heard, whole, in their order."""
    stretches = _joined(spans)
    return [
        word
        for word in words
        if any(start <= word.start_ms and word.end_ms <= end for start, end in stretches)
    ]


def heard_text(words: Iterable[PromptWord], spans: Sequence[Span]) -> str:
    """Return what was heard, as text."""
    return " ".join(word.text for word in heard_words(words, spans))


def _joined(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Join stretches that follow each other: a pause between two parts cuts no word."""
    joined: list[tuple[int, int]] = []
    for start, end, _ in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined
