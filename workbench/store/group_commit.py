"""The writer thread: what is submitted during one commit goes into the next.

So one sync of the disk serves all calls that wait for it, and a quiet log does not wait.
An event is acknowledged after its commit only, and in the order of submission.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from workbench.errors import StoreError
from workbench.events import Event

Done = Callable[[BaseException | None], None]
"""Told on the writer thread: None after the commit, else the error that prevented it."""

_log = logging.getLogger(__name__)


class GroupCommit:
    """Writes what is submitted, in transactions of at most `limit` events.

    After an error nothing more is written: every later submission gets the same error,
    since what follows a lost event must not be acknowledged. A submission is never split,
    so one of more than `limit` events is a transaction of its own.
    """

    def __init__(self, put: Callable[[Sequence[Event]], None], *, limit: int = 500) -> None:
        """Write through `put`, which stores all it is given or nothing."""
        self._put = put
        self._limit = limit
        self._queue: deque[tuple[Sequence[Event], Done]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._failure: BaseException | None = None
        # A daemon: a program that forgets to close must still be able to end.
        self._thread = threading.Thread(target=self._run, name="call-log", daemon=True)
        self._thread.start()

    def submit(self, events: Sequence[Event], done: Done) -> None:
        """Queue events for the next commit; returns at once."""
        with self._changed:
            if self._closing:
                raise StoreError("The log of calls is closed; open the workbench again.")
            self._queue.append((tuple(events), done))
            self._changed.notify()

    def close(self) -> None:
        """Write what is queued, then stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)

    def _next_group(self) -> list[tuple[Sequence[Event], Done]]:
        """Wait for submissions and take what fits into one transaction; none when closed."""
        group: list[tuple[Sequence[Event], Done]] = []
        size = 0
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            while self._queue and (not group or size + len(self._queue[0][0]) <= self._limit):
                group.append(self._queue.popleft())
                size += len(group[-1][0])
        return group

    def _commit(self, group: list[tuple[Sequence[Event], Done]]) -> None:
        if self._failure is None:
            try:
                self._put([event for events, _ in group for event in events])
            except BaseException as error:  # noqa: BLE001 - every submission is told
                self._failure = error
        for _, done in group:
            self._acknowledge(done)

    def _acknowledge(self, done: Done) -> None:
        try:
            done(self._failure)
        except Exception:  # noqa: BLE001 - one listener's fault must not keep the others waiting
            _log.exception("A listener of the log of calls raised; its events are stored.")
