"""Time as an argument: the only module that reads a clock or waits for one.

`SystemClock` is the world's time; `ManualClock` moves when a test or a replay says so.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Where a `ManualClock` starts, so that simulated calls have the same times every run."""


class Timer(Protocol):
    """A callback that waits for its moment."""

    def cancel(self) -> None:
        """Forget the callback; does nothing once it ran."""


class Clock(Protocol):
    """The one way to ask for the time or to wait."""

    def now(self) -> datetime:
        """Return the time of day in UTC, to the microsecond."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` on the running loop's thread after `seconds`."""


class SystemClock:
    """The time of the machine; timers run on the running asyncio loop."""

    def now(self) -> datetime:
        """Return the time of day in UTC, to the microsecond."""
        return datetime.now(UTC)  # noqa: TID251 - the one reader of time

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back, for spans within a process."""
        return time.monotonic()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` on the running loop after `seconds`."""
        return asyncio.get_running_loop().call_later(seconds, callback)


class ManualTimer:
    """A callback on a `ManualClock`."""

    def __init__(self, callback: Callable[[], None]) -> None:
        """Wait for the clock to reach the moment."""
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget the callback."""
        self.callback = None


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime = EPOCH) -> None:
        """Stand at `start`."""
        self._now = start
        self._order = itertools.count()
        self._timers: list[tuple[datetime, int, ManualTimer]] = []

    def now(self) -> datetime:
        """Return the time at which the clock stands."""
        return self._now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` when the clock is moved past the moment."""
        timer = ManualTimer(callback)
        due = self._now + timedelta(seconds=max(0.0, seconds))
        heapq.heappush(self._timers, (due, next(self._order), timer))
        return timer

    def next_due(self) -> datetime | None:
        """Return when the next timer fires, None when there is none."""
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def advance(self, seconds: float) -> None:
        """Move the clock on and run what falls due, in order of time."""
        target = self._now + timedelta(seconds=seconds)
        while (due := self.next_due()) is not None and due <= target:
            self._now = max(self._now, due)
            self._fire_next()
        self._now = target

    def advance_to_next(self) -> bool:
        """Move to the next timer and run it; False when nothing is waiting."""
        due = self.next_due()
        if due is None:
            return False
        self._now = max(self._now, due)
        self._fire_next()
        return True

    def _fire_next(self) -> None:
        callback = heapq.heappop(self._timers)[2].callback
        if callback is not None:
            callback()
