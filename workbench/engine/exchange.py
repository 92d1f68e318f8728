"""The exchange of one trunk: commands to its lines, and what they tell to signals.

It knows the rules of a leg (who let go, what ends before what, how long to wait) and
nothing of SIP stacks, so a real trunk and a simulated one behave alike.
"""

from workbench import commands, signals, sip
from workbench.commands import AnyCommand
from workbench.engine.account import explained
from workbench.engine.course import CLOSING_S, Course
from workbench.engine.joints import Joint, Work
from workbench.engine.legs import Ending, Leg, Party
from workbench.engine.line import (
    Direction,
    Line,
    LineError,
    Method,
    StreamCount,
    Tape,
    Trunk,
)
from workbench.engine.talks import GONE
from workbench.errors import InvalidInput
from workbench.trace import redact

REDIRECT = 302


class Exchange(Course):
    """The legs of one trunk."""

    _trunk: Trunk | None = None

    def connect(self, trunk: Trunk) -> None:
        """Place calls on `trunk` from now on."""
        self._trunk = trunk

    def execute(self, command: AnyCommand) -> None:
        """Carry out a command; one for a leg that is gone does nothing."""
        if isinstance(command, commands.Dial):
            self._dial(command)
            return
        leg = self._legs.get(command.leg)
        if leg is not None:
            self._execute_on(leg, command)
        elif isinstance(command, commands.Talk):
            self._discard(command.talk)

    # What a trunk reports.

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
        """Begin a leg for a call that came in."""
        leg = self._begin(name, outbound=False)
        leg.line = line
        leg.tell(
            signals.Offered,
            from_=caller,
            to=callee,
            sip_call_id=sip_call_id,
            remote=remote,
            request_uri=request_uri,
            headers=headers or {},
        )

    def progressed(self, name: str, sip_code: int, reason: str) -> None:
        """Report that the far end rings, or that it sends early media."""
        leg = self._legs.get(name)
        if leg is None or leg.over or leg.answered:
            return
        if sip_code == 183:
            leg.early = True
            leg.tell(signals.EarlyMedia, sip_code=sip_code, reason=reason)
        elif sip_code > 100 and not leg.ringing:
            leg.ringing = True
            leg.tell(signals.Ringing, sip_code=sip_code, reason=reason)

    def answered(self, name: str, sip_code: int = 200, reason: str = "OK") -> None:
        """Report that the call is up."""
        leg = self._legs.get(name)
        if leg is None or leg.over or leg.answered:
            return
        leg.answered = True
        if leg.deadline is not None:
            leg.deadline.cancel()
        leg.tell(signals.Answered, sip_code=sip_code, reason=reason)

    def media_started(
        self, name: str, codec: str, clock_rate: int, *, secure: bool = False
    ) -> None:
        """Start the audio clock of a leg."""
        if leg := self._legs.get(name):
            leg.start_media(codec, clock_rate, secure=secure)

    def digit_received(
        self, name: str, digit: str, method: Method = "rfc4733", *, trusted: bool = True
    ) -> None:
        """Report a digit that the far end pressed."""
        leg = self._legs.get(name)
        as_such = method != "inband"
        if leg is not None and not leg.over and (as_such or not leg.keyed):
            leg.keyed = leg.keyed or (as_such and trusted)
            leg.concealment.pressed(digit, method)
            leg.tell(signals.DigitReceived, digit=digit, method=method, trusted=trusted)

    def digit_ended(self, name: str, digit: str, method: Method, duration_ms: int) -> None:
        """Report that the far end let a digit go."""
        leg = self._legs.get(name)
        if leg is not None and not leg.over and not (method == "inband" and leg.keyed):
            fields = {"digit": digit, "method": method, "duration_ms": duration_ms}
            leg.concealment.let_go(digit, method)
            leg.tell(signals.DigitEnded, **fields)

    def message_seen(self, name: str, direction: Direction, message: str) -> None:
        """Report a SIP message of a leg's dialog."""
        if leg := self._legs.get(name):
            leg.tell(signals.SipMessageSeen, direction=direction, message=redact(message))

    def transfer_told(self, name: str, sip_code: int, reason: str, *, final: bool) -> None:
        """Report what the far end says of the transfer that it was asked for."""
        leg = self._legs.get(name)
        if leg is not None and not leg.over:
            leg.transfer.told(sip_code, reason, final=final)

    def reinvited(self, name: str, sip_code: int, reason: str) -> None:
        """Tell the leg what the far end has answered to our re-INVITE."""
        if leg := self._legs.get(name):
            leg.holding.answered(sip_code, reason)

    def takes_reinvite(self, name: str) -> int:
        """Return the code by which a re-INVITE of the far end is answered."""
        return 200

    def far_end_holds(self, name: str, held: bool) -> None:
        """Report that the far end holds us, or does no more."""
        leg = self._legs.get(name)
        if leg is not None and leg.answered and not leg.over:
            leg.hold_by_far_end(held=held)

    def takes_refer(self, name: str) -> bool:
        """Tell whether a REFER of the far end is accepted."""
        leg = self._legs.get(name)
        return leg is not None and not leg.over and leg.referrals.expected

    def referred(self, name: str, refer_to: str, cseq: str) -> None:
        """Report a REFER that was accepted."""
        leg = self._legs.get(name)
        if leg is not None and not leg.over:
            leg.referrals.received(refer_to, cseq)

    def played_out(self, name: str, tape: Tape) -> None:
        """Finish the prompt whose file has come to its end."""
        if leg := self._legs.get(name):
            leg.prompting.played_out(tape)

    def recorded(self, name: str, tape: Tape) -> None:
        """Finish the recording whose files are whole."""
        leg = self._legs.get(name)
        if leg is None:
            return
        leg.recorded(tape)
        if leg.line is None:
            self._release(leg)

    def counted(self, name: str, segment: StreamCount) -> None:
        """Add what was counted on a stream of the leg that has ended."""
        if leg := self._legs.get(name):
            leg.count(segment)

    def link_gone(self, name: str, link: str) -> None:
        """End the talk whose other end was closed."""
        if leg := self._legs.get(name):
            leg.talks.stop(link, GONE)

    def disconnected(
        self,
        name: str,
        by: Party,
        sip_code: int,
        reason: str,
        q850_cause: int | None = None,
        contact: str = "",
    ) -> None:
        """Release the leg of a call that the trunk has ended."""
        leg = self._legs.get(name)
        if leg is None:
            return
        leg.line = None
        if leg.ending is None:
            why = explained(reason, sip_code, leg.account) if leg.outbound else reason
            leg.ending = Ending(by, sip_code, why, q850_cause, contact)
        leg.wind_up()
        if leg.recording:
            self._release_later(leg, CLOSING_S)
        else:
            self._release(leg)

    # What a flow asks for.

    def _execute_on(self, leg: Leg, command: AnyCommand) -> None:
        if leg.over:
            self._refuse(leg, command)
            return
        try:
            self._carry_out(leg, command)
        except LineError as fault:
            self._end(leg, Ending("engine", fault.sip_code, fault.reason))

    def _carry_out(self, leg: Leg, command: AnyCommand) -> None:  # noqa: C901 - a flat table
        match command:
            case commands.Ring():
                self._ring(leg)
            case commands.Answer():
                self._answer(leg)
            case commands.Progress():
                self._progress(leg)
            case commands.Reject():
                self._reject(leg, command)
            case commands.Redirect(uri=uri):
                self._redirect(leg, uri)
            case commands.Play():
                leg.prompting.begin(command)
            case commands.PlayMore():
                leg.prompting.add(command)
            case commands.Stop(prompt=prompt):
                leg.prompting.stop(prompt)
            case commands.SendDigits(sending=sending, digits=digits):
                leg.keypad.add(sending, digits, command.method, command.duration_ms)
            case commands.DetectDigits():
                leg.detect_digits()
            case commands.Conceal() | commands.Reveal():
                leg.concealment.obey(command)
            case commands.Record():
                leg.record(command)
            case commands.PauseRecording(recording=recording):
                leg.pause_recording(recording)
            case commands.ResumeRecording(recording=recording):
                leg.resume_recording(recording)
            case commands.StopRecording(recording=recording):
                leg.stop_recording(recording)
            case commands.Hold() | commands.Resume():
                leg.holding.begin(command, answered=leg.answered)
            case commands.Mute() | commands.Unmute():
                leg.mute(muted=isinstance(command, commands.Mute))
            case commands.Transfer():
                leg.transfer.begin(command, answered=leg.answered)
            case commands.ExpectRefer():
                leg.referrals.expected = True
            case commands.NotifyRefer(refer=refer, sip_code=code, reason=reason):
                leg.referrals.tell_far_end(refer, code, reason)
            case commands.Fork() | commands.StopFork():
                leg.forks.obey(command)
            case commands.Talk() | commands.StopTalk():
                leg.talks.obey(command)
            case commands.Bridge() | commands.Link() | commands.Unbridge():
                self._join(leg, command)
            case commands.Hangup(reason=reason, cause=cause):
                self._hang_up(leg, reason, cause)

    def _refuse(self, leg: Leg, command: AnyCommand) -> None:  # noqa: C901 - as above
        """Finish at once what was asked of a leg that is about to end."""
        reason = "the call is ending"
        match command:
            case commands.Play(prompt=prompt):
                leg.prompting.refuse(prompt, reason)
            case commands.SendDigits(sending=sending):
                leg.tell(signals.DigitsSent, sending=sending, outcome="failed", reason=reason)
            case commands.Record(recording=recording):
                leg.refuse_recording(recording, reason)
            case commands.Transfer(transfer=transfer):
                leg.transfer.refuse(transfer, reason)
            case commands.Hold(hold=hold) | commands.Resume(hold=hold):
                leg.holding.refuse(hold, "interrupted", reason)
            case commands.Fork(fork=fork):
                leg.forks.refuse(fork, reason)
            case commands.Talk(talk=talk):
                leg.talks.refuse(talk, reason)
            case commands.Bridge(other=other) | commands.Link(other=other):
                leg.tell(signals.Unbridged, other=other, reason=reason)

    def _join(
        self, leg: Leg, command: commands.Bridge | commands.Link | commands.Unbridge
    ) -> None:
        """Join two legs or part them; a joint replaces the one that was there."""
        if (joint := leg.joints.get(command.other)) is not None:
            joint.part("")
        if isinstance(command, commands.Bridge):
            self._bridge(leg, command)
        elif isinstance(command, commands.Link):
            self._link(leg, command)

    def _bridge(self, leg: Leg, command: commands.Bridge) -> None:
        other = self._legs.get(command.other)
        if other is None or other.over or other is leg:
            reason = f"there is no other leg {command.other} to bridge with"
            leg.tell(signals.Unbridged, other=command.other, reason=reason)
            return

        def join() -> Work:
            ours, theirs = self._line(leg), self._line(other)
            ours.bridge(theirs, hears=command.hears, heard=command.heard)
            return lambda: ours.unbridge(theirs)

        Joint({other.name: leg, leg.name: other}, join)

    def _link(self, leg: Leg, command: commands.Link) -> None:
        def join() -> Work:
            line = self._line(leg)
            line.link(command.link, hears=command.hears, heard=command.heard)
            return lambda: line.unlink(command.link)

        Joint({command.other: leg}, join)

    def _dial(self, command: commands.Dial) -> None:
        if command.leg in self._legs:
            return
        leg = self._begin(command.leg, outbound=True)
        leg.account = command.account
        leg.deadline = self._clock.call_later(
            command.ring_timeout_s, lambda: self._ring_out(leg, command.ring_timeout_s)
        )
        try:
            check(command)
            leg.line = self._connected().dial(command)
        except InvalidInput as error:
            self._give_up(leg, Ending("engine", 400, str(error)))
        except LineError as fault:
            self._give_up(leg, Ending("engine", fault.sip_code, fault.reason))

    def _ring_out(self, leg: Leg, seconds: float) -> None:
        self._end(leg, Ending("local", 408, f"no answer within {seconds:g} s"), sip_code=487)

    def _ring(self, leg: Leg) -> None:
        if leg.outbound or leg.answered:
            return
        self._line(leg).ring()
        self.progressed(leg.name, 180, "Ringing")

    def _answer(self, leg: Leg) -> None:
        if not leg.outbound and not leg.answered:
            self._line(leg).answer()

    def _progress(self, leg: Leg) -> None:
        if leg.outbound or leg.answered or leg.early:
            return
        self._line(leg).progress()
        self.progressed(leg.name, 183, "Session Progress")

    def _reject(self, leg: Leg, command: commands.Reject) -> None:
        if leg.outbound or leg.answered:
            self._hang_up(leg, command.reason, command.cause)
            return
        code = command.sip_code if 400 <= command.sip_code < 700 else 603
        ending = Ending("local", code, command.reason or "rejected", command.cause)
        self._end(leg, ending, sip_code=code)

    def _redirect(self, leg: Leg, uri: str) -> None:
        if leg.outbound or leg.answered:
            return
        ending = Ending("local", REDIRECT, f"redirected to {uri}", contact=uri)
        self._end(leg, ending, sip_code=REDIRECT)

    def _connected(self) -> Trunk:
        if self._trunk is None:
            raise LineError("the engine has no trunk", 503)
        return self._trunk


def check(command: commands.Dial) -> None:
    """Refuse a `Dial` whose address or headers may not go onto the wire.

    Raises:
        InvalidInput: which part, and what to write instead.
    """
    sip.parse_address(command.uri)
    if command.from_:
        sip.parse_address(command.from_)
    sip.check_headers(command.headers)
