"""A simulated engine in one process, on any clock: calls without SIP, RTP or waiting.

A call goes to whoever listens in the same engine, or to a far end with a script. The
signals, and their order, are those of `pool` for the same commands.
"""

import functools
import itertools
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from workbench import refer, sip
from workbench.clock import Clock
from workbench.commands import AnyCommand, Dial, KeyMethod
from workbench.engine import Report
from workbench.engine.account import Account, Registration
from workbench.engine.digits import Keypad, Outcome
from workbench.engine.exchange import Exchange
from workbench.engine.legs import Party
from workbench.engine.line import Direction, Line, Method, StreamCount, Tape
from workbench.engine.simline import SimLine
from workbench.engine.simlink import Ends
from workbench.engine.slices import Slice, Take
from workbench.engine.terms import SRTP
from workbench.errors import EngineError
from workbench.signals import AnySignal

OWN_URI = "sip:workbench@loopback"


@dataclass(frozen=True, kw_only=True)
class FarEnd:
    """What a scripted far end does with a call; seconds count from the step before."""

    responds: bool = True
    """False: its host is dead, no message of ours is ever answered."""
    refuses_with: int | None = None
    """Refuse with this code, 486 for busy, instead of ringing."""
    contact: str = ""
    """Where to call instead, of a `refuses_with` of 302."""
    answers_after_s: float | None = 0.0
    """Ring so long before answering; None rings for ever, or calls for ever."""
    digits: tuple[tuple[float, str], ...] = ()
    """Digits to send, each so many seconds after the answer."""
    sends_audio: tuple[tuple[float, bool], ...] = ()
    """When it falls dumb and sends audio again, each so many seconds after the answer."""
    digits_by: KeyMethod = "rfc4733"
    """How it sends them."""
    hangs_up_after_s: float | None = None
    """Hang up so many seconds after the answer."""
    transfer: tuple[tuple[float, int], ...] | None = ((0.0, 180), (1.0, 200))
    """What it tells, and when, after it took a REFER; None: it refuses to be transferred."""
    reinvites: tuple[int, ...] = ()
    """How it answers our re-INVITEs, one after another, and 200 after those."""
    refers_to: tuple[float, str] | None = None
    """Send REFER so many seconds after the answer, and hang up when that has succeeded."""
    gives_up_after_s: float | None = None
    """As a caller: cancel so many seconds after the INVITE, if there is no answer."""


class Loopback:
    """An `Engine` that simulates."""

    def __init__(self, clock: Clock, far_ends: Mapping[str, FarEnd] | None = None) -> None:
        """Simulate on `clock`, with far ends by the user part of their address."""
        self._clock = clock
        self._far_ends = dict(far_ends or {})
        self._listening = False
        self._registered: dict[str, Callable[[Registration], None]] = {}
        self._sequence, self._call_ids = itertools.count(1), itertools.count(1)
        self._exchange = Exchange(clock, _nobody)
        self._ends: Ends = {}
        self._take: Take = lambda audio: None

    def far_end(self, user: str, script: FarEnd) -> None:
        """Let calls to `user` meet a scripted far end."""
        self._far_ends[user] = script

    async def start(self, report: Report) -> None:
        """Get ready to execute commands; signals go to `report` from now on."""
        self._exchange = Exchange(self._clock, report, take=self._give, discard=self._discard)
        self._exchange.connect(self)

    async def listen(self, host: str, port: int, transport: str = "udp") -> tuple[str, int]:
        """Take the calls to every address that has no scripted far end."""
        self._listening = True
        return host, port or sip.DEFAULT_PORT

    def hear(self, take: Take) -> None:
        """Give the audio of all forks to `take`: silence."""
        self._take = take

    def hand(self, leg: str, link: str, end: socket.socket) -> None:
        """Keep the end of a link for whoever talks on a leg that is there."""
        if leg in self._exchange.legs:
            self._ends[link] = end
        else:
            end.close()

    def _discard(self, link: str) -> None:
        if (end := self._ends.pop(link, None)) is not None:
            end.close()

    def _give(self, audio: Slice) -> None:
        self._take(audio)

    async def use_account(self, account: Account) -> None:
        """Know an account; the simulation asks nobody for credentials."""

    async def register(self, account: Account, tell: Callable[[Registration], None]) -> None:
        """Say that an account is registered, which it is for as long as it asks."""
        until = self._clock.now() + timedelta(seconds=account.expires_s)
        self._registered[account.uri] = tell
        tell(Registration(uri=account.uri, state="registered", until=until, sip_code=200))

    async def unregister(self, uri: str) -> None:
        """Take a registration back; does nothing when there is none."""
        if (tell := self._registered.pop(uri, None)) is not None:
            tell(Registration(uri=uri, state="unregistered"))

    async def execute(self, command: AnyCommand) -> None:
        """Carry out a command; what comes of it is reported as signals."""
        self._exchange.execute(command)

    async def close(self) -> None:
        """End every leg, each with its `Released` signal."""
        self._listening = False
        self._exchange.release_all("the bench has closed")

    def offer(
        self,
        script: FarEnd,
        *,
        caller: str = "sip:caller@loopback",
        callee: str = OWN_URI,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Let a scripted caller call whoever listens; return the name of our leg."""
        if not self._listening:
            raise EngineError("Nobody takes calls: listen before a call is offered.")
        leg = f"loopback-{next(self._sequence)}"
        ours = SimLine(leg, self._clock, self._exchange, self._ends)
        end = ScriptedEnd(leg, self._clock, script)
        end.place()
        end.line.call(
            ours,
            caller=caller,
            callee=callee,
            sip_call_id=self._next_call_id(),
            headers=headers or {},
        )
        return leg

    def dial(self, command: Dial) -> SimLine:
        """Send an INVITE, as the trunk of the engine's own exchange."""
        line = SimLine(command.leg, self._clock, self._exchange, self._ends)
        line.call(
            self._callee(command),
            caller=command.from_ or OWN_URI,
            callee=command.uri,
            sip_call_id=self._next_call_id(),
            headers=command.headers,
            codecs=command.codecs,
            secure=command.srtp in SRTP[1:],
        )
        return line

    def _next_call_id(self) -> str:
        return f"call-{next(self._call_ids)}@loopback"

    def _callee(self, command: Dial) -> SimLine | None:
        script = self._far_ends.get(sip.parse_address(command.uri).user)
        if script is not None:
            end = ScriptedEnd(command.leg, self._clock, script)
            return end.line if script.responds else None
        if not self._listening:
            end = ScriptedEnd(command.leg, self._clock, FarEnd(refuses_with=404))
            return end.line
        return SimLine(f"{command.leg}-far", self._clock, self._exchange, self._ends)


class ScriptedEnd:
    """A far end that follows its script; it observes its own line."""

    def __init__(self, leg: str, clock: Clock, script: FarEnd) -> None:
        """Be the far end of `leg`."""
        self._clock, self._script = clock, script
        self.line = SimLine(f"{leg}-script", clock, self)
        self._keypad = Keypad(clock, self._press, self._sent)
        self._keypad.run()
        self._answered = self._over = False
        self._reinvites = iter(script.reinvites)

    def place(self) -> None:
        """Be a caller, who may give up."""
        if self._script.gives_up_after_s is not None:
            self._clock.call_later(self._script.gives_up_after_s, self._give_up)

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
        """Refuse the call, or ring and answer it, once it has been acknowledged by 100."""
        self._clock.call_later(0.0, self._respond)

    def answered(self, name: str, sip_code: int = 200, reason: str = "OK") -> None:
        """Send the digits and hang up when their time has come."""
        self._answered = True
        for seconds, digits in self._script.digits:
            self._clock.call_later(
                seconds, functools.partial(self._keypad.add, "", digits, self._script.digits_by)
            )
        if self._script.refers_to is not None:
            seconds, uri = self._script.refers_to
            self._clock.call_later(seconds, lambda: self._refer(uri))
        for seconds, sends in self._script.sends_audio:
            work = functools.partial(self.line.send_audio, sends=sends)
            self._clock.call_later(seconds, work)
        if self._script.hangs_up_after_s is not None:
            self._clock.call_later(self._script.hangs_up_after_s, lambda: self._hang_up(200))

    def disconnected(
        self,
        name: str,
        by: Party,
        sip_code: int,
        reason: str,
        q850_cause: int | None = None,
        contact: str = "",
    ) -> None:
        """Stop following the script."""
        self._over = True
        self._keypad.stop()

    def progressed(self, name: str, sip_code: int, reason: str) -> None:
        """Go on waiting, as a caller."""

    def media_started(
        self, name: str, codec: str, clock_rate: int, *, secure: bool = False
    ) -> None:
        """Let audio flow unheard."""

    def digit_received(self, name: str, digit: str, method: Method = "rfc4733") -> None:
        """Let digits arrive unheard."""

    def takes_reinvite(self, name: str) -> int:
        """Answer as the script says."""
        return next(self._reinvites, 200)

    def reinvited(self, name: str, sip_code: int, reason: str) -> None:
        """Ask for no re-INVITE of its own."""

    def far_end_holds(self, name: str, held: bool) -> None:
        """Wait, on hold."""

    def digit_ended(self, name: str, digit: str, method: Method, duration_ms: int) -> None:
        """Let digits end unheard."""

    def message_seen(self, name: str, direction: Direction, message: str) -> None:
        """Keep no ladder of its own."""

    def takes_refer(self, name: str) -> bool:
        """Tell whether the script obeys."""
        return self._script.transfer is not None

    def referred(self, name: str, refer_to: str, cseq: str) -> None:
        """Tell how the call to the target goes, as the script has it."""
        later = 0.0
        self._notify(100)
        for seconds, sip_code in self._script.transfer or ():
            later += seconds
            self._clock.call_later(later, functools.partial(self._notify, sip_code))

    def _notify(self, sip_code: int) -> None:
        if not self._over:
            self.line.notify(sip_code, "", "")

    def transfer_told(self, name: str, sip_code: int, reason: str, *, final: bool) -> None:
        """Hang up when the transfer that it asked for is done, as a person would."""
        if 200 <= sip_code < 300:
            self._hang_up(200)

    def played_out(self, name: str, tape: Tape) -> None:
        """Play no prompts."""

    def recorded(self, name: str, tape: Tape) -> None:
        """Record nothing."""

    def counted(self, name: str, segment: StreamCount) -> None:
        """Count nothing."""

    def _respond(self) -> None:
        script = self._script
        if script.refuses_with is not None:
            self._hang_up(script.refuses_with, script.contact)
        elif not self._over:
            self.line.ring()
            if script.answers_after_s is not None:
                self._clock.call_later(script.answers_after_s, self._answer)

    def _answer(self) -> None:
        if not self._over:
            self.line.answer()

    def _refer(self, uri: str) -> None:
        if not self._over:
            self.line.transfer(refer.refer_to(uri))

    def _give_up(self) -> None:
        if not self._answered:
            self._hang_up(487)

    def _hang_up(self, sip_code: int, contact: str = "") -> None:
        if not self._over:
            self._over = True
            self.line.hang_up(sip_code, {"Contact": f"<{contact}>"} if contact else {})

    def _press(self, digit: str, method: Method, duration_ms: int) -> None:
        self.line.press(digit, method, duration_ms)

    def _sent(self, sending: str, outcome: Outcome, reason: str = "") -> None:
        """Take note of digits that are sent; nobody asks."""


def _nobody(signal: AnySignal) -> None:
    """Take signals before `start`, of which there are none."""
