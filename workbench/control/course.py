"""The verbs that move a call along: ring, answer, reject, hang up."""

from workbench import events as ev
from workbench.call import Phase
from workbench.control.desk import Verbs, is_text
from workbench.errors import InvalidInput

LONGEST_REASON = 200


class CourseVerbs(Verbs):
    """The course of the call."""

    async def ring(self) -> None:
        """Tell the caller that it rings (180)."""
        self._require(Phase.OFFERED, Phase.RINGING)
        self._desk.decide(ev.RingRequested)

    async def answer(self) -> None:
        """Take the call; does nothing when it is answered already."""
        self._alive()
        if self._desk.call.phase is not Phase.ANSWERED:
            self._require(Phase.OFFERED, Phase.RINGING, Phase.EARLY)
            self._desk.decide(ev.AnswerRequested)
            await self._wait("answered")

    async def reject(self, sip_code: int = 603) -> None:
        """Refuse the call with a final SIP code (400 to 699) and wait for its end."""
        self._require(Phase.OFFERED, Phase.RINGING, Phase.EARLY)
        if not 400 <= sip_code <= 699:
            message = f"A call is refused with a SIP code from 400 to 699, not {sip_code}."
            raise InvalidInput(message)
        self._desk.decide(ev.RejectRequested, sip_code=sip_code)
        await self._outlive()

    async def hangup(self, reason: str = "") -> None:
        """End the call and wait until it is over; the flow then goes on, to tidy up.

        `reason`, up to 200 characters, is for the record; the far end does not see it.
        """
        if self.ended:
            return
        if not is_text(reason) or len(reason) > LONGEST_REASON:
            message = f"The reason of a hang-up is a text of up to {LONGEST_REASON} characters."
            raise InvalidInput(message)
        self._desk.decide(ev.HangupRequested, reason=reason)
        await self._outlive()
