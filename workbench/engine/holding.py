"""A leg on hold and off again: by re-INVITE, with music, again after a glare (RFC 3261, 14.1).

A hold that was asked for ends with the far end's answer, or with the leg.
"""

import random
from collections.abc import Callable
from typing import Any, Literal

from workbench import signals
from workbench.clock import Clock, Timer
from workbench.commands import Hold, Resume
from workbench.engine.line import Line, Tape

GLARE = 491
MOST_TRIES = 4
Outcome = Literal["failed", "interrupted"]


class Holding:
    """At most one re-INVITE at a time."""

    def __init__(
        self,
        clock: Clock,
        line: Callable[[], Line],
        tell: Callable[..., None],
        *,
        outbound: bool,
    ) -> None:
        """Send re-INVITEs on the line, report by `tell`; the caller waits longer at a glare."""
        self._clock, self._line, self._tell, self._outbound = clock, line, tell, outbound
        self._asked: Hold | Resume | None = None
        self._held_by_far_end = False
        self._music: Tape | None = None
        self._tries = 0
        self._timer: Timer | None = None

    def begin(self, command: Hold | Resume, *, answered: bool) -> None:
        """Put the far end on hold, or take it back."""
        if not answered or self._asked is not None:
            busy = "another hold or resume is under way"
            self.refuse(command.hold, "failed", busy if answered else "the call is not up")
            return
        self._asked, self._tries = command, 0
        self._try()

    def answered(self, sip_code: int, reason: str) -> None:
        """Report what the far end has answered, or try again later."""
        if self._asked is None or self._timer is not None:
            return
        if sip_code < 300:
            self._done()
        elif sip_code == GLARE and self._tries < MOST_TRIES:
            self._timer = self._clock.call_later(glare_s(outbound=self._outbound), self._try)
        else:
            self._fail("failed", sip_code, reason)

    def by_far_end(self, *, held: bool) -> None:
        """Report that the far end holds us, or does no more."""
        if held is not self._held_by_far_end:
            self._held_by_far_end = held
            self._tell(signals.HeldByFarEnd if held else signals.ResumedByFarEnd)

    def interrupt(self) -> None:
        """End with the leg."""
        self._stop_music()
        if self._asked is not None:
            self._fail("interrupted", 0, "the call ended before it was answered")

    def refuse(self, hold: str, outcome: Outcome, reason: str) -> None:
        """Report a hold that cannot even begin."""
        self._tell(signals.HoldFailed, hold=hold, outcome=outcome, sip_code=0, reason=reason)

    def _try(self) -> None:
        self._timer = None
        self._tries += 1
        try:
            self._line().reinvite(held=isinstance(self._asked, Hold))
        except OSError as error:
            # The far end is changing the call at this moment, which is a glare too.
            self.answered(GLARE, str(error))

    def _done(self) -> None:
        asked, self._asked = self._asked, None
        if isinstance(asked, Hold):
            self._stop_music()
            self._music = self._line().on_hold(asked.path)
            self._tell(signals.Held, hold=asked.hold)
        elif asked is not None:
            self._stop_music()
            self._line().off_hold()
            self._tell(signals.Resumed, hold=asked.hold)

    def _fail(self, outcome: Outcome, sip_code: int, reason: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        asked, self._asked, self._timer = self._asked, None, None
        told: dict[str, Any] = {"outcome": outcome, "sip_code": sip_code, "reason": reason}
        self._tell(signals.HoldFailed, hold=asked.hold if asked else "", **told)

    def _stop_music(self) -> None:
        if self._music is not None:
            self._music.stop()
            self._music = None


def glare_s(*, outbound: bool) -> float:
    """Return how long to wait after 491: longer for whoever chose the Call-ID."""
    chance = random.random()
    return round(2.1 + 1.9 * chance if outbound else 2.0 * chance, 2)
