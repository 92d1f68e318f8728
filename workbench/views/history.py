"""A history as people read it: a table in a notebook, lines on a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any, overload

from workbench import events as ev
from workbench.views.wording import in_words


class History(Sequence[ev.Event]):
    """The events of one call, oldest first."""

    def __init__(self, events: Iterable[ev.Event]) -> None:
        """Hold the events."""
        self._events = tuple(events)

    @overload
    def __getitem__(self, index: int) -> ev.Event: ...
    @overload
    def __getitem__(self, index: slice) -> "History": ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return one event, or a part as a history of its own."""
        if isinstance(index, slice):
            return History(self._events[index])
        return self._events[index]

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
        body = "".join(
            _html_row(event, cells) for event, cells in zip(self, rows(self), strict=True)
        )
        head = "".join(
            f"<th>{title}</th>" for title in ("", "time", "event", "what", "flow line")
        )
        return (
            f"<table><caption>{len(self)} events</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def rows(events: Iterable[ev.Event], widths: Sequence[int] = ()) -> Iterator[list[str]]:
    """Give for each event its version, seconds, topic, words and line of the flow."""
    start = None
    for event in events:
        start = start or event.at
        seconds = f"{(event.at - start).total_seconds():.3f}"
        cells = [str(event.version), seconds, event.TOPIC, in_words(event), flow_line(event)]
        yield (
            [cell.ljust(width) for cell, width in zip(cells, (*widths, 0), strict=False)]
            if (widths)
            else cells
        )


def flow_line(event: ev.Event) -> str:
    """Return `file:line` of the flow that decided this, empty for all other events."""
    return f"{event.file}:{event.line}" if isinstance(event, ev.Decision) and event.line else ""


def _html_row(event: ev.Event, cells: Sequence[str]) -> str:
    weight = {"observed": "normal", "decided": "bold", "noted": "lighter"}[event.KIND]
    columns = "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells)
    return f'<tr style="font-weight:{weight}">{columns}</tr>'
