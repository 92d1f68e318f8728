"""What stands at the ways out: a call that the policy refuses leaves nothing but its record."""

from datetime import datetime

from workbench import events as ev
from workbench.call import Call
from workbench.effects.stage import Stage
from workbench.policy import Refusal, Way
from workbench.signals import Released


class PassageEffects(Stage):
    """The gatekeeper's word, put on record, and the time limit of calls."""

    def may_go_out(self, call_id: str, uri: str, way: Way) -> Refusal | None:
        """Ask before anything leaves for `uri` because of a call; a refusal is on record.

        Every effect that makes somebody call somebody asks here first, and does nothing
        when it is given a refusal but end what it began, with the refusal's reason.
        A leg of our own is asked for by `dial`, which also counts it until it is over.
        """
        refusal = self._gatekeeper.may_go_out(uri, self._clock.now())
        if refusal is not None:
            self._refused(call_id, uri, way, refusal)
        return refusal

    def _admits(self, placed: ev.Placed) -> bool:
        """Ask for a leg of our own; one that is refused is over at once."""
        now = self._clock.now()
        refusal = self._gatekeeper.admit(placed.call_id, placed.to, now)
        if refusal is None:
            return True
        self._refused(placed.call_id, placed.to, "dial", refusal)
        self._refuse_leg(placed.leg, refusal)
        return False

    def _refuse_leg(self, leg: str, refusal: Refusal) -> None:
        self._switchboard.report(
            Released(
                leg=leg, at=self._clock.now(), by="local", sip_code=refusal.sip_code,
                reason=refusal.reason, q850_cause=refusal.q850_cause,
            )
        )  # fmt: skip

    def _refused(self, call_id: str, uri: str, way: Way, refusal: Refusal) -> None:
        self._switchboard.observe(
            call_id, ev.Refused, way=way, to=uri, rule=refusal.rule, reason=refusal.reason
        )

    def limit(self, answered: ev.Answered) -> None:
        """Hang up a call that has just come up when its time is over."""
        call = self._switchboard.calls.get(answered.call_id)
        self._start_limit(answered.call_id, answered.at, call.time_limit_s if call else None)

    def _limit_call(self, call: Call, event: ev.LimitRequested) -> None:
        """Hang up at another moment; before the answer, `limit` will do so."""
        if call.answered_at is not None and call.ended is None:
            self._start_limit(call.id, call.answered_at, event.seconds)

    def _start_limit(self, call_id: str, since: datetime, wanted: float | None) -> None:
        longest = self._gatekeeper.policy.longest_call_s
        seconds, whose = longest, "the longest time of a call"
        if wanted is not None and wanted < longest:
            seconds, whose = wanted, "the time limit of this call"
        if (timer := self._limits.pop(call_id, None)) is not None:
            timer.cancel()
        left = seconds - (self._clock.now() - since).total_seconds()
        reason = f"{whose}, {seconds:g} s, was over"
        self._limits[call_id] = self._clock.call_later(
            max(0.0, left), lambda: self._time_up(call_id, reason)
        )

    def _time_up(self, call_id: str, reason: str) -> None:
        self._limits.pop(call_id, None)
        call = self._switchboard.calls.get(call_id)
        if call is not None and call.ended is None:
            self._switchboard.order(call_id, ev.HangupRequested, reason=reason)

    def let_go(self, ended: ev.Ended) -> None:
        """Forget what was counted and timed of a call that is over."""
        self._gatekeeper.let_go(ended.call_id)
        self._placed.pop(ended.call_id, None)
        if (timer := self._limits.pop(ended.call_id, None)) is not None:
            timer.cancel()
