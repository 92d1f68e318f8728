"""The calls that a wallboard lists: one short row each, searched in every word of it.

The last thousand of the store are read on a thread of their own; those that end meanwhile
are added. An older call is found by its id.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from workbench.errors import WorkbenchError
from workbench.tables import legible
from workbench.views.call_log import Row, call_row
from workbench.widgets.followed import Bench

logger = logging.getLogger(__name__)

MOST_READ = 1000
"""Calls of the store that are listed."""
MOST_SHOWN = 50
"""Rows that are shown at once."""
MOST_CHARACTERS = 120
"""Of one text in a row."""
_SEARCHED = ("id", "party", "status", "flow", "outcome", "digits", "reason")


class Ledger:
    """Short rows of the last calls, the latest first."""

    def __init__(self, bench: Bench, wake: Callable[[], None]) -> None:
        """Read the store of a bench; `wake` is called when there is something new."""
        self._bench, self._wake = bench, wake
        self._rows: dict[str, Row] = {}
        self._stopped = threading.Event()
        self.reading = True
        """Whether the store is still being read."""
        threading.Thread(target=self._read, name="workbench-ledger", daemon=True).start()

    def stop(self) -> None:
        """Read no further."""
        self._stopped.set()

    def _read(self) -> None:
        try:
            for call_id in reversed(self._bench.last_calls(MOST_READ)):
                if self._stopped.is_set():
                    return
                if call_id not in self._rows:
                    self.add(call_id)
        except WorkbenchError as error:
            if not self._bench.is_closed:
                logger.warning("The calls of before cannot all be read: %s", error)
        finally:
            self.reading = False
            self._wake()

    def add(self, call_id: str) -> None:
        """Take a call, or take it anew when it has changed."""
        self._rows[call_id] = short_row(call_row(self._bench.read(call_id)))

    def find(self, wanted: str) -> list[Row]:
        """Return the rows that have every word of `wanted`, the latest first."""
        words = wanted.lower().split()
        rows = list(self._rows.values())  # at once: the other thread may be adding
        rows.sort(key=lambda row: row["started"], reverse=True)
        return [row for row in rows if all(word in row["searched"] for word in words)]

    def tally(self) -> dict[str, int]:
        """Count the calls that are listed by their status."""
        counts: dict[str, int] = {}
        for row in list(self._rows.values()):
            counts[row["status"]] = counts.get(row["status"], 0) + 1
        return counts


def short_row(row: Row) -> Row:
    """Return what is shown of a call's row, as JSON; times in milliseconds since 1970."""
    inbound = row["direction"] == "inbound"
    short = {
        "id": row["call_sid"],
        "direction": "inbound" if inbound else "outbound",
        "party": _text(row["from"] if inbound else row["to"]),
        "status": row["status"],
        "started": round(row["start"].timestamp() * 1000),
        "seconds": row["duration"],
        "flow": _text(row["flow"]),
        "outcome": _text(row["outcome"]),
        "digits": _text(row["digits"]),
        "reason": _text(row["reason"]),
    }
    return {**short, "searched": " ".join(str(short[name]) for name in _SEARCHED).lower()}


def _text(value: Any) -> str:
    return legible(str(value))[:MOST_CHARACTERS] if value is not None else ""
