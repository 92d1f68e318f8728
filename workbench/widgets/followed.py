"""The calls that a widget follows: folded from their events, on the thread of the pump.

On the bench's thread an event only gets in line here, so that no widget holds up a call.
"""

import queue
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from workbench import events as ev
from workbench.call import Call, Phase
from workbench.engine import Occupancy
from workbench.errors import CallNotFound, NotAllowedNow, WorkbenchError
from workbench.tables import legible
from workbench.views.wording import in_words

MOST_DIGITS = 40
"""Of the keys that were pressed, so many are shown."""
MOST_CHARACTERS = 200
"""Of a text of other people's: they may send any length, and it is sent on often."""
MOST_OF_A_SENTENCE = 600
"""Characters of what went wrong, of which the end says what to do."""

SHOWN_ELSEWHERE = (ev.Placed, ev.DigitReceived, ev.DigitsSent, ev.Answered, ev.Ringing)
"""What happened last is said in words, unless it is seen anyway."""


LOST = {"phase": "ended", "words": "ended, since nothing can be recorded any more"}
"""What is told of a call that was up when the store failed."""


class Bench(Protocol):
    """What a widget needs of a bench."""

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""

    @property
    def in_progress(self) -> list[str]:
        """Ids of the calls that are not over."""

    @property
    def occupancy(self) -> Occupancy | None:
        """How the engine stands; None before there is one."""

    @property
    def accounts(self) -> Any:
        """How each account stands, by its URI."""

    def last_calls(self, most: int) -> list[str]:
        """Return the ids of the last calls, oldest first."""

    def read(self, call_id: str) -> Sequence[ev.Event]:
        """Return the events of a call."""

    def subscribe(self, subscriber: Callable[[ev.Event], None]) -> Callable[[], None]:
        """Call `subscriber` with each event once it is stored; return how to stop."""

    def check_store(self) -> None:
        """Raise why nothing can be recorded any more."""

    def call(self, call: Any) -> Any:
        """Return the handle of a call."""

    @property
    def dial(self) -> Callable[..., Any]:
        """Place a call."""


class FollowedCall:
    """One call as a widget shows it."""

    def __init__(self, call_id: str) -> None:
        """Begin with nothing known but the id."""
        self.call = Call(call_id)
        self._received = self._sent = self._last = ""

    def apply(self, event: ev.Event) -> None:
        """Fold the next event; one that is known already is passed over."""
        if event.version <= self.call.version:
            return
        self.call.apply(event)
        if isinstance(event, ev.DigitReceived):
            self._received = (self._received + event.digit)[-MOST_DIGITS:]
        elif isinstance(event, ev.DigitsRequested):
            self._sent = (self._sent + event.digits)[-MOST_DIGITS:]
        if event.KIND is ev.Kind.OBSERVED and not isinstance(event, SHOWN_ELSEWHERE):
            self._last = short(in_words(event))

    def row(self) -> dict[str, Any]:
        """Return what the browser is told, as JSON; times in milliseconds since 1970."""
        call = self.call
        other = call.to if call.direction == "outbound" else call.from_
        return {
            "id": call.id,
            "direction": call.direction,
            "party": short(other),
            "phase": str(call.phase),
            "words": words(call),
            "started": _milliseconds(call.started_at),
            "answered": _milliseconds(call.answered_at),
            "ended": _milliseconds(call.ended.at if call.ended else None),
            "held": call.held,
            "muted": call.muted,
            "recording": bool(set(call.recording) - call.stopping),
            "flow": short(call.flow),
            "received": self._received,
            "sent": self._sent,
            "last": self._last,
        }


class Followed:
    """The calls of a bench that are in progress, and the last ones that are over."""

    def __init__(self, bench: Bench, *, keep: int) -> None:
        """Follow a bench from now on; `keep` so many calls that are over."""
        self._bench, self._keep = bench, keep
        self._news: queue.SimpleQueue[ev.Event] = queue.SimpleQueue()
        self._calls: dict[str, FollowedCall] = {}
        self._wake: Callable[[], None] = lambda: None
        self.stop = _subscribed(bench, self._hear)
        """Ends following."""
        for call_id in bench.in_progress:
            self._catch_up(call_id)

    def on_news(self, wake: Callable[[], None]) -> None:
        """Call `wake` when there is something to `take`; on the bench's thread."""
        self._wake = wake

    def _hear(self, event: ev.Event) -> None:
        self._news.put(event)
        self._wake()

    def take(self) -> list[ev.Event]:
        """Fold what has happened, and return it."""
        events = []
        while not self._news.empty():
            event = self._news.get()
            events.append(event)
            if event.version == 1:
                self._calls.setdefault(event.call_id, FollowedCall(event.call_id))
            # One of a call that was let go, as a recording that is stored, begins nothing.
            if event.call_id in self._calls:
                self._calls[event.call_id].apply(event)
        self._let_go()
        return events

    def _catch_up(self, call_id: str) -> None:
        followed = FollowedCall(call_id)
        try:
            for event in self._bench.read(call_id):
                followed.apply(event)
        except CallNotFound:
            return  # it begins just now: its first event is on its way
        self._calls[call_id] = followed

    def _let_go(self) -> None:
        over = [(each.call.ended.at, each.call.id) for each in self.calls if each.call.ended]
        for _, call_id in sorted(over)[: max(0, len(over) - self._keep)]:
            del self._calls[call_id]

    def forget(self, call_id: str) -> None:
        """Show a call that is over no more."""
        each = self._calls.get(call_id)
        if each is not None and (each.call.ended is not None or self.is_lost):
            del self._calls[call_id]

    @property
    def is_lost(self) -> bool:
        """Whether all calls were ended, with no end on record: the store has failed."""
        try:
            self._bench.check_store()
        except WorkbenchError:
            return True
        return False

    def rows(self) -> list[dict[str, Any]]:
        """Return what the browser is told of each call."""
        rows, is_lost = [each.row() for each in self.calls], self.is_lost
        return [row | LOST if is_lost and row["phase"] != "ended" else row for row in rows]

    @property
    def calls(self) -> list[FollowedCall]:
        """The calls, in the order in which they began."""
        return list(self._calls.values())


def _subscribed(bench: Bench, hear: Callable[[ev.Event], None]) -> Callable[[], None]:
    try:
        return bench.subscribe(hear)
    except NotAllowedNow:
        return lambda: None  # in a bench that only reads, nothing happens


def standing_problems(bench: Bench) -> Iterator[str]:
    """Yield what is wrong with a bench now, as long as it is."""
    try:
        bench.check_store()
    except WorkbenchError as error:
        yield str(error)
    if (at := bench.occupancy) is not None and not at.door:
        yield "The front door is down, so no call goes out or comes in. It is started again."
    for uri, account in bench.accounts.items():
        if account.state == "failed":
            why = f"{account.sip_code} {account.reason}"
            yield f"{uri} is not registered, so no call for it comes in: {why}"


def short(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return a text as it may be shown: legible, and not too long."""
    text = legible(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def sentence(text: str) -> str:
    """Return what went wrong as it may be shown."""
    return short(text, MOST_OF_A_SENTENCE)


def words(call: Call) -> str:
    """Say how a call stands."""
    if call.ended is not None:
        return sentence(in_words(call.ended))
    if call.phase is Phase.ANSWERED:
        return _talking(call)
    inbound = call.direction == "inbound"
    course = {
        Phase.OFFERED: "is calling",
        Phase.RINGING: "is calling" if inbound else "ringing",
        Phase.EARLY: "is calling" if inbound else "ringing, with audio",
    }
    return course.get(call.phase, "calling")


def _talking(call: Call) -> str:
    states = {
        "on hold": call.held,
        "held by the far end": call.held_by_far_end,
        "muted": call.muted,
    }
    return ", ".join(["connected", *(state for state, so in states.items() if so)])


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * 1000)
