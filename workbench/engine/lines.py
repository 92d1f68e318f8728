"""One call of the library as an exchange sees it: verbs in, facts out, nothing native kept.

The native call is known by its verbs only, so that this file needs no pjsua2.
"""

import functools
import re
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from workbench import refer, sip
from workbench.commands import Fork
from workbench.engine.crosslink import Links
from workbench.engine.dealings import Dealings
from workbench.engine.exchange import Exchange
from workbench.engine.forktap import ForkTap
from workbench.engine.legs import Party
from workbench.engine.line import (
    NO_HEADERS,
    Direction,
    Headers,
    Hearing,
    LineError,
    LinkCount,
    Method,
    Monotonic,
    StreamCount,
    Tape,
)
from workbench.engine.linetones import LineTones
from workbench.engine.mediasocket import MediaSocket
from workbench.engine.offers import Offers
from workbench.engine.partstape import PartsTape
from workbench.engine.patch import Bridge, Patch
from workbench.engine.player import Player
from workbench.engine.ports import PortPool
from workbench.engine.rtpguard import RtpGuard
from workbench.engine.slices import Take
from workbench.engine.tapes import PlayerTape, RecorderTape
from workbench.engine.verdicts import REDIRECTION, contact_of, is_verdict
from workbench.reason import read as read_reason

Fact = Callable[[], None]

ENDING_METHOD = re.compile(
    r"^CSeq[ \t]*:[ \t]*\d+[ \t]+(BYE|INVITE)", re.IGNORECASE | re.MULTILINE
)
SILENCE = 408
"""What pjsip says when nobody answers, RFC 3261 section 17.1.1.2 (timer B)."""
FINAL_RESPONSE = re.compile(r"SIP/2\.0 [2-6]\d\d ")


class NativeCall(Protocol):
    """A call of the library; each verb raises `LineError` when it cannot be done."""

    def respond(self, sip_code: int) -> None:
        """Send a response to the INVITE."""

    def end(self, sip_code: int, headers: Headers = NO_HEADERS) -> None:
        """Send BYE, CANCEL or a final response."""

    def press(self, digit: str, method: Method, duration_ms: int) -> None:
        """Begin an RFC 4733 event, or send INFO."""

    def offer(self, *, held: bool) -> None:
        """Send a re-INVITE that puts the far end on hold, or takes it back."""

    def count(self) -> StreamCount | None:
        """Return what the stream has counted so far."""

    def port(self) -> int | None:
        """Return the slot of the bridge's port that carries the call's audio, if any does."""

    def hearing(self) -> Hearing | None:
        """Return what comes in now."""

    def level(self, port: int) -> int:
        """Return how loud what comes from a port is now."""

    def player(self, path: str, *, endless: bool) -> Player:
        """Open a file to play."""

    def recorders(self, paths: tuple[str, str]) -> tuple[Any, Any]:
        """Open two files to record to."""

    def transfer(self, refer_to: str, headers: Headers) -> None:
        """Send REFER."""

    def notify(self, headers: Headers, body: str) -> None:
        """Send NOTIFY with a status line."""


class Line:
    """One call, from its INVITE until it is disconnected and its files are whole."""

    def __init__(
        self,
        leg: str,
        sip_call_id: str,
        exchange: Exchange,
        inbox: deque[Fact],
        monotonic: Monotonic,
        bridge: Bridge,
        ports: PortPool,
        media: MediaSocket,
    ) -> None:
        """Put the facts of `leg` into `inbox`; mix its audio on `bridge`."""
        self.leg, self.sip_call_id = leg, sip_call_id
        self.call: NativeCall | None = None
        self._exchange, self._inbox, self._monotonic = exchange, inbox, monotonic
        self.patch = Patch(bridge)
        self._ports = ports
        self._taps: list[ForkTap] = []
        self.guard = RtpGuard()
        self._links = Links(self.patch, ports, media)
        self._offers = Offers()
        self._tones = LineTones(self.patch, ports)
        self._player: PlayerTape | PartsTape | None = None
        self._recorder: RecorderTape | None = None
        self._hanging_up = self._end_seen = False
        self._farewell: Fact | None = None
        self.tag = ""
        """Our tag, known from the first message of a call that we placed."""
        self.dealings = Dealings(leg, exchange, self.tell)
        self.last_info = -1
        """CSeq of the last INFO that brought a digit."""
        self._verdict = ""
        """The message by which the far end ended or refused the call."""

    @property
    def done(self) -> bool:
        """Tell whether neither the call nor a file of it is open."""
        return self.call is None and self._recorder is None and self._farewell is None

    def tell(self, fact: Callable[..., None], *details: Any) -> None:
        """Put a fact into the inbox."""
        self._inbox.append(functools.partial(fact, self.leg, *details))

    # What an exchange asks for.

    def ring(self) -> None:
        """Send 180 to the caller."""
        self._live().respond(180)

    def progress(self) -> None:
        """Send 183 with SDP to the caller."""
        self._live().respond(183)

    def answer(self) -> None:
        """Send 200 to the caller."""
        self._live().respond(200)

    def hang_up(self, sip_code: int, headers: Headers = NO_HEADERS) -> None:
        """End the call: BYE when it is up, CANCEL or the final code when it is not."""
        call = self._live()
        self._hanging_up = True
        call.end(sip_code, headers)

    def press(self, digit: str, method: Method, duration_ms: int) -> None:
        """Begin to send one keypad digit."""
        if method == "inband":
            self._tones.press(digit, duration_ms)
        else:
            self._live().press(digit, method, duration_ms)

    def detect_digits(self) -> None:
        """Report the tones of keys from now on."""
        self._tones.listen()

    def conceal(self, *, concealed: bool) -> None:
        """Let nobody but the detector of keys hear the far end, or others again."""
        self.patch.conceal(concealed=concealed)

    def reinvite(self, *, held: bool) -> None:
        """Send a re-INVITE; what is answered comes as `reinvited`."""
        self._live().offer(held=held)

    def on_hold(self, path: str) -> PlayerTape | None:
        """Part the far end from others; play a file, if any, while no prompt does."""
        self.patch.hold(held=True)
        if not path:
            return None
        player = self._live().player(path, endless=True)
        self.patch.add(player.slot, "music")
        return PlayerTape(player, self._monotonic, self.patch.remove)

    def off_hold(self) -> None:
        """Let the far end hear others again."""
        self.patch.hold(held=False)

    def mute(self, *, muted: bool) -> None:
        """Send silence instead of what is played and said, or that again."""
        self.patch.mute(muted=muted)

    def count(self) -> StreamCount | None:
        """Return what the stream that flows now has counted, None when none does."""
        return self._live().count()

    def hearing(self) -> Hearing | None:
        """Return what comes in now, None when no stream flows."""
        return self._live().hearing()

    def level(self) -> int:
        """Return how loud what comes in is now, from 0 to 255."""
        port = self.patch.port
        return 0 if port is None else self._live().level(port)

    def play(
        self, path: str, *, endless: bool = False, more: bool = False
    ) -> PlayerTape | PartsTape:
        """Play a file to the far end, and into its recording when there is one."""
        if more:
            self._player = PartsTape(path, self.patch, self._ports, self._monotonic)
            return self._player
        player = self._live().player(path, endless=endless)
        self._player = PlayerTape(player, self._monotonic, self.patch.remove)
        self.patch.add(player.slot, "prompt")
        return self._player

    def record(self, received_path: str, sent_path: str) -> RecorderTape:
        """Record both directions, from the same frame on."""
        paths = (received_path, sent_path)
        recorders = self._live().recorders(paths)
        self._recorder = RecorderTape(
            recorders, paths, self._monotonic, self.patch.stop_recording
        )
        received, sent = (int(recorder.getPortId()) for recorder in recorders)
        self.patch.record(received, sent)
        return self._recorder

    def pause(self, tape: Tape) -> None:
        """Record silence on both recorders; does nothing the second time."""
        if self._recorder is tape and self._recorder.runs:
            self.patch.pause(paused=True)

    def resume(self, tape: Tape) -> None:
        """Record both directions again."""
        if self._recorder is tape and self._recorder.runs:
            self.patch.pause(paused=False)

    def fork(self, command: Fork, media_ms: int, take: Take) -> ForkTap:
        """Give the raw audio away, of which the first frame lies at `media_ms`."""
        tap = ForkTap(self.leg, command, media_ms, self.patch, self._ports, take)
        self._taps.append(tap)
        return tap

    def bridge(self, other: Any, *, hears: bool, heard: bool) -> None:
        """Let this far end hear the other's, the other's this one's, or both."""
        if hears:
            self.patch.hear(other.patch)
        if heard:
            other.patch.hear(self.patch)

    def unbridge(self, other: Any) -> None:
        """Let neither far end hear the other's."""
        self.patch.unhear(other.patch)
        other.patch.unhear(self.patch)

    def link(self, link: str, *, hears: bool, heard: bool) -> LinkCount:
        """Let the far end hear who is at the other end of a link, be heard by it, or both."""
        return self._links.link(link, hears=hears, heard=heard)

    def unlink(self, link: str) -> None:
        """Let the far end neither hear that end nor be heard by it."""
        self._links.unlink(link)

    def transfer(self, refer_to: str, headers: Headers = NO_HEADERS) -> None:
        """Send REFER; what the far end says of it is told."""
        self.dealings.transferring = True
        self._live().transfer(refer_to, headers)

    def forget_transfer(self) -> None:
        """Take no more notice of how the far end says that it goes."""
        self.dealings.transferring = False

    def notify(self, sip_code: int, reason: str, cseq: str) -> None:
        """Send NOTIFY of what became of a REFER."""
        self._live().notify(refer.subscription(sip_code, cseq), refer.sipfrag(sip_code, reason))

    def _live(self) -> NativeCall:
        if self.call is None:
            raise LineError("the call is over")
        return self.call

    # What the library tells.

    def media_active(self, codec: str, clock_rate: int, *, secure: bool) -> None:
        """Connect what belongs to the call to its port, new or changed."""
        if self._hanging_up:
            return
        # It may have been over before anybody could look.
        if self.call is not None and (port := self.call.port()) is not None:
            self.patch.carry(port)
        self._exchange.media_started(self.leg, codec, clock_rate, secure=secure)

    def port_gone(self) -> None:
        """Forget the port of a stream that has ended; another may follow."""
        self.patch.part()

    def counted(self, count: StreamCount) -> None:
        """Tell what was counted on a stream that has ended."""
        self.tell(self._exchange.counted, count)

    def disconnected(self, sip_code: int, reason: str) -> None:
        """Let go of the native call at once: freed later, it hangs up its successor."""
        self.call = None
        self.guard.close()
        self._inbox.append(self._tones.stop)
        by: Party = "remote"
        if not self._verdict and sip_code == SILENCE:
            reason = "no response from the far end"
        elif not self._verdict:
            by = "engine"
        if (moved := REDIRECTION.match(self._verdict)) is not None:
            # The library, which follows none, calls it 487.
            sip_code, reason = int(moved[1]), moved[2].strip()
        why = read_reason(sip.header_values(self._verdict, "Reason"))
        farewell = functools.partial(
            self._exchange.disconnected,
            self.leg,
            by,
            sip_code,
            why.text or reason,
            why.cause,
            contact_of(self._verdict),
        )
        if self._hanging_up and not self._end_seen:
            self._farewell = farewell  # until the far end confirms what we asked for
        else:
            self._inbox.append(farewell)

    def vacated(self) -> None:
        """Tell that the library has no trace of the call any more."""
        self._part()

    def see(self, direction: Direction, message: str) -> None:
        """Tell of a SIP message; the far end's last word ends a call that we hung up."""
        self.tell(self._exchange.message_seen, direction, message)
        if (held := self._offers.see(direction, message)) is not None:
            self.tell(self._exchange.far_end_holds, held)
        self.dealings.see(direction, message)
        if direction == "received" and is_verdict(message, answered=self.dealings.accepted):
            self._verdict = message
        if self._hanging_up and ends_call(direction, message):
            self._end_seen = True
            self._part()

    def _part(self) -> None:
        if self._farewell is not None:
            self._inbox.append(self._farewell)
            self._farewell = None

    @property
    def expectant(self) -> bool:
        """Tell whether there is to be looked often: nobody tells of what comes next.

        That is frames of a tap or for tones, the end of a prompt or of a recording, and that
        the library has forgotten the call.
        """
        return (
            self.call is None
            or bool(self._taps)
            or self._tones.listening
            or (self._player is not None and self._player.ends_soon)
            or (self._recorder is not None and not self._recorder.runs)
        )

    def watch_tapes(self) -> None:
        """Follow tapes and links to their ends, and the tones."""
        for link in self._links.gone():
            self._exchange.link_gone(self.leg, link)
        for key, duration_ms in self._tones.found():
            if duration_ms is None:
                self._exchange.digit_received(self.leg, key, "inband")
            else:
                self._exchange.digit_ended(self.leg, key, "inband", duration_ms)
        for tap in self._taps:
            tap.flush()
        self._taps = [tap for tap in self._taps if tap.running]
        if self._player is not None and not self._player.watch(self.leg, self._exchange):
            self._player = None
        if self._recorder is not None and not self._recorder.watch(self.leg, self._exchange):
            self._recorder = None


def ends_call(direction: Direction, message: str) -> bool:
    """Tell whether a message settles a call that we hang up.

    It is the answer to our BYE, to the INVITE that we cancelled, or our own refusal.
    """
    method = ENDING_METHOD.search(message)
    if method is None or not FINAL_RESPONSE.match(message):
        return False
    return direction == "received" or method[1].upper() == "INVITE"
