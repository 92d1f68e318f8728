"""When somebody who fell silent has said what they wanted to say: by silence and words."""

UNFINISHED = frozenset({
    "a", "an", "and", "are", "as", "at", "because", "but", "by", "can", "could", "for",
    "from", "if", "in", "is", "it's", "i'm", "like", "my", "of", "or", "so", "that", "the",
    "their", "then", "to", "um", "uh", "er", "was", "we", "were", "what", "when", "where",
    "which", "who", "with", "would", "your",
})  # fmt: skip
"""Words that a sentence seldom ends with."""


class RuleOfSilence:
    """Waits a little after each utterance, and longer where its words want another."""

    def __init__(self, *, after_ms: int = 0, unfinished_ms: int = 1000) -> None:
        """Wait `after_ms` more, or `unfinished_ms` after a word that nobody ends with."""
        self._after_ms, self._unfinished_ms = after_ms, unfinished_ms

    def wait_ms(self, text: str) -> int:
        """Return how much more silence to wait for, once an utterance has ended."""
        last = text.lower().rstrip(" ").rpartition(" ")[2]
        hanging = last.endswith((",", "...", "…", "-")) or last.strip(".,") in UNFINISHED
        return (
            self._unfinished_ms
            if hanging and not last.endswith(("?", "!"))
            else (self._after_ms)
        )
