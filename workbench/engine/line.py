"""What an exchange needs of the telephone network: lines, tapes and the trunk they hang on.

`pjsua` fulfils it with real SIP and RTP, `loopback` with a simulation; `exchange` drives
either, so that both report the same signals in the same order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol

from workbench.commands import Dial, Fork
from workbench.engine.slices import Take
from workbench.engine.spans import Spans

Monotonic = Callable[[], float]
"""Seconds on a clock that never goes back."""
Headers = Mapping[str, str]
NO_HEADERS: Headers = MappingProxyType({})
Direction = Literal["received", "sent"]
Method = Literal["rfc4733", "sip-info", "inband"]


class LineError(OSError):
    """The trunk could not do what it was asked; `sip_code` says in which way."""

    def __init__(self, reason: str, sip_code: int = 500) -> None:
        """Say what could not be done."""
        super().__init__(reason)
        self.reason, self.sip_code = reason, sip_code


class Tape(Protocol):
    """A prompt that plays, or a pair of recorders that run."""

    @property
    def played_ms(self) -> int:
        """Return how many milliseconds of the file have gone out."""

    def stop(self) -> None:
        """End it and let go of its files; does nothing the second time."""


class PromptTape(Tape, Protocol):
    """A prompt that plays; once it is stopped, all about it stays as it is."""

    spans: Spans
    """What of it left on the wire."""

    @property
    def late_ms(self) -> int:
        """Return how long it was silent for want of its next part."""

    def add(self, path: str) -> None:
        """Play a further part after what there is; `LineError` when that cannot be."""

    def finish(self) -> None:
        """Expect no further part."""

    def hush(self, *, silent: bool) -> None:
        """Take note that nothing of it is heard from now on, or that it is again."""


class Line(Protocol):
    """One call on the trunk; each verb raises `LineError` when it cannot be done."""

    def ring(self) -> None:
        """Send 180 to the caller."""

    def progress(self) -> None:
        """Send 183 with SDP to the caller; audio flows from then on."""

    def answer(self) -> None:
        """Send 200 to the caller."""

    def hang_up(self, sip_code: int, headers: Headers = NO_HEADERS) -> None:
        """End the call: BYE when it is up, CANCEL or the final code when it is not."""

    def press(self, digit: str, method: Method, duration_ms: int) -> None:
        """Begin to send one keypad digit."""

    def detect_digits(self) -> None:
        """Report the tones of keys from now on."""

    def conceal(self, *, concealed: bool) -> None:
        """Let what the far end says be neither recorded nor given to others, or that again."""

    def reinvite(self, *, held: bool) -> None:
        """Send a re-INVITE; the trunk reports `reinvited` when it is answered."""

    def on_hold(self, path: str) -> Tape | None:
        """Part a far end on hold from others; play it a file, if any, while no prompt plays."""

    def off_hold(self) -> None:
        """Let the far end hear others again."""

    def mute(self, *, muted: bool) -> None:
        """Send silence instead of what is played and said, or that again."""

    def count(self) -> "StreamCount | None":
        """Return what the stream that flows now has counted, None when none does."""

    def hearing(self) -> "Hearing | None":
        """Return what comes in now, None when no stream flows."""

    def level(self) -> int:
        """Return how loud what comes in is now, from 0 to 255."""

    def play(self, path: str, *, endless: bool = False, more: bool = False) -> PromptTape:
        """Play a file to the far end; the trunk reports `played_out` at its end, if any.

        With `more` it is the first part of a prompt, which ends after `finish`.
        """

    def record(self, received_path: str, sent_path: str) -> Tape:
        """Record both directions; the trunk reports `recorded` when the files are whole."""

    def transfer(self, refer_to: str, headers: Headers = NO_HEADERS) -> None:
        """Send REFER; the trunk reports `transfer_told`."""

    def notify(self, sip_code: int, reason: str, cseq: str) -> None:
        """Send NOTIFY of what became of a REFER; `cseq` tells which, of several."""

    def forget_transfer(self) -> None:
        """Take no more notice of how the far end says that it goes."""

    def fork(self, command: Fork, media_ms: int, take: Take) -> Tape:
        """Give the raw audio away, of which the first frame lies at `media_ms`."""

    def bridge(self, other: "Line", *, hears: bool, heard: bool) -> None:
        """Let this far end hear the other's, the other's this one's, or both."""

    def unbridge(self, other: "Line") -> None:
        """Let neither far end hear the other's."""

    def link(self, link: str, *, hears: bool, heard: bool) -> "LinkCount":
        """Let the far end hear who is at the other end of a link, be heard by it, or both.

        That is a leg of another worker, or somebody who talks; the trunk reports `link_gone`
        when the other end is. What is returned goes on counting.
        """

    def unlink(self, link: str) -> None:
        """Let the far end neither hear that end nor be heard by it."""

    def pause(self, tape: Tape) -> None:
        """Record silence on both recorders; does nothing the second time."""

    def resume(self, tape: Tape) -> None:
        """Record both directions again."""


class Trunk(Protocol):
    """Where calls are placed."""

    def dial(self, command: Dial) -> Line:
        """Send an INVITE; what comes of it is reported to the exchange."""


@dataclass(frozen=True)
class Hearing:
    """What comes in on a line."""

    packets: int
    """From the far end, since the stream began."""
    expected: bool = True
    """Whether the far end is to send, as the descriptions of both have it."""
    strangers: Mapping[str, int] = field(default_factory=dict)
    """Packets from addresses that were not negotiated, as far as they were counted."""
    refused: bool = True
    """Whether their packets are dropped."""


@dataclass
class LinkCount:
    """What went over a link so far, in frames of 20 ms."""

    frames: int = 0
    """That came from the other end."""
    lost: int = 0
    """Of those, left out, because they came too many at once."""
    late: int = 0
    """How often none was there in time."""
    unheard: int = 0
    """That the other end did not take."""


@dataclass(frozen=True)
class StreamCount:
    """What RTP and RTCP counted on one stream, from its begin to its end."""

    packets_received: int = 0
    packets_lost: int = 0
    packets_discarded: int = 0
    jitter_ms_rx: float = 0.0
    packets_sent: int = 0
    jitter_ms_tx: float | None = None
    loss_pct_tx: float | None = None
    rtt_ms: float | None = None

    def __add__(self, later: "StreamCount") -> "StreamCount":
        """Add the stream that followed this one, as after a re-INVITE."""
        return StreamCount(
            packets_received=self.packets_received + later.packets_received,
            packets_lost=self.packets_lost + later.packets_lost,
            packets_discarded=self.packets_discarded + later.packets_discarded,
            jitter_ms_rx=max(self.jitter_ms_rx, later.jitter_ms_rx),
            packets_sent=self.packets_sent + later.packets_sent,
            jitter_ms_tx=_latest(self.jitter_ms_tx, later.jitter_ms_tx),
            loss_pct_tx=_latest(self.loss_pct_tx, later.loss_pct_tx),
            rtt_ms=_latest(self.rtt_ms, later.rtt_ms),
        )


def _latest(before: float | None, after: float | None) -> float | None:
    return before if after is None else after
