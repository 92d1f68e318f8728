"""Calls on a terminal: events as they happen, tables, verdicts."""

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbench import events as ev
from workbench.replay import Replay
from workbench.tables import legible
from workbench.views.history import rows
from workbench.views.wording import in_words

_STYLES = {ev.Kind.OBSERVED: "", ev.Kind.DECIDED: "bold", ev.Kind.NOTED: "dim"}
_SIGNS = {ev.Kind.OBSERVED: "→", ev.Kind.DECIDED: "◆", ev.Kind.NOTED: "·"}
MOST_CALLS = 1000
"""Whose beginning a narrator remembers."""
SHORT = 10
"""Characters of a call's id that are shown in a line."""


class Narrator:
    """Prints each event of several calls as it happens; subscribe it to a bench."""

    def __init__(self, console: Console, *, quiet: Iterable[type[ev.Event]] = ()) -> None:
        """Print to `console`, but not the kinds of event in `quiet`."""
        self._console = console
        unsaid = (ev.SipMessageTraced, ev.TimerRequested, ev.TimerCancelled)
        self._quiet: tuple[type[ev.Event], ...] = (*quiet, *unsaid)
        self._starts: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, event: ev.Event) -> None:
        """Print one event."""
        with self._lock:
            start = self._starts.setdefault(event.call_id, event.at)
            if isinstance(event, ev.Ended):
                self._forget()
            if not isinstance(event, self._quiet):
                line = _line(event, (event.at - start).total_seconds())
                self._console.print(line, no_wrap=True, overflow="ellipsis")

    def _forget(self) -> None:
        """Keep the starts of the latest calls only; what comes after an end is soon over."""
        while len(self._starts) > MOST_CALLS:
            del self._starts[next(iter(self._starts))]


def _line(event: ev.Event, seconds: float) -> Text:
    line = Text(f"{seconds:8.3f} s  {legible(event.call_id[:SHORT])}  {_SIGNS[event.KIND]} ")
    return line.append(in_words(event), style=_STYLES[event.KIND])


def event_table(history: Sequence[ev.Event]) -> Table:
    """Return a history as a table."""
    table = Table(title=f"{counted(len(history), 'event')} of call {history[0].call_id}")
    for name in ("", "seconds", "event"):
        table.add_column(name, no_wrap=True)
    table.add_column("what", overflow="fold", ratio=1)
    table.add_column("flow line", no_wrap=True)
    for event, cells in zip(history, rows(history), strict=True):
        cells[2] = cells[2].removeprefix("call.")
        table.add_row(*map(Text, cells), style=_STYLES[event.KIND])
    return table


def call_table(calls: Any) -> Table:
    """Return a frame of calls (`Frames.calls`) as a table, one line of essentials each."""
    table = Table(title=counted(len(calls), "call"), box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("call", "", "far end", "status", "start", "s", "flow", "outcome"):
        folds = name in ("far end", "outcome")
        table.add_column(
            name, no_wrap=not folds, overflow="fold", min_width=8 if folds else None
        )
    for call_id, row in calls.iterrows():
        table.add_row(*map(Text, _essentials(call_id, row)))
    return table


def _essentials(call_id: str, row: Any) -> list[str]:
    outbound = row["direction"].startswith("outbound")
    far_end = _cell(row["to" if outbound else "from"]).removeprefix("sip:")
    rest = (_cell(row[name]) for name in ("status", "start", "duration", "flow", "outcome"))
    return [call_id[:SHORT], "out" if outbound else "in", far_end, *rest]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 call`, `2 calls`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cell(value: Any) -> str:
    if value is None or value != value:  # as NaN and NaT are
        return ""
    if isinstance(value, float):
        return f"{value:.1f}"
    if hasattr(value, "strftime"):
        return str(value.strftime("%m-%d %H:%M"))
    return legible(str(value))


def verdict(result: Replay) -> Text:
    """Return what came of a replay as a sentence in green, or as a divergence in red."""
    said = "\n".join(map(legible, str(result).split("\n")))
    return Text(said, style="green" if result.equal else "red")
