"""The stateless proxy between the network and the workers (RFC 3261, section 16.11).

Whatever comes from the network was screened; it may only reach a worker that we know. What
comes from a worker goes out to where it says. No I/O here: messages come in by `from_network`
and `from_worker`, and go out by `send`.
"""

from collections.abc import Callable
from typing import Protocol

from workbench.door import edits
from workbench.door.calls import Calls, Entry
from workbench.door.limits import Limiter
from workbench.door.message import Message, SipUri, Via
from workbench.door.screen import Answered, Passed, reply, screen
from workbench.door.syntax import ALLOWED
from workbench.door.ways import INSIDE, LOOPBACK, Hop, Surface, Ways, came_by, default_port
from workbench.door.wire import CallTurnedAway, LineDenied, LineGiven, LineWanted

ACCEPTED = {
    "Allow": ", ".join(ALLOWED), "Accept": "application/sdp", "Accept-Encoding": "identity",
    "Accept-Language": "en", "Supported": "100rel, timer, replaces",
}  # fmt: skip
"""What OPTIONS tells (section 11.2), the same whoever is asked for."""

MOST_EARLY = 64
MOST_STREAMS_WITHIN = 2
"""Of an offer within a call: audio, and one that is declined."""
LIMITED_RETRY_S = 2

Failed = Callable[[str], None]
"""Called with the reason when a message cannot be sent."""


class Send(Protocol):
    """Sends a message to a hop."""

    def __call__(self, data: bytes, hop: Hop, failed: Failed | None = None) -> None:
        """Send, and call `failed` if that is known not to work."""


class Proxy:
    """Messages in, messages out."""

    def __init__(
        self,
        ways: Ways,
        calls: Calls,
        *,
        send: Send,
        ask: Callable[[LineWanted | CallTurnedAway], None],
        count: Callable[[str], None],
        limiter: Limiter,
    ) -> None:
        """Send by `send`, ask the pool for lines by `ask`."""
        self.limiter = limiter
        self._ways, self._calls = ways, calls
        self._send, self._ask, self._count = send, ask, count
        self._early: list[tuple[bytes, int]] = []
        """From ports that are not known as workers yet: word of them comes by another way."""

    # -- from the network --------------------------------------------------------------------

    def from_network(self, raw: bytes, came: Hop) -> None:
        """Take one message from a socket that the network reaches."""
        if not self.limiter.takes_message(came.host):
            self._count("flooded")
            return
        surface = self._ways.surfaces[came.surface]
        verdict = screen(raw, transport=surface.transport)
        if isinstance(verdict, Answered):
            self._refuse_malformed(verdict, came)
        elif not isinstance(verdict, Passed):
            self._count("dropped")
        elif verdict.message.is_request:
            edits.mark_source(verdict.message, came.host, came.port)
            self._request(verdict.message, came)
        else:
            self._response_from_network(verdict.message)

    def _refuse_malformed(self, verdict: Answered, came: Hop) -> None:
        self._count("refused")
        message = verdict.message
        via = Via.parse(next(iter(message.values("Via")), ""))
        if via is not None:
            edits.mark_source(message, came.host, came.port)
        self._send(verdict.written(), came)

    def _request(self, message: Message, came: Hop) -> None:
        # We are where the route ends: a UAS has no use for it, and we relay for nobody.
        message.remove("Route")
        if message.to_tag is not None:
            self._within_a_dialog(message, came)
        elif message.method == "INVITE":
            self._invite(message, came)
        elif message.method == "CANCEL":
            self._cancel(message, came)
        elif message.method == "OPTIONS":
            self._answer(message, came, 200, ACCEPTED)
        elif message.method == "REFER":
            self._answer(message, came, 603)
        elif message.method == "ACK":
            self._count("dropped")  # pjsip aborts on one without a tag
        else:
            self._answer(message, came, 481)

    def _within_a_dialog(self, message: Message, came: Hop) -> None:
        worker = self._ways.worker_at(message.uri) or self._calls.find(message)
        if worker is not None and self._is_offer(message) and not self._bears(message, worker):
            self._answer(message, came, 500, {"Retry-After": "1"})  # section 14.2
        elif worker is not None:
            self._to_worker(message, came, worker)
        elif message.method != "ACK":
            self._answer(message, came, 481)

    def _is_offer(self, message: Message) -> bool:
        return message.method in ("INVITE", "UPDATE")

    def _bears(self, message: Message, worker: str) -> bool:
        """Tell whether a worker can bear an offer within a call, which may cost it sockets."""
        return streams(message) <= MOST_STREAMS_WITHIN and self.limiter.takes_offer(worker)

    def _cancel(self, message: Message, came: Hop) -> None:
        entry = self._calls.get(message.call_id, message.from_tag)
        if entry is None:
            self._answer(message, came, 481)
        elif entry.invite is not None:
            self._answer(message, came, 200)
            self._refuse_waiting(entry, entry.invite, 487)
        else:
            self._to_worker(message, came, entry.worker)

    def _invite(self, message: Message, came: Hop) -> None:
        entry = self._calls.get(message.call_id, message.from_tag)
        if entry is not None and entry.is_repeated(message):
            if entry.invite is None:
                self._to_worker(message, came, entry.worker)
        elif entry is not None and entry.is_merged(message):
            self._answer(message, came, 482)
        elif not self._ways.surfaces[came.surface].takes_calls:
            self._answer(message, came, 480)
        elif not self.limiter.takes_call(came.host):
            self._count("limited")
            self._answer(message, came, 503, {"Retry-After": str(LIMITED_RETRY_S)})
        else:
            self._new_call(message, came)

    def _new_call(self, message: Message, came: Hop) -> None:
        replaced = (message.first("Replaces") or "").partition(";")[0].strip()
        instead_of = self._calls.worker_of(replaced)
        if replaced and not instead_of:
            self._answer(message, came, 481)
            return
        self._count("invites")
        placed_by = self._calls.worker_of(message.call_id)
        self._calls.open(message, came)
        self._ask(
            LineWanted(
                call_id=message.call_id, tag=message.from_tag or "",
                host=self._ways.surfaces[came.surface].host, streams=streams(message),
                instead_of=instead_of, placed_by=placed_by,
            )
        )  # fmt: skip

    def line_given(self, order: LineGiven) -> None:
        """Let a call in that has a line now."""
        entry = self._calls.place(order.call_id, order.tag, order.worker)
        invite, entry.invite = entry.invite, None
        if invite is not None and entry.came is not None:
            self._to_worker(invite, entry.came, order.worker)

    def line_denied(self, order: LineDenied) -> None:
        """Refuse a call for which there is no line."""
        entry = self._calls.get(order.call_id, order.tag)
        if entry is not None and entry.invite is not None:
            self._count("full")
            headers = {"Retry-After": str(order.retry_after_s)}
            self._refuse_waiting(entry, entry.invite, 503, headers)

    def _refuse_waiting(
        self, entry: Entry, invite: Message, code: int, headers: dict[str, str] | None = None
    ) -> None:
        self._calls.drop(invite.call_id, invite.from_tag or "")
        self._ask(CallTurnedAway(call_id=invite.call_id, tag=invite.from_tag or ""))
        if entry.came is not None:
            self._send(reply(invite, code, headers=headers), entry.came)

    def _answer(
        self, message: Message, came: Hop, code: int, headers: dict[str, str] | None = None
    ) -> None:
        self._count("answered" if code < 300 else "refused")
        self._send(reply(message, code, headers=headers), came)

    def _to_worker(self, message: Message, came: Hop, worker: str) -> None:
        port = self._ways.ports.get(worker)
        if port is None:
            if message.method != "ACK":
                self._answer(message, came, 481)
            return
        inside = self._ways.inside
        surface = self._ways.surfaces[came.surface]
        branch = self._ways.branch(message, came)
        edits.count_hop(message)
        if message.method == "INVITE" and message.to_tag is None:
            message.prepend("Record-Route", surface.route(came.host))
            message.prepend("Record-Route", inside.route(LOOPBACK))
        edits.push_via(message, "udp", inside.shown(LOOPBACK), branch)
        self._send(message.serialize(), Hop(INSIDE, LOOPBACK, port))

    def _response_from_network(self, message: Message) -> None:
        """Give a response to the worker that asked, if one did."""
        via = message.top_via
        surface = self._ways.own(via.host, via.port or 0, via.transport)
        below = edits.pop_via(message) if surface is not None else None
        if below is None or not self._ways.is_ours(via.branch, below):
            self._count("dropped")
            return
        worker = self._ways.workers.get(below.port or 0)
        if below.host != LOOPBACK or worker is None:
            self._count("dropped")
            return
        if message.cseq_method == "INVITE" and 100 < message.code < 300:
            self._keep_on_route(message, surface)
        self._send(message.serialize(), Hop(INSIDE, LOOPBACK, below.port or 0))

    def _keep_on_route(self, message: Message, surface: Surface | None) -> None:
        """Put back the Record-Route that a callee has left out.

        Else a worker would send its ACK to whatever the Contact says, by itself; pjsip aborts
        when that asks for a transport that it does not have.
        """
        inside = self._ways.inside.route(LOOPBACK)
        if surface is not None and inside not in message.values("Record-Route"):
            outside = surface.route(message.top_via.host)
            message.headers += [("Record-Route", outside), ("Record-Route", inside)]
            message.forget()

    # -- from a worker -----------------------------------------------------------------------

    def from_worker(self, raw: bytes, port: int) -> None:
        """Take one message from a worker that we know."""
        worker = self._ways.workers.get(port)
        if worker is None:
            if len(self._early) < MOST_EARLY:
                self._early.append((raw, port))
            return
        message = Message.parse(raw)
        if message.is_request:
            self._out(message, worker, port)
        else:
            self._response_from_worker(message)

    def worker_up(self, name: str, port: int) -> None:
        """Let a worker take part, also with what it said before we knew it."""
        self._ways.add_worker(name, port)
        early, self._early = self._early, []
        for raw, sender in early:
            self.from_worker(raw, sender)

    def _response_from_worker(self, message: Message) -> None:
        branch = message.top_via.branch
        below = edits.pop_via(message)
        if below is None:
            return
        if message.code >= 300 and message.cseq_method == "INVITE":
            self._turned_away(message)
        surface, connection = came_by(branch)
        host, port = below.params.get("received", ""), below.params.get("rport", "")
        if connection and below.port is not None:
            port = str(below.port)  # a connection that is gone is opened anew (18.2.2)
        if surface in self._ways.surfaces and host and port.isdigit():
            self._send(message.serialize(), Hop(surface, host, int(port), connection))

    def _turned_away(self, message: Message) -> None:
        entry = self._calls.get(message.call_id, message.from_tag)
        if entry is not None and entry.cseq == message.cseq_number:
            tag = message.from_tag or ""
            self._ask(CallTurnedAway(call_id=message.call_id, tag=tag))

    def _out(self, message: Message, worker: str, port: int) -> None:
        """Send a worker's request to its target (section 16.6)."""
        back = Hop(INSIDE, LOOPBACK, port)
        home = self._pop_own_routes(message)
        home = home or self._ways.surfaces.get(self._calls.left_from(message))
        target = self._target(message)
        if target is None:
            self._fail(message, back, "The next hop cannot be read")
            return
        transport = target.transport or "udp"
        surface = self._ways.way_out(transport, home)
        if surface is None:
            self._fail(message, back, f"No {transport.upper()} here")
            return
        asked = message.copy()
        branch = self._ways.branch(message, back)
        edits.count_hop(message)
        if message.method == "INVITE" and message.to_tag is None:
            self._calls.dialled(message, worker, surface.number)
            message.prepend("Record-Route", self._ways.inside.route(LOOPBACK))
            message.prepend("Record-Route", surface.route(target.host))
        edits.push_via(message, transport, surface.shown(target.host), branch)
        hop = Hop(surface.number, target.host, target.port or default_port(transport))
        self._send(message.serialize(), hop, lambda why: self._fail(asked, back, why))

    def _pop_own_routes(self, message: Message) -> Surface | None:
        """Take our two Routes away; return the surface on which the dialog is at home.

        No more than two (RFC 5658): the next of ours stands for another way through here,
        when a bench has called itself.
        """
        home: Surface | None = None
        for is_home in (False, True):
            routes = message.values("Route")
            surface = self._ways.own_route(routes[0]) if routes else None
            if surface is None or (surface.number != INSIDE) != is_home:
                return None
            edits.pop_route(message)
            home = surface
        return home

    def _target(self, message: Message) -> SipUri | None:
        routes = message.values("Route")
        if not routes:
            return SipUri.parse(message.uri)
        route = SipUri.parse(routes[0].partition("<")[2].partition(">")[0])
        if route is not None and route.params.endswith(";hidden"):
            edits.pop_route(message)  # only to find the way; pjsip would send no `;hide`
            return route
        if route is not None and ";lr" not in route.params.lower():
            edits.pop_route(message)  # a strict router: section 16.6, step 6
            message.headers.append(("Route", f"<{message.uri}>"))
            message.uri = f"{routes[0].partition('<')[2].partition('>')[0]}"
        return route

    def _fail(self, message: Message, back: Hop, why: str) -> None:
        """Tell a worker that its request could not be sent (section 16.9)."""
        if message.method != "ACK":
            self._send(reply(message, 503, reason=why), back)


def streams(message: Message) -> int:
    """Return how many media streams an INVITE offers; one when it leaves the offer to us."""
    return max(1, message.body.count(b"\nm=") + message.body.startswith(b"m="))
