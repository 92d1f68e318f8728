"""The wallboard: calls in progress, counts, the pool, problems, and all calls with a search.

A click on a call opens it below: live while it goes on, in the player when it is over.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from workbench import events as ev
from workbench.errors import InvalidInput
from workbench.views.wording import in_words
from workbench.widgets.followed import (
    Bench,
    Followed,
    FollowedCall,
    sentence,
    standing_problems,
)
from workbench.widgets.ledger import MOST_SHOWN, Ledger
from workbench.widgets.panel import Panel, look, manners

MOST_CALLS = 40
"""Calls in progress that are shown; the others are counted."""
MOST_PROBLEMS = 12
MOST_WORDS = 200
"""Characters of a search."""
ENDED = ("completed", "busy", "no-answer", "canceled", "failed")
TROUBLES = (
    ev.FlowFailed, ev.Refused, ev.AudioMissing, ev.FramesLost, ev.RecordingFailed,
    ev.HoldFailed, ev.RtpFromStranger,
)  # fmt: skip
"""Events that somebody should look at."""


class Wallboard(Panel):
    """All calls of a bench at a glance; `Workbench.wallboard` makes it."""

    _esm = manners("wallboard")
    _css = look("wallboard")
    SELDOM = frozenset({"found", "problems"})
    PACE_S = 0.25

    def __init__(self, bench: Bench) -> None:
        """Show a bench."""
        self._bench, self._search = bench, ""
        self._opened: Panel | None = None
        self._problems: deque[dict[str, Any]] = deque(maxlen=MOST_PROBLEMS)
        self._over: list[str] = []
        self._followed = Followed(bench, keep=0)
        super().__init__(
            calls=[], counts={}, pool=None, problems=[], found=[], matches=0, search="",
            reading=True, closed=False, opened=None,
        )  # fmt: skip
        self._ledger = Ledger(bench, self.refresh)
        self._followed.on_news(self.refresh)
        self.refresh()

    def let_go(self) -> None:
        """Follow the bench no more, and close what was opened."""
        self._followed.stop()
        self._ledger.stop()
        if self._opened is not None:
            self._opened.close()

    # -- what is shown ---------------------------------------------------------------------

    def prepare(self) -> None:
        """Fold what has happened and show it; on the pump's thread."""
        events = self._followed.take()
        self._note(events)
        if self._bench.is_closed:
            self.show(closed=True, calls=[], pool=None, counts=self._counts([]))
            return
        for call_id in {event.call_id for event in events if isinstance(event, _CHANGES_ROW)}:
            self._ledger.add(call_id)
        calls = [] if self._followed.is_lost else self._followed.calls
        standing = map(_problem, standing_problems(self._bench))
        self.show(
            calls=[each.row() for each in calls[:MOST_CALLS]], counts=self._counts(calls),
            pool=self._pool(), problems=[*standing, *self._problems],
            reading=self._ledger.reading, **self._found(),
        )  # fmt: skip

    def _found(self) -> dict[str, Any]:
        found = self._ledger.find(self._search)
        return {
            "found": [_without(row, "searched") for row in found[:MOST_SHOWN]],
            "matches": len(found),
            "search": self._search,
        }

    def _counts(self, calls: list[FollowedCall]) -> dict[str, int]:
        up = sum(each.call.answered_at is not None for each in calls)
        over = self._ledger.tally()
        ended = {name: n for name, n in over.items() if name in ENDED}
        return {"connected": up, "ringing": len(calls) - up, **ended}

    def _pool(self) -> dict[str, Any] | None:
        at = self._bench.occupancy
        if at is None:
            return None
        return {"workers": at.workers, "lines": at.lines, "taken": at.taken, "door": at.door}

    def _note(self, events: Iterable[ev.Event]) -> None:
        for event in events:
            lost = isinstance(event, ev.Ended) and event.by == "engine"
            if lost or isinstance(event, TROUBLES):
                at = round(event.at.timestamp() * 1000)
                words = sentence(in_words(event))
                self._problems.appendleft({"call": event.call_id, "at": at, "words": words})

    # -- what is clicked -------------------------------------------------------------------

    def act(self, action: str, **fields: Any) -> None:
        """Search, open a call, close what was opened, or hang up.

        Raises:
            InvalidInput: there is no such call, or nothing of the kind to do.
        """
        if action == "search":
            self._search = str(fields.get("text", ""))[:MOST_WORDS]
            self.refresh()
        elif action == "open":
            self._open(str(fields.get("call", "")))
        elif action == "leave":
            self._put(None, "")
        elif action == "hangup":
            self._bench.call(str(fields.get("call", ""))).hangup()
        else:
            message = f"A wallboard cannot do {action!r}."
            raise InvalidInput(message)

    def _open(self, call_id: str) -> None:
        call = self._bench.call(call_id)
        self._put(call.live() if call.ended is None else call.player(), call.id)

    def _put(self, panel: Panel | None, call_id: str) -> None:
        before, self._opened = self._opened, panel
        shown = None if panel is None else {"call": call_id, "model": panel.model_id}
        self.show(opened=shown)
        if before is not None:
            before.close()


_CHANGES_ROW = (ev.Ended, ev.FlowReturned, ev.FlowFailed)


def _problem(words: str) -> dict[str, Any]:
    return {"call": "", "at": None, "words": sentence(words)}


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}
