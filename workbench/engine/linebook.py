"""The lines of one trunk, and the SIP messages that the library logs for them."""

import functools
import itertools
import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from workbench import sip
from workbench.engine.exchange import Exchange
from workbench.engine.line import Direction, Monotonic
from workbench.engine.lines import Fact, Line
from workbench.engine.mediasocket import MediaSocket
from workbench.engine.patch import Bridge
from workbench.engine.ports import PortPool

MESSAGE_MARK = "--end msg--"
LOGGED_MESSAGE = re.compile(
    r"(?P<way>RX|TX) \d+ bytes .*? (?:from|to) UDP (?P<peer>[^\s:]+:\d+):\r?\n"
    r"(?P<message>.*?)\n?--end msg--",
    re.DOTALL,
)
"""How pjsip logs each message that it receives or sends."""
CALL_ID = re.compile(r"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
TAG = re.compile(r";\s*tag\s*=\s*([^;,\s]+)", re.IGNORECASE)


class LoggedMessage(NamedTuple):
    """A SIP message, as the library logged it."""

    call_id: str
    direction: Direction
    text: str


class LineBook:
    """The lines of one trunk, and the facts that callbacks have put down for later."""

    ports: PortPool
    """The worker's, once the endpoint has started."""

    def __init__(
        self,
        exchange: Exchange,
        name: str,
        monotonic: Monotonic,
        bridge: Bridge,
        media: MediaSocket,
        wake: Callable[[], None],
    ) -> None:
        """Tell facts to `exchange`; `name` begins the names of inbound legs.

        `wake` is called from whatever thread puts something down.
        """
        self._media, self._wake = media, wake
        self._exchange, self._name, self._monotonic = exchange, name, monotonic
        self._bridge = bridge
        self._inbox: deque[Fact] = deque()
        self._lines: dict[str, Line] = {}
        self._by_call_id: dict[str, list[Line]] = {}
        """A bench that calls itself may have both ends of a call in one worker."""
        self._sequence = itertools.count(1)

    @property
    def busy(self) -> bool:
        """Tell whether there is any line."""
        return bool(self._lines)

    @property
    def expectant(self) -> bool:
        """Tell whether something may happen to any line that nobody tells of."""
        return any(line.expectant for line in self._lines.values())

    def put(self, fact: Fact) -> None:
        """Put something down that is to be done outside of a callback."""
        self._inbox.append(fact)
        self._wake()

    def open(self, leg: str, call_id: str) -> Line:
        """Open the line of a leg."""
        line = Line(
            leg, call_id, self._exchange, self._inbox, self._monotonic, self._bridge,
            self.ports, self._media,
        )  # fmt: skip
        self._lines[leg] = line
        self._by_call_id.setdefault(call_id, []).append(line)
        return line

    def open_inbound(self, invite: str) -> Line:
        """Open a line for a call that came in, and name its leg."""
        call_id = sip.header_value(invite, "Call-ID", "i")
        return self.open(f"{self._name}-{next(self._sequence)}", call_id)

    def offer(self, line: Line, invite: str, remote: str) -> None:
        """Offer a call that came in."""
        offered = functools.partial(
            self._exchange.offered,
            line.leg,
            line,
            sip_call_id=line.sip_call_id,
            remote=remote,
            request_uri=sip.request_uri(invite),
            caller=sip.bare_uri(sip.header_value(invite, "From", "f")),
            callee=sip.bare_uri(sip.header_value(invite, "To", "t")),
            headers=sip.context_headers(invite),
        )
        self.put(offered)
        line.see("received", invite)

    def takes_notify(self, request: str) -> bool:
        """Tell whether a NOTIFY is accepted: it tells of a transfer that is under way."""
        return any(line.dealings.takes_notify(request) for line in self._of(request))

    def takes_refer(self, request: str) -> bool:
        """Tell whether a REFER inside of a call is accepted."""
        return any(line.dealings.takes_refer(request) for line in self._of(request))

    def _of(self, request: str) -> Sequence[Line]:
        return self._by_call_id.get(sip.header_value(request, "Call-ID", "i"), ())

    def digit_by_info(self, request: str, digit: str) -> None:
        """Tell of a digit that came by INFO, once however often it is sent again."""
        call_id = sip.header_value(request, "Call-ID", "i")
        cseq = int(sip.header_value(request, "CSeq").partition(" ")[0])
        for line in self._meant(LoggedMessage(call_id, "received", request)):
            if line.last_info < cseq:
                line.last_info = cseq
                line.tell(self._exchange.digit_received, digit, "sip-info")

    def seen(self, logged: LoggedMessage) -> None:
        """Give a message to the line of its Call-ID."""
        lines = self._by_call_id.get(logged.call_id, [])
        if lines and logged.direction == "sent" and logged.text.startswith("INVITE "):
            lines[0].tag = lines[0].tag or own_tag(logged)
        for line in self._meant(logged):
            line.see(logged.direction, logged.text)

    def _meant(self, logged: LoggedMessage) -> Sequence[Line]:
        """Return the line that a message belongs to, in a list of one or none."""
        lines, own = self._by_call_id.get(logged.call_id, []), own_tag(logged)
        ours = [line for line in lines if line.tag == own]
        taken = [line for line in lines if not line.tag]  # of which we know no tag
        return (ours or taken)[:1]

    def step(self, calls_in_use: Callable[[], int]) -> None:
        """Hand over what was put down, follow the tapes and forget what is over."""
        self._hand_over()
        for line in self._lines.values():
            line.watch_tapes()
        self._clear(calls_in_use)
        self._hand_over()

    def _hand_over(self) -> None:
        while self._inbox:
            self._inbox.popleft()()

    def _clear(self, calls_in_use: Callable[[], int]) -> None:
        """Forget lines whose calls the library has forgotten; it only tells how many."""
        parting = [line for line in self._lines.values() if line.call is None]
        if not parting:
            return
        traces = calls_in_use() - (len(self._lines) - len(parting))
        for line in parting[: len(parting) - max(0, traces)]:
            line.vacated()
            if line.done:
                self._forget(line)

    def _forget(self, line: Line) -> None:
        del self._lines[line.leg]
        known = self._by_call_id[line.sip_call_id]
        known.remove(line)
        if not known:
            del self._by_call_id[line.sip_call_id]
        self.put(functools.partial(self._exchange.vacated, line.leg, line.sip_call_id))


def own_tag(logged: LoggedMessage) -> str:
    """Return the tag of our side of a dialog: we are From in our requests, To in others'."""
    is_request = not logged.text.startswith("SIP/2.0 ")
    ours_is_from = is_request == (logged.direction == "sent")
    named = ("From", "f") if ours_is_from else ("To", "t")
    tag = TAG.search(sip.header_value(logged.text, *named))
    return tag[1] if tag else ""


def logged_message(log: str) -> LoggedMessage | None:
    """Return the SIP message in a line that pjsip logged, if there is one."""
    logged = LOGGED_MESSAGE.search(log)
    if logged is None:
        return None
    text = sip.legible(logged["message"])
    call_id = CALL_ID.search(text)
    direction: Direction = "received" if logged["way"] == "RX" else "sent"
    return LoggedMessage(call_id[1] if call_id else "", direction, text)
