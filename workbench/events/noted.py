"""For people: never seen by a flow, not needed by a replay."""

from typing import ClassVar, Literal

from workbench.events.event import Event, Kind


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


class SipMessageTraced(Event, frozen=True, kw_only=True):
    """A SIP message of the call, without credentials and keys."""

    TOPIC: ClassVar[str] = "call.sip_message_traced"
    KIND: ClassVar[Kind] = Kind.NOTED
    direction: Literal["received", "sent"]
    message: str
