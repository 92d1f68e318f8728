"""What the world did: the engine, timers and steps. Only these wake a flow."""

from typing import Any, ClassVar, Literal

import msgspec

from workbench.events.event import Event


class Placed(Event, frozen=True, kw_only=True):
    """We call somebody."""

    TOPIC: ClassVar[str] = "call.placed"
    leg: str
    from_: str = msgspec.field(name="from")
    to: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    ring_timeout_s: float = 60.0
    follow_redirects: int = 0
    """How many 3xx responses are followed."""
    time_limit_s: float | None = None
    """Seconds after the answer at which it is hung up; None: the policy's."""
    account: str = ""
    """The URI of the account whose credentials are used; empty for none."""
    parent: str = ""
    """The id of the call whose flow dialled; empty when nobody's did."""
    srtp: str = ""
    """How SRTP is used, where this call says so; empty for the bench's way."""
    codecs: tuple[str, ...] = ()
    """What is offered, where this call says so; empty for the bench's codecs."""
    replaces: str = ""
    """The SIP dialog at the callee that it is to replace (RFC 3891)."""


class Offered(Event, frozen=True, kw_only=True):
    """Somebody calls us."""

    TOPIC: ClassVar[str] = "call.offered"
    leg: str
    from_: str = msgspec.field(name="from")
    to: str
    sip_call_id: str = ""
    remote: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    identity: str = ""
    """The caller's URI: asserted by a trusted peer (RFC 3325), else `from_`."""
    forwarded_from: str = ""
    """Who sent the call on to us, as a trusted peer says (Diversion, History-Info)."""
    caller_number: str = ""
    """`identity` as E.164; empty where it is no number with its country."""
    called_number: str = ""
    """`to` as E.164; empty where it is no number with its country."""
    request_uri: str = ""
    """Whom the INVITE itself names, which the network may have changed from `to`."""


class Refused(Event, frozen=True, kw_only=True):
    """The policy let nothing out for this call; nobody was called."""

    TOPIC: ClassVar[str] = "call.refused"
    way: Literal["dial", "transfer", "refer", "redirect"]
    to: str
    rule: str
    """The field of `Policy` that refused, `dear` for a range that costs extra."""
    reason: str


class Redirected(Event, frozen=True, kw_only=True):
    """The callee told us to call somebody else (3xx), which we do with another leg."""

    TOPIC: ClassVar[str] = "call.redirected"
    leg: str
    sip_code: int
    to: str


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
    secure: bool = False
    """Whether it is encrypted between the far end and us (SRTP)."""


class DigitReceived(Event, frozen=True, kw_only=True):
    """The far end pressed a key."""

    TOPIC: ClassVar[str] = "call.digit_received"
    digit: str
    """A mark when it was pressed in secret."""
    method: str = "rfc4733"
    trusted: bool = True
    """False when it came in RTP from an address that was not negotiated."""


class DigitDetectionStarted(Event, frozen=True, kw_only=True):
    """Tones of keys are looked for in the audio from now on, or cannot be."""

    TOPIC: ClassVar[str] = "call.digit_detection_started"
    reason: str = ""
    """Why they cannot be; empty when they are."""


class Concealed(Event, frozen=True, kw_only=True):
    """What the far end presses and says is neither recorded nor given away from here on."""

    TOPIC: ClassVar[str] = "call.concealed"
    concealment: str
    """The name of the gather that is secret."""


class Revealed(Event, frozen=True, kw_only=True):
    """The end of a `Concealed`: the last key was let go a moment ago."""

    TOPIC: ClassVar[str] = "call.revealed"
    concealment: str
    reason: str = ""
    """Why it ended before it was asked to; empty when it was."""


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
    """SHA-256 of what was given to the engine; of its first part, when more follow."""
    duration_ms: int | None = None
    """None when it is not known yet, because parts follow."""


class PromptFinished(Event, frozen=True, kw_only=True):
    """The end of a `PromptRequested`."""

    TOPIC: ClassVar[str] = "call.prompt_finished"
    prompt: str
    outcome: Literal["completed", "interrupted", "failed"]
    played_ms: int
    reason: str = ""
    spans: tuple[tuple[int, int, int], ...] = ()
    """What of it left on the wire: from and to which millisecond of the prompt, and where on
    the leg's audio clock that began. Muted, or held by the far end, it does not leave."""
    heard: str = ""
    """Its words that left whole, where its words are known."""
    late_ms: int = 0
    """How long it was silent in between, because a part of it was not there in time."""


class RecordingStarted(Event, frozen=True, kw_only=True):
    """The recording's first sample is at `media_ms`."""

    TOPIC: ClassVar[str] = "call.recording_started"
    recording: str


class RecordingPaused(Event, frozen=True, kw_only=True):
    """Silence is recorded from here on."""

    TOPIC: ClassVar[str] = "call.recording_paused"
    recording: str


class RecordingResumed(Event, frozen=True, kw_only=True):
    """Both directions are recorded again."""

    TOPIC: ClassVar[str] = "call.recording_resumed"
    recording: str


class RecordingStopped(Event, frozen=True, kw_only=True):
    """A recording was ended before its call; its audio is about to be stored."""

    TOPIC: ClassVar[str] = "call.recording_stopped"
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


class ForkStarted(Event, frozen=True, kw_only=True):
    """Raw audio flows to a consumer; its first frame is at `media_ms`."""

    TOPIC: ClassVar[str] = "call.fork_started"
    fork: str


class FramesLost(Event, frozen=True, kw_only=True):
    """A consumer was too slow and did not get some frames; the call heard nothing of it."""

    TOPIC: ClassVar[str] = "call.frames_lost"
    fork: str
    frames: int
    from_media_ms: int
    """Where the first of them began, on the leg's audio clock."""


class ForkFinished(Event, frozen=True, kw_only=True):
    """The end of a `ForkRequested`: its consumer is done."""

    TOPIC: ClassVar[str] = "call.fork_finished"
    fork: str
    frames: int
    """How many frames the consumer took."""
    lost: int = 0
    reason: str = ""
    """Why it ended before the call, or what the consumer raised; else empty."""


class StepYielded(Event, frozen=True, kw_only=True):
    """One piece of the answer to a `StepRequested` that streams."""

    TOPIC: ClassVar[str] = "call.step_yielded"
    step: str
    value: Any = None


class StepReturned(Event, frozen=True, kw_only=True):
    """The end of a `StepRequested`: what the world answered."""

    TOPIC: ClassVar[str] = "call.step_returned"
    step: str
    value: Any = None
    """Of one that streams: how many pieces it gave."""
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
    contact: str = ""
    """Where to call instead: the Contact of a 3xx, received or sent."""
