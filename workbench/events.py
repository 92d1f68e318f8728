"""What was recorded: the events of a call, in three kinds.

Observed events come from the engine, from timers and from steps; decided events come from
a flow and name what caused them; noted events are for people and never seen by a flow.
A topic is stored for ever: a class may be renamed, its `TOPIC` never.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal

import msgspec


class Kind(StrEnum):
    """Where an event comes from and who may see it."""

    OBSERVED = "observed"
    DECIDED = "decided"
    NOTED = "noted"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded fact of one call."""

    TOPIC: ClassVar[str] = ""
    KIND: ClassVar[Kind] = Kind.OBSERVED
    class_version: ClassVar[int] = 1

    call_id: str
    version: int
    """Position in the call's history; the first event has 1."""
    at: datetime
    """UTC, microseconds; never earlier than the event before it."""
    media_ms: int | None = None
    """Milliseconds on the leg's audio clock; None before audio can flow."""

    @property
    def originator_id(self) -> str:
        """The call's id, under the name that the event store uses."""
        return self.call_id

    @property
    def originator_version(self) -> int:
        """The version, under the name that the event store uses."""
        return self.version


class Decision(Event, frozen=True, kw_only=True):
    """What a flow decided, and which event made it decide so."""

    KIND: ClassVar[Kind] = Kind.DECIDED

    caused_by: int
    """Version of the event that woke the flow."""
    flow: str = ""
    """Name of the flow; empty when a person or a program outside decided."""
    flow_version: str = ""
    """First 12 hex digits of the SHA-256 of the flow's source."""
    file: str = ""
    line: int = 0
    """The line of the flow that asked for it; 0 when no line did."""


# -- observed: the course of the call ------------------------------------------------------


class Placed(Event, frozen=True, kw_only=True):
    """We call somebody."""

    TOPIC: ClassVar[str] = "call.placed"
    leg: str
    from_: str = msgspec.field(name="from")
    to: str
    headers: dict[str, str] = {}
    ring_timeout_s: float = 60.0


class Offered(Event, frozen=True, kw_only=True):
    """Somebody calls us."""

    TOPIC: ClassVar[str] = "call.offered"
    leg: str
    from_: str = msgspec.field(name="from")
    to: str
    sip_call_id: str = ""
    remote: str = ""
    headers: dict[str, str] = {}


class Ringing(Event, frozen=True, kw_only=True):
    """The callee's phone rings."""

    TOPIC: ClassVar[str] = "call.ringing"
    sip_code: int = 180
    reason: str = ""


class EarlyMedia(Event, frozen=True, kw_only=True):
    """Audio comes before the answer."""

    TOPIC: ClassVar[str] = "call.early_media"
    sip_code: int = 183
    reason: str = ""


class Answered(Event, frozen=True, kw_only=True):
    """The call is up."""

    TOPIC: ClassVar[str] = "call.answered"
    sip_code: int = 200


class MediaStarted(Event, frozen=True, kw_only=True):
    """Audio can flow; the audio clock of the leg starts."""

    TOPIC: ClassVar[str] = "call.media_started"
    codec: str
    clock_rate: int


class DigitReceived(Event, frozen=True, kw_only=True):
    """The far end pressed a key."""

    TOPIC: ClassVar[str] = "call.digit_received"
    digit: str
    method: str = "rfc4733"


class DigitsSent(Event, frozen=True, kw_only=True):
    """The end of a `DigitsRequested`."""

    TOPIC: ClassVar[str] = "call.digits_sent"
    sending: str
    outcome: Literal["completed", "interrupted", "failed"]
    reason: str = ""


class PromptStarted(Event, frozen=True, kw_only=True):
    """The first frame of a prompt went out."""

    TOPIC: ClassVar[str] = "call.prompt_started"
    prompt: str
    audio: str = ""
    """SHA-256 of the audio that was given to the engine."""
    duration_ms: int | None = None


class PromptFinished(Event, frozen=True, kw_only=True):
    """The end of a `PromptRequested`."""

    TOPIC: ClassVar[str] = "call.prompt_finished"
    prompt: str
    outcome: Literal["completed", "interrupted", "failed"]
    played_ms: int
    reason: str = ""


class RecordingStarted(Event, frozen=True, kw_only=True):
    """The recording's first sample is at `media_ms`."""

    TOPIC: ClassVar[str] = "call.recording_started"
    recording: str


class RecordingStored(Event, frozen=True, kw_only=True):
    """The end of a `RecordRequested`: the audio has its name for ever."""

    TOPIC: ClassVar[str] = "call.recording_stored"
    recording: str
    audio: str
    """SHA-256 of the file in the store's `recordings/`; channel 1 received, channel 2 sent."""
    duration_ms: int
    start_media_ms: int
    """Where on the leg's audio clock the first sample lies."""


class RecordingFailed(Event, frozen=True, kw_only=True):
    """The end of a `RecordRequested` of which no audio is left."""

    TOPIC: ClassVar[str] = "call.recording_failed"
    recording: str
    reason: str


class StepReturned(Event, frozen=True, kw_only=True):
    """The end of a `StepRequested`: what the world answered."""

    TOPIC: ClassVar[str] = "call.step_returned"
    step: str
    value: Any = None
    error_type: str = ""
    """Type of the exception that the function raised; empty when it returned."""
    error: str = ""


class TimerFired(Event, frozen=True, kw_only=True):
    """The end of a `TimerRequested` whose time came."""

    TOPIC: ClassVar[str] = "call.timer_fired"
    timer: str


class Ended(Event, frozen=True, kw_only=True):
    """The one terminal event of every call."""

    TOPIC: ClassVar[str] = "call.ended"
    by: Literal["caller", "callee", "app", "engine"]
    status: Literal["completed", "busy", "failed", "no-answer", "canceled"]
    sip_code: int
    q850_cause: int
    hangup_cause: str
    reason: str = ""


# -- decided: what a flow asked for --------------------------------------------------------


class FlowStarted(Decision, frozen=True, kw_only=True):
    """A flow takes charge of the call."""

    TOPIC: ClassVar[str] = "call.flow_started"


class RingRequested(Decision, frozen=True, kw_only=True):
    """Tell the caller that it rings."""

    TOPIC: ClassVar[str] = "call.ring_requested"


class AnswerRequested(Decision, frozen=True, kw_only=True):
    """Take the call."""

    TOPIC: ClassVar[str] = "call.answer_requested"


class RejectRequested(Decision, frozen=True, kw_only=True):
    """Refuse the call."""

    TOPIC: ClassVar[str] = "call.reject_requested"
    sip_code: int


class PromptRequested(Decision, frozen=True, kw_only=True):
    """Play a file, or speak a text."""

    TOPIC: ClassVar[str] = "call.prompt_requested"
    prompt: str
    source: str = ""
    """The file as the flow named it; empty when a text is spoken."""
    text: str = ""


class PromptStopRequested(Decision, frozen=True, kw_only=True):
    """Cut a prompt short."""

    TOPIC: ClassVar[str] = "call.prompt_stop_requested"
    prompt: str


class DigitsRequested(Decision, frozen=True, kw_only=True):
    """Send keypad digits."""

    TOPIC: ClassVar[str] = "call.digits_requested"
    sending: str
    digits: str


class GatherRequested(Decision, frozen=True, kw_only=True):
    """Collect keypad digits."""

    TOPIC: ClassVar[str] = "call.gather_requested"
    gather: str
    max_digits: int
    finish_on: str
    timeout_s: float
    digit_timeout_s: float


class GatherFinished(Decision, frozen=True, kw_only=True):
    """The end of a `GatherRequested`."""

    TOPIC: ClassVar[str] = "call.gather_finished"
    gather: str
    digits: str
    reason: Literal["digits", "finish_on", "timeout", "cancelled"]


class RecordRequested(Decision, frozen=True, kw_only=True):
    """Record both directions from now to the end of the call."""

    TOPIC: ClassVar[str] = "call.record_requested"
    recording: str


class StepRequested(Decision, frozen=True, kw_only=True):
    """Ask the world for something."""

    TOPIC: ClassVar[str] = "call.step_requested"
    step: str
    name: str


class TimerRequested(Decision, frozen=True, kw_only=True):
    """Wait."""

    TOPIC: ClassVar[str] = "call.timer_requested"
    timer: str
    seconds: float


class TimerCancelled(Decision, frozen=True, kw_only=True):
    """The end of a `TimerRequested` that was no longer needed."""

    TOPIC: ClassVar[str] = "call.timer_cancelled"
    timer: str


class HangupRequested(Decision, frozen=True, kw_only=True):
    """End the call."""

    TOPIC: ClassVar[str] = "call.hangup_requested"


class FlowReturned(Decision, frozen=True, kw_only=True):
    """The flow came to its end; after a hang-up, its cleanup too."""

    TOPIC: ClassVar[str] = "call.flow_returned"
    value: Any = None
    """What it returned, where JSON can hold it; else its `repr`."""


class FlowFailed(Decision, frozen=True, kw_only=True):
    """The flow raised, or was lost with its process."""

    TOPIC: ClassVar[str] = "call.flow_failed"
    error_type: str
    error: str
    traceback: str = ""


# -- noted: for people ---------------------------------------------------------------------


class QualitySampled(Event, frozen=True, kw_only=True):
    """What RTP and RTCP counted on a stream of the leg."""

    TOPIC: ClassVar[str] = "call.quality_sampled"
    KIND: ClassVar[Kind] = Kind.NOTED
    packets_received: int
    packets_lost: int
    packets_discarded: int
    jitter_ms_rx: float
    packets_sent: int
    jitter_ms_tx: float | None = None
    loss_pct_tx: float | None = None
    rtt_ms: float | None = None


class SipMessageTraced(Event, frozen=True, kw_only=True):
    """A SIP message of the call, without credentials and keys."""

    TOPIC: ClassVar[str] = "call.sip_message_traced"
    KIND: ClassVar[Kind] = Kind.NOTED
    direction: Literal["received", "sent"]
    message: str


EVENTS: tuple[type[Event], ...] = (
    Placed, Offered, Ringing, EarlyMedia, Answered, MediaStarted, DigitReceived, DigitsSent,
    PromptStarted, PromptFinished, RecordingStarted, RecordingStored, RecordingFailed,
    StepReturned, TimerFired, Ended,
    FlowStarted, RingRequested, AnswerRequested, RejectRequested, PromptRequested,
    PromptStopRequested, DigitsRequested, GatherRequested, GatherFinished, RecordRequested,
    StepRequested, TimerRequested, TimerCancelled, HangupRequested, FlowReturned, FlowFailed,
    QualitySampled, SipMessageTraced,
)  # fmt: skip
"""Every event there is, in the order of this file."""

BY_TOPIC: dict[str, type[Event]] = {event.TOPIC: event for event in EVENTS}
