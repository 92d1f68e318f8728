"""The calls of a bench as people read them: the last ones, a line each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, SupportsIndex, TypeVar, overload

from workbench import events as ev
from workbench.errors import StoreError
from workbench.tables import html_table, legible
from workbench.views.call_log import call_row

SHOWN = 20
"""Calls of a longer list that are shown, the last ones."""
SHORT = 10
"""Characters of a call's id that are shown; they are enough to name it."""
WIDEST = 40
"""Characters of a cell in a line of text."""
HEAD = ("call", "", "from", "to", "status", "began (UTC)", "seconds", "flow", "outcome")


class Held(Protocol):
    """A call that a person holds."""

    id: str

    @property
    def history(self) -> Sequence[ev.Event]:
        """The events so far."""


C = TypeVar("C", bound=Held)


class Calls(list[C]):
    """Calls, the oldest first; by number, as a part, or by the beginning of an id."""

    def __init__(self, calls: Iterable[C], find: Callable[[str], C]) -> None:
        """Hold calls; `find` returns one by the beginning of its id."""
        super().__init__(calls)
        self._find = find

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> C: ...
    @overload
    def __getitem__(self, key: slice) -> "Calls[C]": ...
    def __getitem__(self, key: Any) -> Any:
        """Return a call, or some of them."""
        if isinstance(key, str):
            return self._find(key)
        found = super().__getitem__(key)
        return Calls(found, self._find) if isinstance(key, slice) else found

    def _ipython_key_completions_(self) -> list[str]:
        return [call.id for call in self]

    def __repr__(self) -> str:
        """Write a line a call."""
        rows = [[cell[:WIDEST] for cell in row] for row in _rows(self[-SHOWN:])]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        ]
        return "\n".join([self._legend(), *(line.rstrip() for line in lines)])

    def _repr_html_(self) -> str:
        table = html_table(HEAD, _rows(self[-SHOWN:])) if self else ""
        return f"<p>{self._legend()}</p>{table}"

    def _legend(self) -> str:
        counted = "1 call" if len(self) == 1 else f"{len(self) or 'no'} calls"
        return f"the last {SHOWN} of {counted}" if len(self) > SHOWN else counted


def _rows(calls: Iterable[Held]) -> Iterator[tuple[str, ...]]:
    for call in calls:
        try:
            row = call_row(call.history)
        except StoreError:
            # One call that cannot be read is no reason to show no other; `history` says why.
            yield call.id[:SHORT], "", "", "", "cannot be read", *[""] * 4
        else:
            yield tuple(legible(cell) for cell in _cells(call.id, row))


def _cells(call_id: str, row: dict[str, Any]) -> Iterator[str]:
    yield call_id[:SHORT]
    yield "out" if row["direction"].startswith("outbound") else "in"
    yield from (row[name] or "" for name in ("from", "to", "status"))
    yield f"{row['start']:%m-%d %H:%M}" if row["start"] else ""
    yield "" if row["duration"] is None else f"{row['duration']:.1f}"
    yield from (row[name] or "" for name in ("flow", "outcome"))
