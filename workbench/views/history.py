"""A history as people read it: a table in a notebook, lines on a terminal."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, overload

from workbench import events as ev
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.store.call_file import read_call, write_call
from workbench.tables import html_table, legible
from workbench.views.wording import in_words

SHOWN = 12
"""Events of a longer history that are shown before it is unfolded."""


class History(Sequence[ev.Event]):
    """The events of one call, oldest first."""

    def __init__(
        self,
        events: Iterable[ev.Event],
        start: datetime | None = None,
        opener: Callable[[Any], Any] | None = None,
    ) -> None:
        """Hold the events; seconds are shown since `start`, by default the first event.

        `opener` opens the player of the call, for the history of a whole call.
        """
        self._opener = opener
        self._events = tuple(events)
        self.start = start or (self._events[0].at if self._events else None)

    @overload
    def __getitem__(self, index: int) -> ev.Event: ...
    @overload
    def __getitem__(self, index: slice) -> "History": ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return one event, or a part as a history of its own."""
        if isinstance(index, slice):
            return History(self._events[index], self.start)
        return self._events[index]

    def save(self, path: str | Path) -> None:
        """Write the events to a file, one a line, to be kept beside tests.

        Raises:
            InvalidInput: the file cannot be written.
        """
        try:
            write_call(Path(path), self)
        except OSError as error:
            message = f"The call cannot be saved as {str(path)!r}: {error.strerror}."
            raise InvalidInput(message) from error

    @classmethod
    def load(cls, path: str | Path) -> "History":
        """Read a call that was saved, by this version or an earlier one.

        Raises:
            InvalidInput: there is no whole call in the file.
            StoreError: an event of it cannot be read.
        """
        return cls(read_call(Path(path)))

    def player(self, flow: Any = None) -> Any:
        """Open the player of the call; with a flow, the exact replay is beside it.

        Raises:
            NotAllowedNow: this is not the history of a whole call of a bench.
            InvalidInput: no flow of this name took the call.
        """
        if self._opener is None:
            message = (
                "Only the whole history of a call of a bench has a player: ask for it with "
                "`bench.call(id).history.player()`."
            )
            raise NotAllowedNow(message)
        return self._opener(flow)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self._events)

    def __iter__(self) -> Iterator[ev.Event]:
        """Go through the events, oldest first."""
        return iter(self._events)

    def __eq__(self, other: object) -> bool:
        """Compare the events."""
        return isinstance(other, History) and self._events == other._events

    def __hash__(self) -> int:
        """Hash by length and last event, which name the whole."""
        return hash((len(self), self._events[-1:] and self._events[-1].version))

    def __repr__(self) -> str:
        """Write one line an event."""
        return "\n".join("  ".join(cells) for cells in rows(self, widths=(4, 9, 28, 60)))

    def _repr_html_(self) -> str:
        legend = f"{len(self)} events; bold: decided by the flow, faint: noted for people"
        if len(self) <= SHOWN:
            return f"<p>{legend}</p>{_html(self)}"
        return (
            f"<p>The first {SHOWN} of {legend}</p>{_html(self[:SHOWN])}"
            f"<details><summary>All {len(self)} events</summary>{_html(self)}</details>"
        )


def rows(events: Iterable[ev.Event], widths: Sequence[int] = ()) -> Iterator[list[str]]:
    """Give for each event its version, seconds, topic, words and line of the flow."""
    start = events.start if isinstance(events, History) else None
    for event in events:
        start = start or event.at
        seconds = f"{(event.at - start).total_seconds():.3f}"
        words, line = in_words(event), legible(flow_line(event))
        cells = [str(event.version), seconds, event.TOPIC, words, line]
        yield (
            [cell.ljust(width) for cell, width in zip(cells, (*widths, 0), strict=False)]
            if (widths)
            else cells
        )


def flow_line(event: ev.Event) -> str:
    """Return `file:line` of the flow that decided this, empty for all other events."""
    return f"{event.file}:{event.line}" if isinstance(event, ev.Decision) and event.line else ""


_STYLES = {
    ev.Kind.OBSERVED: "",
    ev.Kind.DECIDED: "font-weight:bold",
    ev.Kind.NOTED: "opacity:0.6",
}


def _html(events: Sequence[ev.Event]) -> str:
    body = list(rows(events))
    head = ("", "seconds", "event", "what", "flow line")
    return html_table(head, body, (_STYLES[event.KIND] for event in events))
