"""What was said in a call, line by line: final where it is, and what is being said now."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import msgspec

from workbench import events as ev
from workbench.events.speech import Track
from workbench.tables import html_table, legible

COLUMNS = (
    "call_id", "listening", "utterance", "track", "start_ms", "end_ms", "at", "text",
    "confidence", "provider", "provider_version",
)  # fmt: skip


SILENCE = "Nothing was said, or nobody listened."


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance."""

    utterance: str
    track: Track
    text: str
    """Empty for a noise, and for speech of which no word is known yet."""
    start_ms: int
    end_ms: int | None
    """On the leg's audio clock; None while it goes on."""
    final: bool
    words: tuple[ev.Word, ...] = ()
    confidence: float | None = None

    def __str__(self) -> str:
        """Say who said what, and when."""
        seconds, who = self.start_ms / 1000, "far end" if self.track == "received" else "us"
        return f"{seconds:7.2f}s  {who}: {legible(self.text)}{'' if self.final else ' …'}"


class Transcript(Sequence[Line]):
    """The utterances of a call in the order of their beginnings; noises are left out."""

    def __init__(self, history: Iterable[ev.Event]) -> None:
        """Fold the events so far."""
        self._lines = [line for line in lines(history) if line.text]

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        """Return a line, or some of them."""
        return self._lines[index]

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    def text(self, track: Track | None = None) -> str:
        """Return all that was said, or all of one direction, as one text."""
        return " ".join(line.text for line in self._lines if track in (None, line.track))

    def __str__(self) -> str:
        """Put a line for each utterance."""
        return "\n".join(map(str, self._lines)) or SILENCE

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self._lines:
            return f"<p>{SILENCE}</p>"
        body = [
            (
                f"{line.start_ms / 1000:.2f} s",
                "far end" if line.track == "received" else "us",
                line.text if line.final else f"{line.text} …",
            )
            for line in self._lines
        ]
        return html_table(("at", "who", "said"), body)


def lines(history: Iterable[ev.Event]) -> Iterator[Line]:
    """Yield every utterance of a history, as it stands with its last event."""
    told: dict[str, dict[str, Any]] = {}
    for event in history:
        if isinstance(event, _TOLD):
            known = told.setdefault(event.utterance, {"text": "", "end_ms": None})
            known |= {name: getattr(event, name) for name in _FIELDS if hasattr(event, name)}
            known["final"] = isinstance(event, ev.TranscriptFinal)
            if isinstance(event, ev.TranscriptUpdated):
                known["end_ms"] = None
    for known in sorted(told.values(), key=lambda line: int(line["start_ms"])):
        yield Line(**known)


_TOLD = ev.SpeechStarted | ev.TranscriptUpdated | ev.SpeechEnded | ev.TranscriptFinal
_FIELDS = (
    "utterance", "track", "text", "start_ms", "end_ms", "words", "confidence",
)  # fmt: skip


def transcript_rows(history: Iterable[ev.Event]) -> Iterator[dict[str, Any]]:
    """Yield a row of `COLUMNS` for each final utterance, noises included."""
    for event in history:
        if isinstance(event, ev.TranscriptFinal):
            yield {name: getattr(event, name) for name in COLUMNS}
