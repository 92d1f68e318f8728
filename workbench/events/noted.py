"""For people: never seen by a flow, not needed by a replay."""

from typing import ClassVar, Literal

from workbench.events.event import Event, Kind


class DigitEnded(Event, frozen=True, kw_only=True):
    """The far end let a key go."""

    TOPIC: ClassVar[str] = "call.digit_ended"
    KIND: ClassVar[Kind] = Kind.NOTED
    digit: str
    method: str = "rfc4733"
    duration_ms: int


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
    final: bool = True
    """False for what is counted while the call goes on."""


class AudioMissing(Event, frozen=True, kw_only=True):
    """The far end is to send audio and has sent none for three seconds."""

    TOPIC: ClassVar[str] = "call.audio_missing"
    KIND: ClassVar[Kind] = Kind.NOTED
    ever: bool
    """False when not one packet has come: the audio is one-way."""


class AudioResumed(Event, frozen=True, kw_only=True):
    """Audio comes again."""

    TOPIC: ClassVar[str] = "call.audio_resumed"
    KIND: ClassVar[Kind] = Kind.NOTED
    missing_ms: int


class SilenceStarted(Event, frozen=True, kw_only=True):
    """The far end has sent nothing but silence for ten seconds."""

    TOPIC: ClassVar[str] = "call.silence_started"
    KIND: ClassVar[Kind] = Kind.NOTED


class SilenceEnded(Event, frozen=True, kw_only=True):
    """The far end is heard again, or sends nothing at all."""

    TOPIC: ClassVar[str] = "call.silence_ended"
    KIND: ClassVar[Kind] = Kind.NOTED
    silent_ms: int


class RtpFromStranger(Event, frozen=True, kw_only=True):
    """Audio came from an address that was not negotiated; once for each address."""

    TOPIC: ClassVar[str] = "call.rtp_from_stranger"
    KIND: ClassVar[Kind] = Kind.NOTED
    source: str
    """HOST:PORT; `others` for all that were too many."""
    packets: int
    """Counted when it was told of."""
    refused: bool = True
    """Whether its packets were dropped."""


class SipMessageTraced(Event, frozen=True, kw_only=True):
    """A SIP message of the call, without credentials and keys."""

    TOPIC: ClassVar[str] = "call.sip_message_traced"
    KIND: ClassVar[Kind] = Kind.NOTED
    direction: Literal["received", "sent"]
    message: str
