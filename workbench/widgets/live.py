"""The live call: the lanes of a call while it goes on.

Its events are taken note of on the bench's thread, and folded on the pump's. Its audio comes
from one fork, however many widgets show the call.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from workbench import events as ev
from workbench.errors import WorkbenchError
from workbench.feed import Feed
from workbench.views.lanes import Lanes
from workbench.views.waveform import PAIR_MS, Peaks
from workbench.widgets.outbox import Item
from workbench.widgets.panel import Panel, look, manners
from workbench.widgets.pump import PUMP
from workbench.widgets.score import as_item, introduce, message_item

FORK = "live waveform"

Subscribe = Callable[[Callable[[ev.Event], None]], Callable[[], None]]


class Watched(Protocol):
    """What is needed of a call: a `CallHandle`."""

    id: str

    @property
    def history(self) -> Sequence[ev.Event]:
        """The events so far."""

    def fork(
        self, consumer: Callable[[Feed], Any], name: str = ..., direction: str = ...
    ) -> str:
        """Give the raw audio to a consumer."""

    def stop_fork(self, fork: str) -> None:
        """End a fork."""


class Ear:
    """Listens to one call for all widgets that show it."""

    _ears: dict[str, "Ear"] = {}  # noqa: RUF012 - one for the whole process
    _lock = threading.Lock()

    def __init__(self, call: Watched) -> None:
        """Begin deaf."""
        self.peaks = Peaks()
        self.problem = ""
        self.fork = ""
        """Its name on record, once it listens."""
        self._call, self._users = call, 0

    @classmethod
    def to(cls, call: Watched) -> "Ear":
        """Return the ear to a call, and count one more user of it."""
        with cls._lock:
            ear = cls._ears.setdefault(call.id, cls(call))
            ear._users += 1
            return ear

    def listen(self) -> None:
        """Begin to listen, once; for the call is up. May block."""
        with self._lock:
            if self.fork or not self._users:
                return
            self.fork = "asked for"
        try:
            self.fork = self._call.fork(self._hear, FORK, "both")
        except WorkbenchError as error:
            self.problem = str(error)

    def _hear(self, frames: Feed) -> None:
        for frame in frames:
            self.peaks.add(frame)
            PUMP.wake()

    def leave(self) -> None:
        """Count one user less; the last ends the fork."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            self._ears.pop(self._call.id, None)
        if self.fork:
            self._call.stop_fork(self.fork)


class News:
    """What happens in one call, taken note of on the bench's thread."""

    def __init__(self, call_id: str, subscribe: Subscribe) -> None:
        """Take note from now on; `subscribe` is of the call's bench."""
        self._call_id = call_id
        self._events: deque[ev.Event] = deque()
        self.stop = subscribe(self.note)

    def note(self, event: ev.Event) -> None:
        """Take note of an event; does not wait for anything."""
        if event.call_id == self._call_id:
            self._events.append(event)
            PUMP.wake()

    def taken(self) -> Iterator[ev.Event]:
        """Give what has happened since this was asked for last."""
        while self._events:
            yield self._events.popleft()


class LiveCall(Panel):
    """Shows a call while it goes on."""

    _esm = manners("lanes", "sheets", "live")
    _css = look("lanes")

    def __init__(self, call: Watched, news: News, *, sources: Path | None = None) -> None:
        """Show a call and its news; `sources` is the store's folder of flows."""
        self._call, self._news, self._sources = call, news, sources
        self._given = 0
        self._ear = Ear.to(call)
        self._asked = False
        self._lanes = Lanes(call.history)
        super().__init__(notice="")

    def write(self, now: Any) -> None:
        """Fold what has happened, and send what that changes; on the pump's thread."""
        self._fold()
        self._listen()
        self._draw()
        super().write(now)

    def _fold(self) -> None:
        changed: dict[str, Any] = {}
        for event in self._news.taken():
            if event.version > self._lanes.call.version:
                changed |= {item.key: item for item in self._lanes.apply(event)}
                self._hear_of_fork(event)
        if any(item.lane == "flow" for item in changed.values()):
            self.push(introduce(self._lanes, self._sources))
        if changed:
            self.push(*as_item(changed.values()))

    def _hear_of_fork(self, event: ev.Event) -> None:
        if isinstance(event, ev.ForkFinished) and event.fork == self._ear.fork and event.reason:
            self.show(notice=f"There is no more waveform: {event.reason}.")

    def _listen(self) -> None:
        call = self._lanes.call
        if call.media and call.ended is None and not self._asked:
            self._asked = True
            # Asking waits for the bench, and the pump is not to.
            threading.Thread(target=self._ear.listen, name="workbench-ear", daemon=True).start()
        if self._ear.problem and self.state.get("notice") != self._ear.problem:
            self.show(notice=self._ear.problem)

    def _draw(self) -> None:
        first = max(0, self._given - 1)  # the last has grown, or may have
        pairs = self._ear.peaks.since(first)
        if len(pairs) and first + len(pairs) > self._given:
            self._given = first + len(pairs)
            self.push(self._place(first), pairs.tobytes())

    def _place(self, first: int) -> dict[str, Any]:
        place = {"tape": 0, "start_ms": self._lanes.axis.audio(0), "first": first}
        return {"kind": "peaks", "step_ms": PAIR_MS, **place}

    def snapshot(self) -> Iterable[Item]:
        """Return the call so far."""
        pairs = self._ear.peaks.since(0)
        self._given = len(pairs)
        item, content = as_item(self._lanes.items.values())
        return [
            (introduce(self._lanes, self._sources), ()),
            (item, (content,)),
            *([(self._place(0), (pairs.tobytes(),))] if len(pairs) else []),
        ]

    def act(self, action: str, **fields: Any) -> None:
        """Give a SIP message."""
        if action == "message":
            self.push(message_item(self._call.history, int(fields["version"])))

    def let_go(self) -> None:
        """Take note of nothing more, and listen no more for this widget."""
        self._news.stop()
        self._ear.leave()
