"""One end of a simulated call: SIP without a network, audio without sound.

Two ends face each other. What one sends the other hears a moment later on the same clock,
in the order in which two SIP peers would hear it.
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from workbench.clock import Clock
from workbench.commands import Fork
from workbench.engine.legs import Party
from workbench.engine.line import (
    NO_HEADERS,
    Direction,
    Headers,
    Hearing,
    Line,
    LineError,
    Method,
    StreamCount,
    Tape,
)
from workbench.engine.simfork import SimFork
from workbench.engine.simhold import Holdable, HoldObserver
from workbench.engine.simkeys import Keyed
from workbench.engine.simlink import Ends, Linkable
from workbench.engine.simtapes import RATE, SimRecorders, SimTape, duration_s
from workbench.engine.simtransfer import Referable, ReferObserver
from workbench.engine.slices import Take
from workbench.engine.terms import CODECS
from workbench.reason import Reason
from workbench.reason import read as read_reason
from workbench.sip import bare_uri

NO_REASON = Reason()
FRAMES_A_SECOND = 50
LOUD = 128
"""On the meter, while the other end plays."""
PHRASES = {
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    302: "Moved Temporarily",
    404: "Not Found",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    503: "Service Unavailable",
    481: "Call/Transaction Does Not Exist",
    600: "Busy Everywhere",
    603: "Decline",
}


class Audio(NamedTuple):
    """What two ends have agreed on."""

    codec: str = CODECS[0]
    clock_rate: int = RATE
    secure: bool = False


CLOCK_RATES = {"G722": 16000}
"""Of codecs that are not sampled at 8000 Hz."""


class Observer(HoldObserver, ReferObserver, Protocol):
    """Who is told what a line hears: an exchange, or the script of a far end."""

    def offered(
        self,
        name: str,
        line: Line,
        *,
        caller: str,
        callee: str,
        sip_call_id: str,
        remote: str = "",
        request_uri: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Take note of a call that came in."""

    def progressed(self, name: str, sip_code: int, reason: str) -> None:
        """Take note that the far end rings."""

    def answered(self, name: str, sip_code: int = 200, reason: str = "OK") -> None:
        """Take note that the call is up."""

    def media_started(
        self, name: str, codec: str, clock_rate: int, *, secure: bool = False
    ) -> None:
        """Take note that audio can flow."""

    def digit_received(self, name: str, digit: str, method: Method = "rfc4733") -> None:
        """Take note of a digit."""

    def digit_ended(self, name: str, digit: str, method: Method, duration_ms: int) -> None:
        """Take note that a digit was let go."""

    def message_seen(self, name: str, direction: Direction, message: str) -> None:
        """Take note of a SIP message."""

    def played_out(self, name: str, tape: Tape) -> None:
        """Take note that a prompt is over."""

    def recorded(self, name: str, tape: Tape) -> None:
        """Take note that the files of a recording are whole."""

    def counted(self, name: str, segment: StreamCount) -> None:
        """Take note of what was counted on a stream."""

    def disconnected(
        self,
        name: str,
        by: Party,
        sip_code: int,
        reason: str,
        q850_cause: int | None = None,
        contact: str = "",
    ) -> None:
        """Take note that the call is over."""


class SimLine(Holdable, Keyed, Linkable, Referable):
    """One end of a simulated call."""

    def __init__(
        self, leg: str, clock: Clock, observer: Observer, ends: Ends | None = None
    ) -> None:
        """Tell `observer` what is heard on `leg`; find the ends of links in `ends`."""
        self.leg, self._clock, self._observer = leg, clock, observer
        self._ends, self._links = ({} if ends is None else ends), {}
        self._peer: SimLine | None = None
        self._up = self._over = self._calling = False
        self._media_began: datetime | None = None
        self._playing: SimTape | None = None
        self._sends, self._sent_until = True, 0.0
        self._sends_since: datetime | None = None
        self._call: dict[str, Any] = {}
        self._audio = Audio()

    def call(
        self,
        peer: "SimLine | None",
        *,
        caller: str,
        callee: str,
        sip_call_id: str,
        headers: Mapping[str, str],
        codecs: tuple[str, ...] = (),
        secure: bool = False,
    ) -> None:
        """Send an INVITE to `peer`; None stands for a host that never responds."""
        codec = (codecs or CODECS)[0]
        self._audio = Audio(codec, CLOCK_RATES.get(codec, RATE), secure)
        self._calling = True
        self._peer, self._uri = peer, callee
        self._call = {
            "caller": caller,
            "callee": callee,
            "sip_call_id": sip_call_id,
            "remote": "loopback",
            "request_uri": callee,
            "headers": dict(headers),
        }
        self._send(f"INVITE {callee} SIP/2.0", "INVITE", lambda far: far._invited(self))

    # What a leg asks for.

    def ring(self) -> None:
        """Send 180 to the caller."""
        self._respond(180, "INVITE", lambda far: far._told(180))

    def progress(self) -> None:
        """Send 183 to the caller, with audio."""
        self._respond(183, "INVITE", lambda far: far._told(183))
        self._clock.call_later(0.0, self._start_media)

    def answer(self) -> None:
        """Send 200 to the caller."""
        self._start_media()
        self._respond(200, "INVITE", lambda far: far._accepted())

    def hang_up(self, sip_code: int, headers: Headers = NO_HEADERS) -> None:
        """End the call: BYE when it is up, CANCEL or the final code when it is not."""
        if self._over:
            raise LineError("the call is over")
        why = read_reason(headers.values())
        if self._up:
            start = f"BYE {self._uri} SIP/2.0"
            self._send(start, "BYE", lambda far: far._dismissed(why), headers)
        elif self._calling:
            start = f"CANCEL {self._uri} SIP/2.0"
            self._send(start, "CANCEL", lambda far: far._cancelled(why), headers)
        else:
            contact = bare_uri(headers.get("Contact", ""))
            self._respond(
                sip_code, "INVITE", lambda far: far._refused(sip_code, why, contact), headers
            )
            self._end("local", sip_code)

    def count(self) -> StreamCount | None:
        """Return as many packets as the time allows, all of which arrived."""
        if self._media_began is None:
            return None
        received = 0.0 if self._peer is None else self._peer._frames_sent()
        return StreamCount(
            packets_received=int(received), packets_sent=int(self._frames_sent())
        )

    def hearing(self) -> Hearing | None:
        """Return what the other end sends: as many packets as the time allows."""
        count = self.count()
        return None if count is None else Hearing(packets=count.packets_received)

    def level(self) -> int:
        """Return how loud the other end plays."""
        tape = None if self._peer is None else self._peer._playing
        return 0 if tape is None or tape.over else LOUD

    def send_audio(self, *, sends: bool) -> None:
        """Send no audio from now on, or again."""
        self._sent_until, self._sends_since = self._frames_sent(), self._clock.now()
        self._sends = sends

    def _frames_sent(self) -> float:
        if self._media_began is None or not self._sends:
            return self._sent_until
        since = max(self._media_began, self._sends_since or self._media_began)
        seconds = (self._clock.now() - since).total_seconds()
        return self._sent_until + seconds * FRAMES_A_SECOND

    def play(self, path: str, *, endless: bool = False, more: bool = False) -> SimTape:
        """Let the time pass that the file would play."""
        seconds = duration_s(path)
        tape = self._playing = SimTape(
            self._clock,
            math.inf if endless else seconds,
            lambda tape: self._observer.played_out(self.leg, tape),
        )
        if not more:
            tape.finish()
        return tape

    def record(self, received_path: str, sent_path: str) -> SimRecorders:
        """Write silence of the right length, once the recording ends."""
        tape = SimRecorders(self._clock, (received_path, sent_path))
        tape.whole = lambda: self._observer.recorded(self.leg, tape)
        tape.write(0)
        return tape

    def fork(self, command: Fork, media_ms: int, take: Take) -> SimFork:
        """Give silence away, a frame every 20 ms."""
        return SimFork(self._clock, self.leg, command, media_ms, take)

    def bridge(self, other: Line, *, hears: bool, heard: bool) -> None:
        """Let the silence of both ends be one."""

    def unbridge(self, other: Line) -> None:
        """Let each end have a silence of its own."""

    def pause(self, tape: Tape) -> None:
        """Go on with the silence."""

    def resume(self, tape: Tape) -> None:
        """Go on with the silence."""

    # What the other end sends.

    def _invited(self, caller: "SimLine") -> None:
        self._peer, self._call, self._uri = caller, caller._call, caller._uri
        self._audio = caller._audio
        self._observer.offered(self.leg, self, **self._call)
        self._hear(f"INVITE {self._uri} SIP/2.0", "INVITE")
        self._respond(100, "INVITE", lambda far: None)

    def _told(self, sip_code: int) -> None:
        if not self._over:
            self._observer.progressed(self.leg, sip_code, PHRASES[sip_code])
            if sip_code == 183:
                self._start_media()

    def _accepted(self) -> None:
        if self._over:
            return
        self._start_media()
        self._send(f"ACK {self._uri} SIP/2.0", "INVITE", lambda far: far._confirmed())
        self._confirmed()

    def _confirmed(self) -> None:
        if not self._over:
            self._up = True
            self._observer.answered(self.leg)

    def _refused(self, sip_code: int, why: Reason = NO_REASON, contact: str = "") -> None:
        self._send(f"ACK {self._uri} SIP/2.0", "INVITE", lambda far: None)
        self._end("remote", sip_code, why, contact)

    def _cancelled(self, why: Reason) -> None:
        if self._over:
            return
        self._respond(200, "CANCEL", lambda far: None)
        self._respond(487, "INVITE", lambda far: far._refused(487))
        self._end("remote", 487, why)

    def _dismissed(self, why: Reason) -> None:
        self._respond(200, "BYE", lambda far: far._end("local", 200))
        self._end("remote", 200, why)

    def _end(
        self, by: Party, sip_code: int, why: Reason = NO_REASON, contact: str = ""
    ) -> None:
        if self._over:
            return
        self._over = True
        if (count := self.count()) is not None:
            self._observer.counted(self.leg, count)
        usual = "Normal call clearing" if self._up else PHRASES.get(sip_code, "")
        self._observer.disconnected(
            self.leg, by, sip_code, why.text or usual, why.cause, contact
        )

    def _start_media(self) -> None:
        if self._media_began is None:
            self._media_began = self._clock.now()
            codec, clock_rate, secure = self._audio
            self._observer.media_started(self.leg, codec, clock_rate, secure=secure)

    # The wire.

    def _send(
        self,
        start: str,
        method: str,
        effect: Callable[["SimLine"], None],
        headers: Headers = NO_HEADERS,
    ) -> None:
        """Send a message, which the other end hears and then acts upon."""
        self._observer.message_seen(self.leg, "sent", self._message(start, method, headers))

        def arrive(far: SimLine) -> None:
            if not start.startswith("INVITE"):  # an INVITE is heard after the offer
                far._hear(start, method, headers)
            effect(far)

        self._reach(arrive)

    def _respond(
        self,
        code: int,
        method: str,
        effect: Callable[["SimLine"], None],
        headers: Headers = NO_HEADERS,
    ) -> None:
        phrase = PHRASES.get(code, "Trying" if code == 100 else "")
        self._send(f"SIP/2.0 {code} {phrase}", method, effect, headers)

    def _reach(self, effect: Callable[["SimLine"], None]) -> None:
        peer = self._peer
        if peer is not None:
            self._clock.call_later(0.0, lambda: effect(peer))

    def _hear(self, start: str, method: str, headers: Headers = NO_HEADERS) -> None:
        message = self._message(start, method, headers)
        self._observer.message_seen(self.leg, "received", message)

    def _message(self, start: str, method: str, extra: Headers) -> str:
        headers = {
            "Via": "SIP/2.0/UDP loopback",
            "From": f"<{self._call['caller']}>;tag=caller",
            "To": f"<{self._call['callee']}>"
            + ";tag=callee" * (not start.startswith("INVITE")),
            "Contact": f"<{self._call['callee' if start.startswith('SIP') else 'caller']}>",
            "Call-ID": self._call["sip_call_id"],
            "CSeq": f"{2 if method == 'BYE' else 1} {method}",
            **(self._call["headers"] if start.startswith("INVITE") else {}),
            **extra,
            "Content-Length": "0",
        }
        lines = [start, *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""])
