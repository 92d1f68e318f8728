"""The switchboard: the only writer of events, and the one place that knows the open calls.

Signals and decisions come in, are made the next events of their calls, are committed, and
only then are published to whoever subscribed. It runs on one thread, the bench's.
"""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from workbench import events as ev
from workbench import signals as sg
from workbench.call import Call
from workbench.clock import Clock
from workbench.ending import ended_fields, loose_ends
from workbench.errors import WorkbenchError
from workbench.flow_run import Draft
from workbench.identity import identify
from workbench.policy import Policy
from workbench.vault import MARK, Vault

logger = logging.getLogger(__name__)

Subscriber = Callable[[ev.Event], None]


class Commit(Protocol):
    """Makes events durable; `store.GroupCommit` is one."""

    def submit(
        self, events: Sequence[ev.Event], done: Callable[[BaseException | None], None]
    ) -> None:
        """Commit the events, then call `done`, from any thread and in order."""


class Switchboard:
    """Makes events of signals and decisions, one history a call."""

    def __init__(
        self, commit: Commit, clock: Clock, salt: str = "", policy: Policy | None = None
    ) -> None:
        """Write through `commit`; take the time from `clock`, who is trusted from `policy`.

        `salt` is of this opening of the store: the engine's names of legs begin anew each
        time, and a peer may use a Call-ID again.
        """
        self._salt = salt
        self._policy = policy or Policy()
        self.calls: dict[str, Call] = {}
        """The calls that are not closed, by id."""
        self.failure: BaseException | None = None
        """Why nothing can be recorded any more."""
        self.vault = Vault()
        """The digits that were gathered in secret, of which marks are recorded."""
        self._commit = commit
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._legs: dict[str, str] = {}
        self._partners: dict[tuple[str, str], str] = {}
        """The other call of each bridge, by call and the name of the other leg."""
        self._subscribers: list[Subscriber] = []
        self._failed: list[Callable[[BaseException], None]] = []
        self._closed: list[Callable[[str], None]] = []
        self._closing: dict[str, int] = {}
        self._committed: deque[Sequence[ev.Event]] = deque()
        self._publishing = False
        self._tapped: set[tuple[str, str]] = set()
        """Listenings whose audio flows, by call and name."""
        self._prompts: dict[str, dict[str, tuple[str, int | None]]] = {}

    def start(self) -> None:
        """Publish on the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with every committed event, in order; return how to stop."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def on_failure(self, tell: Callable[[BaseException], None]) -> None:
        """Call `tell` when events can no longer be committed."""
        self._failed.append(tell)

    def on_closed(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the id of a call when its last event was published."""
        self._closed.append(tell)

    # -- what comes in ---------------------------------------------------------------------

    def is_open(self, call_id: str) -> bool:
        """Return whether there are events of this call still to come or to be published."""
        return call_id in self.calls or call_id in self._closing

    def place(self, call_id: str, **fields: Any) -> None:
        """Begin the history of an outbound call; its leg bears the call's id."""
        call = self._open(Call(call_id), leg=call_id)
        self._record(call, ev.Placed, leg=call_id, **fields)

    def report(self, signal: sg.AnySignal) -> None:
        """Record a signal of the engine (an `engine.Report`)."""
        if isinstance(signal, sg.Offered):
            self._offer(signal)
            return
        call = self.calls.get(self._legs.get(signal.leg, ""))
        if call is None:
            logger.warning("A signal of the unknown leg %s was dropped: %s", signal.leg, signal)
        elif isinstance(signal, sg.Released):
            self._redirect_or_release(call, signal)
        elif isinstance(signal, sg.Bridged | sg.Unbridged):
            self._bridge(call, signal)
        elif isinstance(signal, sg.RecordingFinished):
            self._recording_finished(call, signal)
        elif isinstance(signal, sg.ForkStarted | sg.ForkStopped):
            self._tap(call, signal)
        elif (translation := _TRANSLATIONS.get(type(signal))) is not None:
            self._translate(call, signal, translation)

    def _recording_finished(self, call: Call, signal: sg.RecordingFinished) -> None:
        # One that went well to the call's end is stored by the runner when that is recorded.
        fields = {"recording": signal.recording}
        if ("recording", signal.recording) not in call.open:
            return
        if signal.reason:
            self._note(call, ev.RecordingFailed, signal, **fields, reason=signal.reason)
        elif signal.recording in call.stopping:
            self._note(call, ev.RecordingStopped, signal, **fields)

    def _bridge(self, call: Call, signal: sg.Bridged | sg.Unbridged) -> None:
        key = call.id, signal.other
        other = self._legs.get(signal.other) or self._partners.get(key, "")
        if isinstance(signal, sg.Bridged):
            self._partners[key] = other
            self._note(call, ev.Bridged, signal, other=other)
        elif ("other", other) in call.open:
            self._partners.pop(key, None)
            self._note(call, ev.Unbridged, signal, other=other, reason=signal.reason)

    def _tap(self, call: Call, signal: sg.ForkStarted | sg.ForkStopped) -> None:
        if ("listening", signal.fork) in call.open:
            self._tap_for_listening(call, signal)
        elif isinstance(signal, sg.ForkStarted):
            self._translate(call, signal, ev.ForkStarted)
        elif ("fork", signal.fork) in call.open and signal.fork not in call.forking:
            # One that had begun ends on record with its consumer.
            fields = {"fork": signal.fork, "frames": 0, "reason": signal.reason}
            self._note(call, ev.ForkFinished, signal, **fields)

    def _tap_for_listening(self, call: Call, signal: sg.ForkStarted | sg.ForkStopped) -> None:
        # One that has begun goes on until all that was heard has been told.
        key = call.id, signal.fork
        if isinstance(signal, sg.ForkStarted):
            self._tapped.add(key)
        elif key in self._tapped:
            self._tapped.discard(key)
        else:
            fields = {"listening": signal.fork, "reason": signal.reason}
            self._note(call, ev.ListeningFinished, signal, **fields)

    def _translate(self, call: Call, signal: sg.Signal, kind: type[ev.Event]) -> None:
        fields = {name: getattr(signal, name) for name in _fields_of(kind, type(signal))}
        if isinstance(signal, sg.PromptStarted):
            known = self._prompts.get(call.id, {})
            audio, duration_ms = known.pop(signal.prompt, ("", 0))
            fields |= {"audio": audio, "duration_ms": duration_ms}
        elif isinstance(signal, sg.PromptFinished):
            fields["heard"] = call.ledger.heard_of(signal.prompt, signal.spans)
        elif isinstance(signal, sg.DigitReceived | sg.DigitEnded) and call.hides(signal.digit):
            fields["digit"] = MARK
            if isinstance(signal, sg.DigitReceived):
                self.vault.keep(call.id, call.secret_keys, signal.digit)
        self._note(call, kind, signal, **fields)

    def _note(self, call: Call, kind: type[ev.Event], signal: sg.Signal, **fields: Any) -> None:
        try:
            event = call.next(kind, signal.at, signal.media_ms, **fields)
        except WorkbenchError:
            logger.exception(
                "Call %s: the engine's signal does not fit and was dropped", call.id
            )
        else:
            self._write([event])

    def _offer(self, signal: sg.Offered) -> None:
        # The same INVITE reported twice is one call: its id follows from Call-ID and leg.
        invite = f"{self._salt}\n{signal.sip_call_id}\n{signal.leg}".encode()
        call_id = f"CA{hashlib.sha256(invite).hexdigest()[:32]}"
        if self.is_open(call_id):
            return
        call = self._open(Call(call_id), leg=signal.leg)
        self._note(
            call, ev.Offered, signal, leg=signal.leg, from_=signal.from_, to=signal.to,
            sip_call_id=signal.sip_call_id, remote=signal.remote, headers=signal.headers,
            request_uri=signal.request_uri,
            **self._identify(signal),
        )  # fmt: skip

    def _identify(self, signal: sg.Offered) -> dict[str, str]:
        trusted = self._policy.trusts(signal.remote.rpartition(":")[0])
        return identify(
            signal.from_, signal.to, signal.headers, trusted=trusted, region=self._policy.region
        )._asdict()

    def _redirect_or_release(self, call: Call, signal: sg.Released) -> None:
        # A 3xx is followed by another leg of the same call, which the effects ask for.
        if not signal.contact or call.redirects < 1 or call.app_hung_up or call.answered_at:
            self._release(call, signal)
            return
        self._legs.pop(signal.leg, None)
        leg = f"{call.id}-{call.redirects}"
        self._legs[leg] = call.id
        fields = {"leg": leg, "sip_code": signal.sip_code, "to": signal.contact}
        self._note(call, ev.Redirected, signal, **fields)

    def _release(self, call: Call, signal: sg.Released) -> None:
        self._legs.pop(signal.leg, None)
        self._partners = {key: to for key, to in self._partners.items() if key[0] != call.id}
        self._tapped = {key for key in self._tapped if key[0] != call.id}
        events = [call.next(kind, signal.at, **fields) for kind, fields in loose_ends(call)]
        ended = call.next(ev.Ended, signal.at, signal.media_ms, **ended_fields(call, signal))
        self._write([*events, ended])

    def decide(self, call_id: str, drafts: Iterable[Draft]) -> None:
        """Record what a flow decided."""
        call = self.calls.get(call_id)
        if call is None:
            return
        now = self._clock.now()
        made = (self._make(call, draft.kind, now, draft.columns()) for draft in drafts)
        self._write([event for event in made if event is not None])

    def order(self, call_id: str, kind: type[ev.Decision], **fields: Any) -> None:
        """Record what a person or a program outside decided about a call."""
        call = self.calls[call_id]
        self.decide(call_id, [Draft(kind, call.version, fields)])

    def observe(self, call_id: str, kind: type[ev.Event], **fields: Any) -> None:
        """Record what the runner saw: a timer, a step, a recording, a prompt that failed."""
        call = self.calls.get(call_id)
        if call is not None:
            self._record(call, kind, **fields)

    def describe_prompt(
        self, call_id: str, prompt: str, audio: str, duration_ms: int | None
    ) -> None:
        """Say what a prompt's audio is, for the event of its start."""
        self._prompts.setdefault(call_id, {})[prompt] = audio, duration_ms

    def tie_up(self, call_id: str) -> None:
        """End at once what was asked of a leg that was gone already."""
        call = self.calls.get(call_id)
        if call is not None and call.ended is not None:
            now = self._clock.now()
            self._write([call.next(kind, now, **fields) for kind, fields in loose_ends(call)])

    # -- how it becomes durable and public -------------------------------------------------

    def _open(self, call: Call, leg: str) -> Call:
        self.calls[call.id] = call
        self._legs[leg] = call.id
        return call

    def _record(self, call: Call, kind: type[ev.Event], **fields: Any) -> None:
        event = self._make(call, kind, self._clock.now(), fields)
        self._write([event] if event is not None else [])

    def _make(
        self, call: Call, kind: type[ev.Event], at: datetime, fields: dict[str, Any]
    ) -> ev.Event | None:
        # What cannot be stored would stop the log for every call; it is left out and told.
        try:
            event = call.draft(kind, at, **_storable(fields))
            msgspec.json.decode(msgspec.json.encode(event), type=kind)
        except (TypeError, ValueError, msgspec.MsgspecError):
            logger.exception("Call %s: %s cannot be recorded", call.id, kind.TOPIC)
            return None
        call.apply(event)
        return event

    def _write(self, events: Sequence[ev.Event]) -> None:
        if not events:
            return
        last = events[-1]
        if self.calls[last.call_id].closed:
            del self.calls[last.call_id]
            self._closing[last.call_id] = last.version
        self._commit.submit(events, lambda error: self._done(events, error))

    def _done(self, events: Sequence[ev.Event], error: BaseException | None) -> None:
        if self._loop is None or asyncio._get_running_loop() is self._loop:
            self._settle(events, error)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, events, error)

    def _settle(self, events: Sequence[ev.Event], error: BaseException | None) -> None:
        if error is not None:
            self._give_up(error)
            return
        self._committed.append(events)
        if not self._publishing:
            self._publish()

    def _publish(self) -> None:
        # A subscriber may cause events that are committed at once: they wait their turn.
        self._publishing = True
        try:
            while self._committed:
                for event in self._committed.popleft():
                    self._tell(event)
                    self._tell_closed(event)
        finally:
            self._publishing = False

    def _tell(self, event: ev.Event) -> None:
        for subscriber in tuple(self._subscribers):
            _safely(subscriber, event)

    def _tell_closed(self, event: ev.Event) -> None:
        if self._closing.get(event.call_id) == event.version:
            del self._closing[event.call_id]
            self._prompts.pop(event.call_id, None)
            self.vault.forget(event.call_id)
            for tell in self._closed:
                _safely(tell, event.call_id)

    def _give_up(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
            for tell in self._failed:
                _safely(tell, error)


_TRANSLATIONS: dict[type[sg.Signal], type[ev.Event]] = {
    sg.Ringing: ev.Ringing,
    sg.EarlyMedia: ev.EarlyMedia,
    sg.Answered: ev.Answered,
    sg.MediaStarted: ev.MediaStarted,
    sg.DigitReceived: ev.DigitReceived,
    sg.DigitsSent: ev.DigitsSent,
    sg.DigitEnded: ev.DigitEnded,
    sg.Concealed: ev.Concealed,
    sg.Revealed: ev.Revealed,
    sg.DetectionStarted: ev.DigitDetectionStarted,
    sg.PromptStarted: ev.PromptStarted,
    sg.PromptFinished: ev.PromptFinished,
    sg.RecordingStarted: ev.RecordingStarted,
    sg.RecordingPaused: ev.RecordingPaused,
    sg.RecordingResumed: ev.RecordingResumed,
    sg.TransferProgressed: ev.TransferProgressed,
    sg.TransferFinished: ev.TransferFinished,
    sg.TalkStarted: ev.TalkStarted,
    sg.TalkFinished: ev.TalkFinished,
    sg.Held: ev.Held,
    sg.Resumed: ev.Resumed,
    sg.HoldFailed: ev.HoldFailed,
    sg.HeldByFarEnd: ev.HeldByFarEnd,
    sg.ResumedByFarEnd: ev.ResumedByFarEnd,
    sg.Muted: ev.Muted,
    sg.Unmuted: ev.Unmuted,
    sg.ReferReceived: ev.ReferReceived,
    sg.MediaMeasured: ev.QualitySampled,
    sg.SipMessageSeen: ev.SipMessageTraced,
    sg.AudioMissing: ev.AudioMissing,
    sg.AudioResumed: ev.AudioResumed,
    sg.SilenceStarted: ev.SilenceStarted,
    sg.SilenceEnded: ev.SilenceEnded,
    sg.RtpFromStranger: ev.RtpFromStranger,
}
"""The signals that are recorded as they are."""


def _safely(tell: Callable[[Any], None], what: Any) -> None:
    # Whoever listens may fail; the others are told all the same.
    try:
        tell(what)
    except Exception:
        logger.exception("A listener failed at %s", what)


def _storable(fields: dict[str, Any]) -> dict[str, Any]:
    # A text that is no UTF-8 (half a surrogate pair in an error's message) would stop the log.
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in fields.items()
    }


def _fields_of(kind: type[ev.Event], signal: type[sg.Signal]) -> tuple[str, ...]:
    own = set(kind.__struct_fields__) & set(signal.__struct_fields__)
    return tuple(own - {"at", "media_ms", "leg"})
