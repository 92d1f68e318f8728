"""The course of the legs of an exchange: how each begins, and in which order each ends."""

from collections.abc import Callable

from workbench import reason
from workbench.clock import Clock
from workbench.engine import Report
from workbench.engine.legs import Ending, Leg
from workbench.engine.line import Line, LineError, Monotonic
from workbench.engine.slices import Take
from workbench.engine.talks import Discard

GRACE_S = 0.5
"""How long the far end may take to confirm the end of a call before it is released."""
CLOSING_S = 0.5
"""How long the files of a recording may take to close."""

Vacated = Callable[[str, str], None]
"""Called with leg and Call-ID when a line is free again, perhaps after the leg's release."""


class Course:
    """The legs that are not released, and their ends."""

    def __init__(
        self,
        clock: Clock,
        report: Report,
        *,
        monotonic: Monotonic | None = None,
        vacated: Vacated | None = None,
        take: Take | None = None,
        discard: Discard | None = None,
    ) -> None:
        """Report signals to `report`; `monotonic` measures audio time, `take` takes audio.

        `discard` closes the end of a link that nobody will take any more.
        """
        self._take: Take = take or (lambda audio: None)
        self._discard: Discard = discard or (lambda link: None)
        self._clock, self._report = clock, report
        self._monotonic = monotonic or (lambda: clock.now().timestamp())
        self.vacated = vacated or (lambda leg, call_id: None)
        self._legs: dict[str, Leg] = {}

    @property
    def legs(self) -> list[str]:
        """Return the names of the legs that are not released."""
        return list(self._legs)

    def hang_up_all(self, reason: str) -> None:
        """End every leg, as by `Hangup`."""
        for leg in list(self._legs.values()):
            self._hang_up(leg, reason)

    def release_all(self, reason: str) -> None:
        """End every leg and release it without waiting for the far end."""
        self.hang_up_all(reason)
        for leg in list(self._legs.values()):
            self._release(leg)

    def _hang_up(self, leg: Leg, reason: str = "", cause: int | None = None) -> None:
        if leg.over:
            return
        if leg.answered:
            code, usual = 200, "hung up"
        elif leg.outbound:
            code, usual = 487, "cancelled"
        else:
            code, usual = 603, "declined"
        self._end(leg, Ending("local", code, reason or usual, cause), sip_code=code)

    def _end(self, leg: Leg, ending: Ending, sip_code: int = 500) -> None:
        """End the line of a leg, and release the leg when that is confirmed."""
        if leg.over:
            return
        leg.ending = ending
        leg.wind_up()
        self._release_later(leg, GRACE_S)
        try:
            self._line(leg).hang_up(sip_code, told(ending))
        except LineError:
            self._give_up(leg, ending)

    def _give_up(self, leg: Leg, ending: Ending) -> None:
        """Release a leg that has no line, or one that cannot be ended in order."""
        leg.ending = leg.ending or ending
        if leg.line is None:
            self.vacated(leg.name, "")
        self._release(leg)

    def _release_later(self, leg: Leg, seconds: float) -> None:
        if leg.deadline is not None:
            leg.deadline.cancel()
        leg.deadline = self._clock.call_later(seconds, lambda: self._release(leg))

    def _release(self, leg: Leg) -> None:
        if not leg.released:
            self._legs.pop(leg.name, None)
            leg.release(leg.ending or Ending("engine", 500, "the engine lost the call"))

    def _begin(self, name: str, *, outbound: bool) -> Leg:
        times = self._clock, self._monotonic
        gives = self._take, self._discard
        leg = Leg(name, *times, self._report, *gives, outbound=outbound)
        self._legs[name] = leg
        return leg

    def _line(self, leg: Leg) -> Line:
        if leg.line is None:
            raise LineError("the call has no line")
        return leg.line


def told(ending: Ending) -> dict[str, str]:
    """Return the headers by which the far end is told why (RFC 3326), and where to call."""
    elsewhere = {"Contact": f"<{ending.contact}>"} if ending.contact else {}
    return {**reason.headers(ending.q850_cause, ending.reason), **elsewhere}
