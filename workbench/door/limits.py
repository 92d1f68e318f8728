"""How much the door takes from one address, from all, and for one worker.

Buckets of tokens: each message or call takes one, and they come back with time. Who floods
is refused, and told so in the log once a minute; the others are not.
"""

from collections import OrderedDict
from collections.abc import Callable

import msgspec

MOST_SOURCES = 10_000
QUIET_S = 60.0
"""Between two lines of the log about one source."""


class DoorLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls and messages are taken; more are refused, or dropped."""

    calls_a_source: float = 100.0
    """New calls a second from one address, in the long run."""
    burst_a_source: float = 200.0
    """New calls at once from one address."""
    calls: float = 300.0
    """New calls a second from all addresses together."""
    burst: float = 600.0
    """New calls at once from all addresses together."""
    messages_a_source: float = 2000.0
    """SIP messages a second from one address, in the long run and at once."""
    offers_a_worker: float = 10.0
    """Re-INVITE and UPDATE a second for one worker, which each may cost it sockets."""


class Bucket:
    """Tokens that come back with time."""

    def __init__(self, rate: float, size: float, now: float) -> None:
        """Begin full."""
        self._rate, self._size, self._tokens, self._at = rate, size, size, now

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Buckets:
    """A bucket for each address or worker, of those seen last."""

    def __init__(self, rate: float, size: float, monotonic: Callable[[], float]) -> None:
        """Make buckets alike."""
        self._rate, self._size, self._monotonic = rate, size, monotonic
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, whose: str) -> bool:
        """Take a token of somebody's bucket if there is one."""
        now = self._monotonic()
        bucket = self._buckets.get(whose)
        if bucket is None:
            bucket = self._buckets[whose] = Bucket(self._rate, self._size, now)
            if len(self._buckets) > MOST_SOURCES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(whose)
        return bucket.take(now)


class Limiter:
    """The limits at work."""

    def __init__(
        self, limits: DoorLimits, monotonic: Callable[[], float], notice: Callable[[str], None]
    ) -> None:
        """Tell of a flood by `notice`."""
        self._monotonic, self._notice = monotonic, notice
        self._told: OrderedDict[str, float] = OrderedDict()
        per_source = limits.calls_a_source, limits.burst_a_source
        self._calls = Buckets(*per_source, monotonic)
        self._all = Bucket(limits.calls, limits.burst, monotonic())
        messages = limits.messages_a_source
        self._messages = Buckets(messages, messages, monotonic)
        self._offers = Buckets(limits.offers_a_worker, limits.offers_a_worker / 2, monotonic)

    def takes_message(self, source: str) -> bool:
        """Tell whether one more message of an address is read at all."""
        if self._messages.take(source):
            return True
        self._tell(source, "sends more messages than are read")
        return False

    def takes_call(self, source: str) -> bool:
        """Tell whether one more call of an address is let in."""
        if self._calls.take(source) and self._all.take(self._monotonic()):
            return True
        self._tell(source, "calls more often than is let in")
        return False

    def takes_offer(self, worker: str) -> bool:
        """Tell whether a worker can bear one more offer within its calls."""
        return self._offers.take(worker)

    def _tell(self, source: str, what: str) -> None:
        now = self._monotonic()
        if now - self._told.get(source, -QUIET_S) < QUIET_S:
            return
        self._told[source] = now
        self._told.move_to_end(source)
        if len(self._told) > MOST_SOURCES:
            self._told.popitem(last=False)
        self._notice(f"{source} {what}; the rest is refused or dropped.")
