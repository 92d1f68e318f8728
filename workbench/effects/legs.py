"""What is asked of a leg: dial, ring, early media, answer, reject, hang up, send digits."""

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.passage import PassageEffects
from workbench.errors import NotAllowedNow


class LegEffects(PassageEffects):
    """Commands for the engine."""

    def dial(self, placed: ev.Placed) -> None:
        """Ask the engine for the call whose beginning is on record, if the policy allows it."""
        if self._admits(placed):
            self._placed[placed.call_id] = placed
            self._ask_for(placed, placed.leg, placed.to)

    def follow_redirect(self, event: ev.Redirected) -> None:
        """Call whom a 3xx names, with another leg, if the policy allows it."""
        placed = self._placed[event.call_id]
        refusal = self.may_go_out(event.call_id, event.to, "redirect")
        if refusal is None:
            self._ask_for(placed, event.leg, event.to)
        else:
            self._refuse_leg(event.leg, refusal)

    def _ask_for(self, placed: ev.Placed, leg: str, uri: str) -> None:
        parent = self._switchboard.calls.get(placed.parent)
        self.ask(
            cm.Dial(
                leg=leg,
                uri=uri,
                from_=placed.from_,
                account=placed.account,
                srtp=placed.srtp,
                codecs=placed.codecs,
                headers=placed.headers,
                replaces=placed.replaces,
                ring_timeout_s=placed.ring_timeout_s,
                beside=parent.leg if parent is not None else "",
            )
        )

    def _ring(self, call: Call, _event: ev.RingRequested) -> None:
        self.ask(cm.Ring(leg=call.leg))

    def _answer(self, call: Call, _event: ev.AnswerRequested) -> None:
        self.ask(cm.Answer(leg=call.leg))

    def _progress(self, call: Call, _event: ev.ProgressRequested) -> None:
        self.ask(cm.Progress(leg=call.leg))

    def _reject(self, call: Call, event: ev.RejectRequested) -> None:
        code, cause, reason = event.sip_code, event.cause, event.reason
        self.ask(cm.Reject(leg=call.leg, sip_code=code, cause=cause, reason=reason))

    def _redirect(self, call: Call, event: ev.RedirectRequested) -> None:
        if self.may_go_out(call.id, event.to, "redirect") is None:
            self.ask(cm.Redirect(leg=call.leg, uri=event.to))

    def _hang_up(self, call: Call, event: ev.HangupRequested) -> None:
        self.ask(cm.Hangup(leg=call.leg, reason=event.reason, cause=event.cause))

    def _send_digits(self, call: Call, event: ev.DigitsRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
            return
        try:
            digits = self._clear(call, event)
        except NotAllowedNow as lost:
            fields = {"sending": event.sending, "outcome": "failed", "reason": str(lost)}
            self._switchboard.observe(call.id, ev.DigitsSent, **fields)
            return
        self.ask(
            cm.SendDigits(
                leg=call.leg, sending=event.sending, digits=digits, method=event.method,
                duration_ms=event.duration_ms,
            )
        )  # fmt: skip

    def _clear(self, call: Call, event: ev.DigitsRequested) -> str:
        """Return what is sent, which is not on record when it is secret."""
        run = self._runs.get(call.id)
        own = run.steps.pop(event.sending, None) if run is not None else None
        return event.digits if own is None else self._switchboard.vault.clear(own.args[0])

    def _conceal(self, call: Call, event: ev.GatherRequested) -> None:
        if event.secret:
            self.ask(cm.Conceal(leg=call.leg, concealment=event.gather))

    def _reveal(self, call: Call, event: ev.GatherFinished) -> None:
        if event.gather in call.concealing:
            self.ask(cm.Reveal(leg=call.leg, concealment=event.gather))

    def _detect_digits(self, call: Call, _event: ev.DigitDetectionRequested) -> None:
        self.ask(cm.DetectDigits(leg=call.leg))
