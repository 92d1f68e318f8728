"""REFER and NOTIFY of one call, both ways: which are accepted, and what they tell.

The library deals with neither: it would dial whatever a REFER names, and it confuses the
NOTIFY requests of two transfers of one call. The gate asks here, and answers by itself.
"""

import functools
import re
from collections.abc import Callable

from workbench import refer, sip
from workbench.engine.exchange import Exchange
from workbench.engine.line import Direction

MOST_REFERS = 16
"""REFER requests that are accepted in one call; each is on record."""
ACCEPTED = re.compile(r"SIP/2\.0 2\d\d ")
REFUSED = re.compile(r"SIP/2\.0 ([3-6]\d\d) ?(.*)")
Tags = tuple[str, str]
_TAG = re.compile(r";\s*tag\s*=\s*([^\s;,]+)", re.IGNORECASE)
_ID = re.compile(r";\s*id\s*=\s*([^\s;,]+)", re.IGNORECASE)


class Dealings:
    """What one call has to do with transfers."""

    def __init__(self, leg: str, exchange: Exchange, tell: Callable[..., None]) -> None:
        """Tell `exchange` by `tell`, which is for the callbacks of the library."""
        self.transferring = False
        """Whether the far end may tell how a transfer goes."""
        self._leg, self._exchange, self._tell = leg, exchange, tell
        self._tags: Tags | None = None
        """Those of a request of the far end, once the call is accepted."""
        self._sent = ""
        """The CSeq of the last REFER that we sent."""
        self._taken: set[str] = set()
        """The CSeq of each REFER that was accepted."""

    @property
    def accepted(self) -> bool:
        """Tell whether the call has been answered."""
        return self._tags is not None

    def see(self, direction: Direction, message: str) -> None:
        """Take note of a message of the call."""
        number, _, method = sip.header_value(message, "CSeq").partition(" ")
        method = method.strip()
        if method == "INVITE" and ACCEPTED.match(message):
            # A response has From and To as its request had them: ours, when we receive it.
            sender, taker = tags(message)
            self._tags = (taker, sender) if direction == "received" else (sender, taker)
        elif method == "REFER" and direction == "sent" and message.startswith("REFER "):
            self._sent = number
        elif method == "REFER" and direction == "received":
            self._see_refusal(number, message)

    def _see_refusal(self, number: str, message: str) -> None:
        refused = REFUSED.match(sip.first_line(message))
        if refused is not None and self.transferring:
            # Told later: what is challenged (401, 407) may have been sent again by then.
            code, reason = int(refused[1]), refused[2][: refer.TEXT_LIMIT]
            self._tell(lambda leg: self._is_refused(number, code, reason))

    def _is_refused(self, number: str, code: int, reason: str) -> None:
        if number == self._sent:
            self._exchange.transfer_told(self._leg, code, reason, final=True)

    def takes_notify(self, request: str) -> bool:
        """Tell whether a NOTIFY is of the transfer under way; pass on what it says."""
        event = _ID.search(sip.header_value(request, "Event", "o"))
        other = event is not None and event[1] != self._sent
        if not self.transferring or other or tags(request) != self._tags:
            return False
        state = sip.header_value(request, "Subscription-State").partition(";")[0]
        final = state.strip().lower() == "terminated"
        said = refer.status(re.split(r"\r?\n\r?\n", request, maxsplit=1)[-1])
        if said is not None or final:
            code, reason = said or (0, "")
            fact = functools.partial(self._exchange.transfer_told, final=final)
            self._tell(fact, code, reason)
        return True

    def takes_refer(self, request: str) -> bool:
        """Tell whether a REFER is accepted; its first copy is passed on."""
        targets = sip.header_values(request, "Refer-To", "r")
        ours = tags(request) == self._tags and len(targets) == 1
        if not ours or not self._exchange.takes_refer(self._leg):
            return False
        number = sip.header_value(request, "CSeq").partition(" ")[0]
        if number not in self._taken and len(self._taken) >= MOST_REFERS:
            return False
        if number not in self._taken:
            self._taken.add(number)
            self._tell(self._exchange.referred, targets[0], number)
        return True


def tags(message: str) -> Tags:
    """Return the tags of From and To."""
    caller, callee = (sip.header_value(message, *name) for name in (("From", "f"), ("To", "t")))
    return _tag(caller), _tag(callee)


def _tag(value: str) -> str:
    found = _TAG.search(value.rpartition(">")[2])
    return found[1] if found else ""
