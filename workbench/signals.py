"""What an engine reports: plain facts of one leg, the opposite of `commands`.

A signal is not yet an event; the switchboard makes it one by recording it.
"""

from datetime import datetime
from typing import Literal

import msgspec


class Signal(msgspec.Struct, frozen=True, kw_only=True, tag_field="signal"):
    """One fact about one leg."""

    leg: str
    """The engine's name of the leg, never used twice."""
    at: datetime
    """When the engine saw it (UTC, microseconds)."""
    media_ms: int | None = None
    """Milliseconds on the leg's audio clock, which starts with `MediaStarted`."""


def _without(signal: Signal, hidden: str) -> str:
    shown = {name: getattr(signal, name) for name in signal.__struct_fields__ if name != hidden}
    fields = ", ".join(f"{name}={value!r}" for name, value in shown.items())
    return f"{type(signal).__name__}({fields})"


class Offered(Signal, frozen=True, kw_only=True, tag="offered"):
    """Somebody calls us (an INVITE came in)."""

    from_: str = msgspec.field(name="from")
    to: str
    sip_call_id: str
    remote: str = ""
    """HOST:PORT the INVITE came from."""
    request_uri: str = ""
    """Whom the request names, which the network may have changed on its way from `to`."""
    headers: dict[str, str] = {}
    """Headers that carry context (`X-*`, `User-to-User`, `P-Asserted-Identity` …)."""


class Ringing(Signal, frozen=True, kw_only=True, tag="ringing"):
    """The far end rings (180), or we told the caller that we do."""

    sip_code: int = 180
    reason: str = "Ringing"


class EarlyMedia(Signal, frozen=True, kw_only=True, tag="early_media"):
    """The far end sends audio before it answers (183 with SDP)."""

    sip_code: int = 183
    reason: str = "Session Progress"


class Answered(Signal, frozen=True, kw_only=True, tag="answered"):
    """The call is up (200 and ACK)."""

    sip_code: int = 200
    reason: str = "OK"


class MediaStarted(Signal, frozen=True, kw_only=True, tag="media_started"):
    """Audio can flow; the leg's audio clock starts here."""

    codec: str
    clock_rate: int
    secure: bool = False
    """Whether it is encrypted (SRTP)."""


class DigitReceived(Signal, frozen=True, kw_only=True, tag="digit_received"):
    """A keypad digit, reported when it begins (RFC 4733)."""

    digit: str
    method: Literal["rfc4733", "sip-info", "inband"] = "rfc4733"
    trusted: bool = True
    """False when it came in RTP from an address that was not negotiated."""

    def __repr__(self) -> str:
        """Leave the key out: it may be secret, and this may be logged."""
        return _without(self, "digit")


class DigitEnded(Signal, frozen=True, kw_only=True, tag="digit_ended"):
    """A keypad digit was let go."""

    digit: str
    method: Literal["rfc4733", "sip-info", "inband"] = "rfc4733"
    duration_ms: int
    """How long it was pressed, as the far end says or as its tone was heard."""

    def __repr__(self) -> str:
        """Leave the key out."""
        return _without(self, "digit")


class Concealed(Signal, frozen=True, kw_only=True, tag="concealed"):
    """What the far end says is neither recorded nor given to others from `media_ms` on."""

    concealment: str


class Revealed(Signal, frozen=True, kw_only=True, tag="revealed"):
    """It is again; the last key was let go a moment ago."""

    concealment: str


class DetectionStarted(Signal, frozen=True, kw_only=True, tag="detection_started"):
    """Tones are looked for from now on, or cannot be (`reason` says why)."""

    reason: str = ""


class DigitsSent(Signal, frozen=True, kw_only=True, tag="digits_sent"):
    """All digits of a sending are on the wire, or could not be sent."""

    sending: str
    outcome: Literal["completed", "interrupted", "failed"] = "completed"
    reason: str = ""


class PromptStarted(Signal, frozen=True, kw_only=True, tag="prompt_started"):
    """The first frame of a prompt goes to the far end."""

    prompt: str


class PromptFinished(Signal, frozen=True, kw_only=True, tag="prompt_finished"):
    """A prompt is over."""

    prompt: str
    outcome: Literal["completed", "interrupted", "failed"]
    played_ms: int
    """Milliseconds of the prompt that were really played."""
    reason: str = ""
    spans: tuple[tuple[int, int, int], ...] = ()
    """What of it left on the wire: from and to which millisecond of the prompt, and where on
    the leg's audio clock that began."""
    late_ms: int = 0
    """How long it was silent in between, because a part of it was not there in time."""


class RecordingStarted(Signal, frozen=True, kw_only=True, tag="recording_started"):
    """Both recorders run; their first sample is at `media_ms`."""

    recording: str


class RecordingPaused(Signal, frozen=True, kw_only=True, tag="recording_paused"):
    """Silence is recorded from `media_ms` on."""

    recording: str


class RecordingResumed(Signal, frozen=True, kw_only=True, tag="recording_resumed"):
    """Both directions are recorded again from `media_ms` on."""

    recording: str


class RecordingFinished(Signal, frozen=True, kw_only=True, tag="recording_finished"):
    """Both recorders are closed, or could not be opened (`reason` says why)."""

    recording: str
    reason: str = ""


class TransferProgressed(Signal, frozen=True, kw_only=True, tag="transfer_progressed"):
    """The far end tells how its call to the transfer's target goes (NOTIFY)."""

    transfer: str
    sip_code: int
    reason: str = ""


class TransferFinished(Signal, frozen=True, kw_only=True, tag="transfer_finished"):
    """A transfer is over, whatever became of it."""

    transfer: str
    outcome: Literal["completed", "failed", "interrupted"]
    sip_code: int = 0
    """What the far end was answered, or answered us; 0 when it said nothing."""
    reason: str = ""


class ForkStarted(Signal, frozen=True, kw_only=True, tag="fork_started"):
    """Raw audio is given away; its first frame is at `media_ms`."""

    fork: str


class ForkStopped(Signal, frozen=True, kw_only=True, tag="fork_stopped"):
    """No more audio is given away, or none could be (`reason` says why)."""

    fork: str
    reason: str = ""


class Bridged(Signal, frozen=True, kw_only=True, tag="bridged"):
    """The leg and another one hear each other from now on."""

    other: str


class Unbridged(Signal, frozen=True, kw_only=True, tag="unbridged"):
    """They do no more, or never could (`reason` says why)."""

    other: str
    reason: str = ""


class TalkStarted(Signal, frozen=True, kw_only=True, tag="talk_started"):
    """Somebody outside of the engine is heard by the far end, and hears it."""

    talk: str


class TalkFinished(Signal, frozen=True, kw_only=True, tag="talk_finished"):
    """They are no more, or never could be (`reason` says why)."""

    talk: str
    frames: int = 0
    """Frames of 20 ms that they said."""
    lost: int = 0
    """Of those, left out, because they came too many at once."""
    late: int = 0
    """How often none was there in time."""
    unheard: int = 0
    """Frames of the far end that they did not take."""
    reason: str = ""


class Held(Signal, frozen=True, kw_only=True, tag="held"):
    """The far end is on hold: it hears the music, and we hear nothing of it."""

    hold: str


class Resumed(Signal, frozen=True, kw_only=True, tag="resumed"):
    """The far end is no longer on hold."""

    hold: str


class HoldFailed(Signal, frozen=True, kw_only=True, tag="hold_failed"):
    """A hold or a resume that changed nothing."""

    hold: str
    outcome: Literal["failed", "interrupted"] = "failed"
    sip_code: int = 0
    """What the far end answered; 0 when it was not asked, or never answered."""
    reason: str = ""


class HeldByFarEnd(Signal, frozen=True, kw_only=True, tag="held_by_far_end"):
    """The far end has put us on hold (its description says `sendonly` or `inactive`)."""


class ResumedByFarEnd(Signal, frozen=True, kw_only=True, tag="resumed_by_far_end"):
    """The far end listens to us again."""


class Muted(Signal, frozen=True, kw_only=True, tag="muted"):
    """Nothing that is played or said reaches the far end from here on."""


class Unmuted(Signal, frozen=True, kw_only=True, tag="unmuted"):
    """What is played and said reaches the far end again."""


class ReferReceived(Signal, frozen=True, kw_only=True, tag="refer_received"):
    """The far end asks us to call somebody else instead of it; it was told that we try."""

    refer: str
    to: str
    """As the far end wrote it."""
    replaces: str = ""
    """The dialog that the new call is to replace, as in a Replaces header."""


class MediaMeasured(Signal, frozen=True, kw_only=True, tag="media_measured"):
    """What RTP and RTCP counted on one stream of the leg since it began."""

    packets_received: int
    packets_lost: int
    packets_discarded: int
    jitter_ms_rx: float
    packets_sent: int
    jitter_ms_tx: float | None = None
    loss_pct_tx: float | None = None
    rtt_ms: float | None = None
    final: bool = True
    """False for what is counted while the call goes on."""


class AudioMissing(Signal, frozen=True, kw_only=True, tag="audio_missing"):
    """The far end is to send audio and has sent none for three seconds."""

    ever: bool
    """False when not one packet has come: the audio is one-way."""


class AudioResumed(Signal, frozen=True, kw_only=True, tag="audio_resumed"):
    """Audio comes again."""

    missing_ms: int


class SilenceStarted(Signal, frozen=True, kw_only=True, tag="silence_started"):
    """The far end has sent nothing but silence for ten seconds."""


class SilenceEnded(Signal, frozen=True, kw_only=True, tag="silence_ended"):
    """The far end is heard again, or sends nothing at all."""

    silent_ms: int


class RtpFromStranger(Signal, frozen=True, kw_only=True, tag="rtp_from_stranger"):
    """Audio comes from an address that was not negotiated; told once for each."""

    source: str
    """HOST:PORT; `others` for all that are too many."""
    packets: int
    """Counted so far."""
    refused: bool = True
    """Whether its packets are dropped."""


class SipMessageSeen(Signal, frozen=True, kw_only=True, tag="sip_message_seen"):
    """A SIP message of the leg's dialog, without credentials and keys."""

    direction: Literal["received", "sent"]
    message: str


class Released(Signal, frozen=True, kw_only=True, tag="released"):
    """The leg is gone; no signal of it follows."""

    by: Literal["local", "remote", "engine"]
    """Who let go: our own command, the far end, or a fault of the engine."""
    sip_code: int = 200
    reason: str = ""
    q850_cause: int | None = None
    """From a Reason header (RFC 3326), where there was one."""
    contact: str = ""
    """Where to call instead: the Contact of a 3xx, received or sent."""


AnySignal = (
    Offered
    | Ringing
    | EarlyMedia
    | Answered
    | MediaStarted
    | DigitReceived
    | DigitEnded
    | Concealed
    | Revealed
    | DetectionStarted
    | DigitsSent
    | PromptStarted
    | PromptFinished
    | RecordingStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingFinished
    | TransferProgressed
    | TransferFinished
    | ReferReceived
    | ForkStarted
    | ForkStopped
    | Bridged
    | Unbridged
    | TalkStarted
    | TalkFinished
    | Held
    | Resumed
    | HoldFailed
    | HeldByFarEnd
    | ResumedByFarEnd
    | Muted
    | Unmuted
    | MediaMeasured
    | AudioMissing
    | AudioResumed
    | SilenceStarted
    | SilenceEnded
    | RtpFromStranger
    | SipMessageSeen
    | Released
)
"""What the worker protocol can carry."""
