"""The verbs that move a call along: ring, early media, answer, reject, hang up."""

from typing import Any, NoReturn

from workbench import events as ev
from workbench import reason as reasons
from workbench import sip
from workbench.call import Phase
from workbench.control.desk import Verbs, is_seconds, is_text
from workbench.errors import InvalidInput, NotAllowedNow

DAY_S = 86_400.0
_UNANSWERED = (Phase.OFFERED, Phase.RINGING, Phase.EARLY)


class CourseVerbs(Verbs):
    """The course of the call."""

    async def ring(self) -> None:
        """Tell the caller that it rings (180)."""
        self._require(*_UNANSWERED)
        self._desk.decide(ev.RingRequested)

    async def progress(self) -> None:
        """Let the caller hear audio before the answer (183); `play` and `say` work then.

        Does nothing when audio flows already.
        """
        self._require(*_UNANSWERED, Phase.ANSWERED)
        if not self._desk.call.media:
            self._desk.decide(ev.ProgressRequested)
            await self._wait("media")

    async def answer(self) -> None:
        """Take the call; does nothing when it is answered already."""
        self._alive()
        if self._desk.call.phase is not Phase.ANSWERED:
            self._require(*_UNANSWERED)
            self._desk.decide(ev.AnswerRequested)
            await self._wait("answered")

    async def reject(
        self, sip_code: int = 603, cause: int | None = None, reason: str = ""
    ) -> None:
        """Refuse the call with a final SIP code (400 to 699) and wait for its end.

        Args:
            sip_code: what the caller is answered.
            cause: a Q.850 cause that the caller is told in a Reason header (RFC 3326).
            reason: up to 200 characters for the record, and for that header if there is one.

        Raises:
            InvalidInput: a code, cause or text that cannot be sent.
        """
        self._require(*_UNANSWERED)
        if type(sip_code) is not int or not 400 <= sip_code <= 699:
            message = f"A call is refused with a SIP code from 400 to 699, not {sip_code}."
            raise InvalidInput(message)
        reasons.check(cause, reason)
        self._desk.decide(ev.RejectRequested, sip_code=sip_code, cause=cause, reason=reason)
        await self._outlive()

    async def redirect(self, to: str) -> None:
        """Refuse the call and tell the caller whom to call instead (302); wait for its end.

        Args:
            to: whom the caller is to call, `sip:user@host`.

        Raises:
            InvalidInput: an address that cannot be called.
            NotAllowedNow: the policy refuses the address; the call goes on.
        """
        self._require(*_UNANSWERED)
        if self._desk.call.direction == "outbound":
            message = f"Call {self.id} is one of ours: only a caller is told whom to call."
            raise NotAllowedNow(message)
        self._desk.decide(ev.RedirectRequested, to=str(sip.parse_address(to)))
        if (refused := await self._outlive("redirect")) is not None:
            message = f"Call {self.id} may not be redirected: {refused.reason}"
            raise NotAllowedNow(message)

    async def limit(self, seconds: float) -> None:
        """Hang up so many seconds after the answer; the policy's longest time stays.

        A later limit replaces the earlier one.

        Raises:
            InvalidInput: no time above zero, of a day at most.
        """
        self._alive()
        if not is_seconds(seconds, DAY_S):
            message = f"`limit` is seconds, above 0 to {DAY_S:g}, not {seconds!r}."
            raise InvalidInput(message)
        self._desk.decide(ev.LimitRequested, seconds=float(seconds))

    async def become(self, flow: Any) -> NoReturn:
        """Let another flow take the call over from here; this one ends here.

        It is cancelled (`asyncio.CancelledError`): its cleanup runs, but what that would
        wait for is cancelled too. The other flow starts with the call as it is.

        Args:
            flow: a flow (`@flow`).

        Raises:
            InvalidInput: it is none.
        """
        self._alive()
        name, version = getattr(flow, "name", None), getattr(flow, "version", None)
        if not callable(flow) or not is_text(name) or not is_text(version):
            message = f"`become` needs a flow (`@flow`), not {flow!r}."
            raise InvalidInput(message)
        change = self._desk.name("change")
        self._desk.entrust(change, flow, ())
        self._desk.decide(
            ev.FlowReplaceRequested, change=change, replacement=name,
            replacement_version=version,
        )  # fmt: skip
        await self._wait("never")
        raise AssertionError

    async def hangup(self, reason: str = "", cause: int | None = None) -> None:
        """End the call and wait until it is over; the flow then goes on, to tidy up.

        Args:
            reason: up to 200 characters for the record, and for a Reason header.
            cause: a Q.850 cause that the far end is told in that header (RFC 3326); without
                one it sees neither.

        Raises:
            InvalidInput: a cause or text that cannot be sent.
        """
        if self.ended:
            return
        reasons.check(cause, reason)
        self._desk.decide(ev.HangupRequested, cause=cause, reason=reason)
        await self._outlive()
