"""The `Call` aggregate: what a call is now, folded from its events, and what may follow.

The switchboard makes each next event with `Call.next`; a flow's run and every view fold
the same events with `Call.apply`.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Self

from workbench import events as ev
from workbench.errors import NotAllowedNow
from workbench.ledger import Ledger
from workbench.spans import ENDS, STARTS
from workbench.tables import legible
from workbench.vault import MARK

Direction = Literal["inbound", "outbound"]


_OF_INVITE = re.compile(r"^CSeq[ \t]*:[ \t]*\d+[ \t]+INVITE", re.IGNORECASE | re.MULTILINE)


class Phase(StrEnum):
    """Where a call stands."""

    IDLE = "idle"
    PLACED = "placed"
    OFFERED = "offered"
    RINGING = "ringing"
    EARLY = "early-media"
    ANSWERED = "answered"
    ENDED = "ended"


_SETTING_UP = (Phase.PLACED, Phase.OFFERED, Phase.RINGING, Phase.EARLY)

TRANSITIONS: dict[tuple[Phase, type[ev.Event]], Phase] = {
    (Phase.IDLE, ev.Placed): Phase.PLACED,
    (Phase.IDLE, ev.Offered): Phase.OFFERED,
    (Phase.PLACED, ev.Ringing): Phase.RINGING,
    (Phase.OFFERED, ev.Ringing): Phase.RINGING,
    (Phase.RINGING, ev.Ringing): Phase.RINGING,
    (Phase.EARLY, ev.Ringing): Phase.EARLY,
    (Phase.PLACED, ev.EarlyMedia): Phase.EARLY,
    (Phase.OFFERED, ev.EarlyMedia): Phase.EARLY,
    (Phase.RINGING, ev.EarlyMedia): Phase.EARLY,
    (Phase.EARLY, ev.EarlyMedia): Phase.EARLY,
    **{(phase, ev.Answered): Phase.ANSWERED for phase in _SETTING_UP},
    **{(phase, ev.Ended): Phase.ENDED for phase in (*_SETTING_UP, Phase.ANSWERED)},
}
"""The course of a call; an event of the course that is not here cannot follow."""

COURSE = frozenset(event for _, event in TRANSITIONS)
"""The events that move a call from phase to phase; all others leave it where it is."""

_STATUS = {
    Phase.IDLE: "queued",
    Phase.PLACED: "queued",
    Phase.OFFERED: "ringing",
    Phase.RINGING: "ringing",
    Phase.EARLY: "ringing",
    Phase.ANSWERED: "in-progress",
}


class Call:
    """One phone call: its identity, its phase, and what is still open in it."""

    def __init__(self, call_id: str) -> None:
        """Begin with nothing known but the id."""
        self.id = call_id
        self.version = 0
        self.phase = Phase.IDLE
        self.direction: Direction = "inbound"
        self.leg = ""
        self.from_ = ""
        self.to = ""
        self.headers: dict[str, str] = {}
        self.started_at: datetime | None = None
        self.last_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.ended: ev.Ended | None = None
        self.rang = False
        self.media = False
        self.detects_digits = False
        self.concealing: dict[str, ev.GatherRequested] = {}  # gathers that make keys secret
        self.secret_keys = self.redirects = 0
        """How many 3xx responses are still followed."""
        self.time_limit_s: float | None = None
        self.held = self.held_by_far_end = self.muted = False
        self._begin_empty()

    def _begin_empty(self) -> None:
        """Begin with nothing started."""
        self.open: dict[tuple[str, str], ev.Event] = {}
        """What was started and has no end yet, by (kind, name)."""
        self.recording_starts: dict[str, int] = {}
        """Where on the audio clock each recording began, in milliseconds."""
        self.recording: list[str] = []
        """Recordings that run."""
        self.stopping: set[str] = set()
        """Recordings that are to end before the call."""
        self.parent = ""
        """The id of the call whose flow dialled this one."""
        self.bridged: list[str] = []
        """The calls whose parties hear this one's."""
        self.flow_decides_refer = False
        """Whether its flow has taken it upon itself to decide of every REFER."""
        self.rooms: list[str] = []
        """The conferences that it is in."""
        self.dial_answers: dict[str, ev.DialAnswered] = {}
        """Dials that were answered, by their names."""
        self.invite = self.accepted = ""
        """The INVITE and the 2xx that began the dialog, once they are on record."""
        self.ledger = Ledger()
        """What was said, and heard of it."""
        self.forking: set[str] = set()
        """Forks whose audio flows."""
        self.listening: list[str] = []
        """Listenings that have begun."""
        self.flow = ""
        self.flow_running = False
        self.app_hung_up = False
        self._anchor: tuple[datetime, int] | None = None

    @classmethod
    def from_history(cls, history: Iterable[ev.Event]) -> Self:
        """Fold a whole history."""
        first, *rest = history
        call = cls(first.call_id)
        for event in (first, *rest):
            call.apply(event)
        return call

    def __repr__(self) -> str:
        """Say which call it is and how it stands."""
        ends = legible(f"{self.from_} → {self.to}")
        return f"<Call {self.id} {self.direction} {ends}: {self.status}>"

    @property
    def status(self) -> str:
        """The public status, one of Twilio's eight."""
        return self.ended.status if self.ended else _STATUS[self.phase]

    @property
    def closed(self) -> bool:
        """Whether the call is over and nothing that belongs to it is still to come."""
        return self.ended is not None and not self.open and not self.flow_running

    def hides(self, key: str) -> bool:
        """Tell whether a key that is pressed now is secret.

        One that ends the gather is no part of the secret, and a replay must see it.
        """
        asking = [
            each for name, each in self.concealing.items() if ("gather", name) in self.open
        ]
        ends = bool(asking) and all(key in each.finish_on for each in asking)
        return bool(self.concealing) and not ends

    def media_ms(self, at: datetime) -> int | None:
        """Return where on the leg's audio clock a moment lies, None before there is audio."""
        if self._anchor is None:
            return None
        moment, milliseconds = self._anchor
        return max(0, milliseconds + round((at - moment) / timedelta(milliseconds=1)))

    def next(
        self, kind: type[ev.Event], at: datetime, media_ms: int | None = None, **fields: Any
    ) -> ev.Event:
        """Make the event that follows, and apply it.

        Raises:
            NotAllowedNow: the transition table does not allow it in this phase.
        """
        event = self.draft(kind, at, media_ms, **fields)
        self.apply(event)
        return event

    def draft(
        self, kind: type[ev.Event], at: datetime, media_ms: int | None = None, **fields: Any
    ) -> ev.Event:
        """Make the event that follows, without applying it.

        Raises:
            NotAllowedNow: the transition table does not allow it in this phase.
        """
        self.check(kind)
        at = max(at, self.last_at or at)
        return kind(
            call_id=self.id,
            version=self.version + 1,
            at=at,
            media_ms=self.media_ms(at) if media_ms is None else media_ms,
            **fields,
        )

    def check(self, kind: type[ev.Event]) -> None:
        """Raise `NotAllowedNow` when this kind of event cannot follow."""
        if kind in COURSE and (self.phase, kind) not in TRANSITIONS:
            message = f"Call {self.id} is {self.phase}: {kind.TOPIC} cannot follow."
            raise NotAllowedNow(message)

    def apply(self, event: ev.Event) -> None:
        """Fold one event, the next of the history."""
        kind = type(event)
        self.version, self.last_at = event.version, event.at
        if kind in COURSE:
            self.phase = TRANSITIONS.get((self.phase, kind), self.phase)
        elif kind in STARTS:
            self.open[STARTS[kind], getattr(event, STARTS[kind])] = event
        elif kind in ENDS:
            self.open.pop((ENDS[kind], getattr(event, ENDS[kind])), None)
        if event.media_ms is not None and event.KIND is not ev.Kind.DECIDED:
            self._anchor = event.at, event.media_ms
        if (fold := _FOLDS.get(kind)) is not None:
            fold(self, event)


def _begin(call: Call, event: Any) -> None:
    call.direction = "outbound" if isinstance(event, ev.Placed) else "inbound"
    call.leg, call.from_, call.to = event.leg, event.from_, event.to
    call.headers, call.started_at = dict(event.headers), event.at
    call.parent = getattr(event, "parent", "")


def _place(call: Call, event: Any) -> None:
    _begin(call, event)
    call.redirects, call.time_limit_s = event.follow_redirects, event.time_limit_s


def _redirect(call: Call, event: Any) -> None:
    call.leg, call.redirects = event.leg, call.redirects - 1


def _detect(call: Call, event: Any) -> None:
    call.detects_digits = not event.reason


def _press(call: Call, event: Any) -> None:
    call.secret_keys += event.digit == MARK


def _gather(call: Call, event: Any) -> None:
    if event.secret:
        call.concealing[event.gather] = event


def _reveal(call: Call, event: Any) -> None:
    call.concealing.pop(event.concealment, None)


def _limit(call: Call, event: Any) -> None:
    call.time_limit_s = event.seconds


def _answer(call: Call, event: Any) -> None:
    call.answered_at = event.at


def _start_media(call: Call, event: Any) -> None:
    call.media = True
    if event.media_ms is None:
        call._anchor = event.at, 0


def _start_recording(call: Call, event: Any) -> None:
    call.recording_starts[event.recording] = event.media_ms or 0
    call.recording.append(event.recording)


def _finish_recording(call: Call, event: Any) -> None:
    if event.recording in call.recording:
        call.recording.remove(event.recording)


def _stop_recording(call: Call, event: Any) -> None:
    call.stopping.add(event.recording)


def _answer_dial(call: Call, event: Any) -> None:
    call.dial_answers[event.dial] = event


def _bridge(call: Call, event: Any) -> None:
    if event.other not in call.bridged:
        call.bridged.append(event.other)


def _unbridge(call: Call, event: Any) -> None:
    if event.other in call.bridged:
        call.bridged.remove(event.other)


def _join(call: Call, event: Any) -> None:
    call.rooms.append(event.room)


def _leave(call: Call, event: Any) -> None:
    if event.room in call.rooms:
        call.rooms.remove(event.room)


def _await_refer(call: Call, event: Any) -> None:
    call.flow_decides_refer = call.flow_decides_refer or bool(event.flow)


def _trace(call: Call, event: Any) -> None:
    if call.accepted:
        return
    message = event.message
    if message.startswith("INVITE "):
        call.invite = message
    elif message.startswith("SIP/2.0 2") and _OF_INVITE.search(message):
        call.accepted = message


def _start_fork(call: Call, event: Any) -> None:
    call.forking.add(event.fork)


def _finish_fork(call: Call, event: Any) -> None:
    call.forking.discard(event.fork)


def _start_listening(call: Call, event: Any) -> None:
    call.listening.append(event.listening)


def _finish_listening(call: Call, event: Any) -> None:
    if event.listening in call.listening:
        call.listening.remove(event.listening)


def _sets(name: str, *, value: bool) -> Callable[["Call", Any], None]:
    return lambda call, _event: setattr(call, name, value)


def _start_flow(call: Call, event: Any) -> None:
    call.flow, call.flow_running = event.flow, True


def _finish_flow(call: Call, _event: Any) -> None:
    call.flow_running = False


def _end(call: Call, event: Any) -> None:
    call.ended = event


_FOLDS = {
    ev.PromptPrepared: lambda call, event: call.ledger.prepared(event),
    ev.PromptFinished: lambda call, event: call.ledger.finished(event),
    ev.Placed: _place,
    ev.Redirected: _redirect,
    ev.LimitRequested: _limit,
    ev.DigitDetectionStarted: _detect,
    ev.DigitReceived: _press,
    ev.GatherRequested: _gather,
    ev.Revealed: _reveal,
    ev.RedirectRequested: _sets("app_hung_up", value=True),
    ev.Offered: _begin,
    ev.Ringing: _sets("rang", value=True),
    ev.EarlyMedia: _sets("rang", value=True),
    ev.Answered: _answer,
    ev.MediaStarted: _start_media,
    ev.RecordingStarted: _start_recording,
    ev.RecordStopRequested: _stop_recording,
    ev.RecordingStopped: _finish_recording,
    ev.RecordingStored: _finish_recording,
    ev.RecordingFailed: _finish_recording,
    ev.DialAnswered: _answer_dial,
    ev.Bridged: _bridge,
    ev.Unbridged: _unbridge,
    ev.ConferenceJoined: _join,
    ev.ConferenceLeft: _leave,
    ev.ReferAwaited: _await_refer,
    ev.SipMessageTraced: _trace,
    ev.ForkStarted: _start_fork,
    ev.ForkFinished: _finish_fork,
    ev.ListeningStarted: _start_listening,
    ev.ListeningFinished: _finish_listening,
    ev.Held: _sets("held", value=True),
    ev.Resumed: _sets("held", value=False),
    ev.HeldByFarEnd: _sets("held_by_far_end", value=True),
    ev.ResumedByFarEnd: _sets("held_by_far_end", value=False),
    ev.Muted: _sets("muted", value=True),
    ev.Unmuted: _sets("muted", value=False),
    ev.FlowStarted: _start_flow,
    ev.FlowReplaced: _finish_flow,
    ev.FlowReturned: _finish_flow,
    ev.FlowFailed: _finish_flow,
    ev.HangupRequested: _sets("app_hung_up", value=True),
    ev.RejectRequested: _sets("app_hung_up", value=True),
    ev.Ended: _end,
}
