"""What must reach a widget's view complete and in order: numbered, acknowledged batches.

At most two batches are on their way; what comes meanwhile waits and goes together. A view
that appears begins with a snapshot. One that is gone, or too slow, is given up: it asks for a
snapshot when it is back.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

IN_FLIGHT = 2
"""Batches that may be on their way at once."""
MOST_WAITING = 5000
"""Items that wait for a view before it is given up."""

Item = tuple[Any, Sequence[bytes]]
"""What is sent: something that JSON can hold, and buffers of bytes that belong to it."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some items on their way."""

    seq: int
    fresh: bool
    """Whether a view has to forget what it had: these items are a snapshot."""
    items: Sequence[Item]

    def message(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the message for the view, and its buffers, in the order of the items."""
        items = [[item, len(buffers)] for item, buffers in self.items]
        content = {"kind": "batch", "seq": self.seq, "fresh": self.fresh, "items": items}
        return content, [buffer for _, buffers in self.items for buffer in buffers]


class Outbox:
    """Items for the views of one widget, put in from any thread."""

    def __init__(self) -> None:
        """Begin closed: nobody looks yet, and what is put in is dropped."""
        self._lock = threading.Lock()
        self._waiting: list[Item] = []
        self._sent = self._acknowledged = 0
        self._fresh = False
        self.open = False
        """Whether a view takes batches."""

    def put(self, item: Any, *buffers: bytes) -> None:
        """Let an item follow those before it."""
        with self._lock:
            if not self.open:
                return
            self._waiting.append((item, buffers))
            if len(self._waiting) > MOST_WAITING:
                self.open, self._waiting = False, []

    def clear(self) -> None:
        """Open for a view that has just appeared; what is put in from now on is for it."""
        with self._lock:
            self._waiting, self.open, self._fresh = [], True, True
            self._acknowledged = self._sent

    def begin(self, snapshot: Iterable[Item]) -> None:
        """Let a snapshot come first, before what was put in since `clear`."""
        first = list(snapshot)
        with self._lock:
            self._waiting = [*first, *self._waiting]

    def take(self) -> Batch | None:
        """Return the next batch; None when nothing waits, or two are on their way."""
        with self._lock:
            full = self._sent - self._acknowledged >= IN_FLIGHT
            if full or not self.open or not (self._waiting or self._fresh):
                return None
            self._sent += 1
            batch = Batch(seq=self._sent, fresh=self._fresh, items=tuple(self._waiting))
            self._waiting, self._fresh = [], False
            return batch

    def acknowledge(self, seq: int) -> None:
        """Note that a view has got a batch, and those before it."""
        with self._lock:
            self._acknowledged = max(self._acknowledged, min(seq, self._sent))
