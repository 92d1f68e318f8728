"""What a flow decided, or a person outside of it."""

from typing import Any, ClassVar, Literal

import msgspec

from workbench.events.event import Decision


class FlowStarted(Decision, frozen=True, kw_only=True):
    """A flow takes charge of the call."""

    TOPIC: ClassVar[str] = "call.flow_started"


class FlowReplaceRequested(Decision, frozen=True, kw_only=True):
    """Let another flow take the call over while it goes on."""

    TOPIC: ClassVar[str] = "call.flow_replace_requested"
    change: str
    replacement: str
    """Name of the flow that is to follow."""
    replacement_version: str = ""


class FlowReplaced(Decision, frozen=True, kw_only=True):
    """The flow was cut, because another takes over."""

    TOPIC: ClassVar[str] = "call.flow_replaced"
    digits: str = ""
    """Keys that were pressed and that nobody has taken: the next flow has them."""
    error_type: str = ""
    """Of what its cleanup raised; empty when that went well."""
    error: str = ""


class RingRequested(Decision, frozen=True, kw_only=True):
    """Tell the caller that it rings."""

    TOPIC: ClassVar[str] = "call.ring_requested"


class ProgressRequested(Decision, frozen=True, kw_only=True):
    """Let the caller hear audio before the answer."""

    TOPIC: ClassVar[str] = "call.progress_requested"


class AnswerRequested(Decision, frozen=True, kw_only=True):
    """Take the call."""

    TOPIC: ClassVar[str] = "call.answer_requested"


class RejectRequested(Decision, frozen=True, kw_only=True):
    """Refuse the call."""

    TOPIC: ClassVar[str] = "call.reject_requested"
    sip_code: int
    cause: int | None = None
    """The Q.850 cause that the caller is told; None when none is."""
    reason: str = ""


class RedirectRequested(Decision, frozen=True, kw_only=True):
    """Refuse the call, and tell the caller whom to call instead."""

    TOPIC: ClassVar[str] = "call.redirect_requested"
    to: str


class LimitRequested(Decision, frozen=True, kw_only=True):
    """Hang up so many seconds after the answer."""

    TOPIC: ClassVar[str] = "call.limit_requested"
    seconds: float


class PromptRequested(Decision, frozen=True, kw_only=True):
    """Play a file, or speak a text."""

    TOPIC: ClassVar[str] = "call.prompt_requested"
    prompt: str
    source: str = ""
    """The file as the flow named it, the first of several; empty when a text is spoken."""
    text: str = ""
    sources: tuple[str, ...] = ()
    """All files, where there are several; they play without a gap."""
    offset_s: float = 0.0
    """Where it begins, in seconds."""
    loop: int = 1
    """How many times it plays; 0 for ever."""
    skip_ms: int = 0
    """Milliseconds of it that were played before it was interrupted: it goes on there."""


class PromptStopRequested(Decision, frozen=True, kw_only=True):
    """Cut a prompt short."""

    TOPIC: ClassVar[str] = "call.prompt_stop_requested"
    prompt: str


class DigitsRequested(Decision, frozen=True, kw_only=True):
    """Send keypad digits."""

    TOPIC: ClassVar[str] = "call.digits_requested"
    sending: str
    digits: str
    """A mark for each that is secret."""
    method: Literal["rfc4733", "sip-info", "inband"] = "rfc4733"
    duration_ms: int = 160
    """How long each key is pressed."""


class DigitDetectionRequested(Decision, frozen=True, kw_only=True):
    """Look for the tones of keys in what the far end says."""

    TOPIC: ClassVar[str] = "call.digit_detection_requested"


class GatherRequested(Decision, frozen=True, kw_only=True):
    """Collect keypad digits, or speech."""

    TOPIC: ClassVar[str] = "call.gather_requested"
    gather: str
    max_digits: int
    finish_on: str
    timeout_s: float
    digit_timeout_s: float
    speech: bool = False
    """Whether a turn of speech is an answer too."""
    hints: tuple[str, ...] = ()
    secret: bool = False
    """Whether a mark is recorded for each key from here on, and silence."""


class GatherFinished(Decision, frozen=True, kw_only=True):
    """The end of a `GatherRequested`."""

    TOPIC: ClassVar[str] = "call.gather_finished"
    gather: str
    digits: str
    """A mark for each that was gathered in secret."""
    reason: Literal["digits", "finish_on", "speech", "timeout", "no-match", "cancelled"]
    speech: str = ""
    """The words that were heard; empty when keys came first, or nothing."""
    confidence: float | None = None


class RecordRequested(Decision, frozen=True, kw_only=True):
    """Record both directions from now to the end of the call."""

    TOPIC: ClassVar[str] = "call.record_requested"
    recording: str


class RecordPauseRequested(Decision, frozen=True, kw_only=True):
    """Record silence for a while."""

    TOPIC: ClassVar[str] = "call.record_pause_requested"
    recording: str


class RecordResumeRequested(Decision, frozen=True, kw_only=True):
    """Record again."""

    TOPIC: ClassVar[str] = "call.record_resume_requested"
    recording: str


class RecordStopRequested(Decision, frozen=True, kw_only=True):
    """End a recording before its call."""

    TOPIC: ClassVar[str] = "call.record_stop_requested"
    recording: str


class TransferRequested(Decision, frozen=True, kw_only=True):
    """Ask the far end to call somebody else instead of us."""

    TOPIC: ClassVar[str] = "call.transfer_requested"
    transfer: str
    to: str
    call: str = ""
    """The call of ours that the far end's new one is to replace; empty in a blind transfer."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    timeout_s: float = 60.0


class DialRequested(Decision, frozen=True, kw_only=True):
    """Call somebody, and let the caller talk to whoever answers."""

    TOPIC: ClassVar[str] = "call.dial_requested"
    dial: str
    from_: str = msgspec.field(name="from", default="")
    to: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    ring_timeout_s: float = 60.0
    account: str = ""
    """The URI of the account to call with; empty for none."""
    whisper: str = ""
    """A file that only the callee hears first, or `flow NAME` of the flow that asks him."""


class DialCancelRequested(Decision, frozen=True, kw_only=True):
    """Hang up whoever is being called, or was."""

    TOPIC: ClassVar[str] = "call.dial_cancel_requested"
    dial: str


class BridgeRequested(Decision, frozen=True, kw_only=True):
    """Let the parties of two calls hear each other."""

    TOPIC: ClassVar[str] = "call.bridge_requested"
    other: str
    """The id of the other call."""


class UnbridgeRequested(Decision, frozen=True, kw_only=True):
    """Part two calls that are bridged."""

    TOPIC: ClassVar[str] = "call.unbridge_requested"
    other: str


class JoinRequested(Decision, frozen=True, kw_only=True):
    """Enter a conference."""

    TOPIC: ClassVar[str] = "call.join_requested"
    room: str


class LeaveRequested(Decision, frozen=True, kw_only=True):
    """Leave a conference."""

    TOPIC: ClassVar[str] = "call.leave_requested"
    room: str


class ParkRequested(Decision, frozen=True, kw_only=True):
    """Wait in a slot until another call picks this one up."""

    TOPIC: ClassVar[str] = "call.park_requested"
    park: str
    slot: str


class ParkEndRequested(Decision, frozen=True, kw_only=True):
    """Wait no longer."""

    TOPIC: ClassVar[str] = "call.park_end_requested"
    park: str


class PickupRequested(Decision, frozen=True, kw_only=True):
    """Talk to the call that waits in a slot."""

    TOPIC: ClassVar[str] = "call.pickup_requested"
    pickup: str
    slot: str


class ForkRequested(Decision, frozen=True, kw_only=True):
    """Give the raw audio to a consumer."""

    TOPIC: ClassVar[str] = "call.fork_requested"
    fork: str
    name: str = ""
    """What it is for, in the words of whoever asked."""
    direction: Literal["received", "sent", "both"] = "both"


class ForkStopRequested(Decision, frozen=True, kw_only=True):
    """End a fork before the call."""

    TOPIC: ClassVar[str] = "call.fork_stop_requested"
    fork: str


class HoldRequested(Decision, frozen=True, kw_only=True):
    """Put the far end on hold."""

    TOPIC: ClassVar[str] = "call.hold_requested"
    hold: str
    music: str = ""
    """The file that it hears, as the flow named it; empty for silence."""


class ResumeRequested(Decision, frozen=True, kw_only=True):
    """Take the far end back from hold."""

    TOPIC: ClassVar[str] = "call.resume_requested"
    hold: str


class MuteRequested(Decision, frozen=True, kw_only=True):
    """Send nothing more of what is played or said."""

    TOPIC: ClassVar[str] = "call.mute_requested"


class UnmuteRequested(Decision, frozen=True, kw_only=True):
    """Send it again."""

    TOPIC: ClassVar[str] = "call.unmute_requested"


class ReferAwaited(Decision, frozen=True, kw_only=True):
    """Accept what REFER the far end sends from now on, and decide of each."""

    TOPIC: ClassVar[str] = "call.refer_awaited"


class ReferAcceptRequested(Decision, frozen=True, kw_only=True):
    """Obey a REFER: call whom it names."""

    TOPIC: ClassVar[str] = "call.refer_accept_requested"
    refer: str


class ReferRefuseRequested(Decision, frozen=True, kw_only=True):
    """Refuse a REFER."""

    TOPIC: ClassVar[str] = "call.refer_refuse_requested"
    refer: str
    sip_code: int = 603


class StepRequested(Decision, frozen=True, kw_only=True):
    """Ask the world for something."""

    TOPIC: ClassVar[str] = "call.step_requested"
    step: str
    name: str
    streams: bool = False
    """Whether its answer comes piece by piece."""


class StepStopRequested(Decision, frozen=True, kw_only=True):
    """Take no more pieces of a step that streams."""

    TOPIC: ClassVar[str] = "call.step_stop_requested"
    step: str


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
    reason: str = ""
    """Why, in words; empty when nobody said."""
    cause: int | None = None
    """The Q.850 cause that the far end is told, with the reason; None when neither is."""


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
