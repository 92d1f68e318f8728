"""The gatekeeper: counts the calls that leave, and is asked before every way out."""

from datetime import datetime

from workbench.policy.rules import Policy, Refusal


class Gatekeeper:
    """What a policy allows, with what has left already."""

    def __init__(self, policy: Policy) -> None:
        """Guard by `policy`; nothing has left yet."""
        self.policy = policy
        self._calls: set[str] = set()
        self._tokens = _burst(policy)
        self._counted_at: datetime | None = None

    @property
    def calls(self) -> int:
        """How many calls out there are."""
        return len(self._calls)

    def may_go_out(self, uri: str, now: datetime) -> Refusal | None:
        """Say why a call may not go to a SIP URI now; None when it may, and it is counted."""
        return self.policy.check_destination(uri) or self._take_token(now)

    def admit(self, call_id: str, uri: str, now: datetime) -> Refusal | None:
        """Ask as `may_go_out` does, for a call that is ours until `let_go`."""
        if call_id in self._calls:
            return None
        refusal = self.policy.check_destination(uri) or self._check_room()
        refusal = refusal or self._take_token(now)
        if refusal is None:
            self._calls.add(call_id)
        return refusal

    def let_go(self, call_id: str) -> None:
        """Forget a call that is over; any other is unknown here."""
        self._calls.discard(call_id)

    def _check_room(self) -> Refusal | None:
        most = self.policy.calls_at_once
        if len(self._calls) < most:
            return None
        return _too_many("calls_at_once", f"{most} calls out are up already")

    def _take_token(self, now: datetime) -> Refusal | None:
        rate = self.policy.calls_a_second
        passed = (now - self._counted_at).total_seconds() if self._counted_at else 0.0
        # A clock that was set back brings no tokens, and takes none away.
        self._tokens = min(_burst(self.policy), self._tokens + max(0.0, passed) * rate)
        self._counted_at = now
        if self._tokens < 1.0:
            return _too_many("calls_a_second", f"more than {rate:g} calls a second went out")
        self._tokens -= 1.0
        return None


def _burst(policy: Policy) -> float:
    return max(1.0, policy.calls_a_second)


def _too_many(rule: str, fact: str) -> Refusal:
    reason = f"{fact}: call later, or raise `Policy.{rule}`"
    return Refusal(rule=rule, reason=reason, sip_code=503, q850_cause=42)
