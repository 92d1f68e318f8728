"""The proxy without sockets: what goes where, for messages of the network and of workers."""

from collections import Counter

import pytest

from workbench.door.calls import LATE_S, Calls
from workbench.door.limits import DoorLimits, Limiter
from workbench.door.message import Message
from workbench.door.proxy import Failed, Proxy
from workbench.door.ways import INSIDE, LOOPBACK, Hop, Surface, Ways
from workbench.door.wire import CallTurnedAway, LineDenied, LineGiven, LineWanted

DOOR, CALLER = 5060, Hop(1, "192.0.2.7", 5070)
WORKER = Hop(INSIDE, LOOPBACK, 40001)
SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"


class Stage:
    """A proxy, what it sent and what it asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent: list[tuple[Message, Hop]] = []
        self.asked: list[LineWanted | CallTurnedAway] = []
        self.counts: Counter[str] = Counter()
        self.failing: str = ""
        self.ways = Ways()
        for surface in (
            Surface(INSIDE, "udp", LOOPBACK, 40000, takes_calls=False),
            Surface(1, "udp", "192.0.2.1", DOOR),
        ):
            self.ways.surfaces[surface.number] = surface
        self.calls = Calls(lambda: self.now)
        self.notices: list[str] = []
        limits = DoorLimits(
            calls_a_source=1, burst_a_source=3, calls=1, burst=5, messages_a_source=30
        )
        self.proxy = Proxy(
            self.ways, self.calls, send=self.send, ask=self.asked.append, count=self.count,
            limiter=Limiter(limits, lambda: self.now, self.notices.append),
        )  # fmt: skip
        self.proxy.worker_up("w1", WORKER.port)

    def send(self, data: bytes, hop: Hop, failed: Failed | None = None) -> None:
        if self.failing and failed is not None:
            failed(self.failing)
            return
        self.sent.append((Message.parse(data), hop))

    def count(self, what: str) -> None:
        self.counts[what] += 1

    def take(self, text: str, came: Hop = CALLER) -> None:
        self.proxy.from_network(wire(text), came)

    def let_in(self, text: str) -> Message:
        """Let an INVITE in and return it as the worker gets it."""
        self.take(text)
        wanted = self.asked.pop()
        assert isinstance(wanted, LineWanted)
        given = LineGiven(call_id=wanted.call_id, tag=wanted.tag, worker="w1")
        self.proxy.line_given(given)
        message, hop = self.sent.pop()
        assert hop == WORKER
        return message

    def respond(self, request: Message, code: int, tag: str = "w") -> None:
        """Let the worker respond to a request that it got."""
        lines = [f"SIP/2.0 {code} Whatever"]
        lines += [f"Via: {via}" for via in request.all("Via")]
        lines += [f"{name}: {request.first(name)}" for name in ("From", "Call-ID", "CSeq")]
        to = request.first("To") or ""
        lines += [f"To: {to}" if "tag=" in to else f"To: {to};tag={tag}", "", ""]
        self.proxy.from_worker("\r\n".join(lines).encode(), WORKER.port)

    def only(self) -> tuple[Message, Hop]:
        (sent,) = self.sent
        self.sent.clear()
        return sent


@pytest.fixture
def stage() -> Stage:
    return Stage()


def wire(text: str) -> bytes:
    head, _, body = text.lstrip("\n").partition("\n\n")
    lines = [*head.rstrip("\n").split("\n"), f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def request(
    method: str, *, uri: str = "sip:bob@192.0.2.1", to_tag: str = "", cseq: int = 1,
    branch: str = "z9hG4bKa", extra: str = "", tag: str = "f",
) -> str:  # fmt: skip
    tagged = f";tag={to_tag}" if to_tag else ""
    body = f"Content-Type: application/sdp\n\n{SDP}" if method == "INVITE" else ""
    return (
        f"{method} {uri} SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.1:5070;branch={branch};rport\n"
        f"From: <sip:a@192.0.2.7>;tag={tag}\nTo: <sip:bob@192.0.2.1>{tagged}\nCall-ID: c1\n"
        f"CSeq: {cseq} {method}\n"
        f"Contact: <sip:a@192.0.2.7:5070>\nMax-Forwards: 70\n{extra}{body}"
    )


def outbound(method: str = "INVITE", *, extra: str = "") -> str:
    return (
        f"{method} sip:b@198.51.100.9 SIP/2.0\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{WORKER.port};rport;branch=z9hG4bKw\n"
        f"From: <sip:w@192.0.2.1>;tag=own\nTo: <sip:b@198.51.100.9>\nCall-ID: c2\n"
        f"CSeq: 7 {method}\nContact: <sip:w@127.0.0.1:{WORKER.port}>\nMax-Forwards: 70\n"
        f"Route: <sip:127.0.0.1:40000;lr>\n{extra}"
    )


def test_an_invite_reaches_the_worker_that_has_a_line(stage: Stage) -> None:
    got = stage.let_in(request("INVITE"))
    assert got.values("Record-Route") == ["<sip:127.0.0.1:40000;lr>", "<sip:192.0.2.1:5060;lr>"]
    assert got.first("Max-Forwards") == "69"
    ours, theirs = got.values("Via")
    assert ours.startswith("SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK")
    assert theirs == ("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKa;received=192.0.2.7;rport=5070")


def test_a_response_goes_back_to_where_the_request_came_from(stage: Stage) -> None:
    stage.respond(stage.let_in(request("INVITE")), 180)
    response, hop = stage.only()
    assert (response.code, hop) == (180, CALLER)
    assert len(response.values("Via")) == 1


def test_a_repeated_invite_goes_the_same_way(stage: Stage) -> None:
    first = stage.let_in(request("INVITE"))
    stage.take(request("INVITE"))
    again, hop = stage.only()
    assert (again.serialize(), hop) == (first.serialize(), WORKER)
    assert not stage.asked


def test_a_repeated_invite_waits_with_the_first(stage: Stage) -> None:
    stage.take(request("INVITE"))
    stage.take(request("INVITE"))
    assert len(stage.asked) == 1
    assert not stage.sent


def test_the_same_invite_by_another_way_is_a_loop(stage: Stage) -> None:
    stage.let_in(request("INVITE"))
    stage.take(request("INVITE", branch="z9hG4bKother"))
    assert stage.only()[0].code == 482


def test_an_invite_without_a_line_is_told_when_to_come_again(stage: Stage) -> None:
    stage.take(request("INVITE"))
    stage.proxy.line_denied(LineDenied(call_id="c1", tag="f", retry_after_s=5))
    response, hop = stage.only()
    assert (response.code, response.first("Retry-After"), hop) == (503, "5", CALLER)
    stage.take(request("ACK", to_tag=response.to_tag or ""))
    assert not stage.sent


@pytest.mark.parametrize("method", ["CANCEL", "ACK"])
def test_what_ends_an_invite_follows_it(stage: Stage, method: str) -> None:
    invite = stage.let_in(request("INVITE"))
    stage.take(request(method, to_tag="" if method == "CANCEL" else "w"))
    follower, hop = stage.only()
    assert hop == WORKER
    assert follower.top_via.branch == invite.top_via.branch


def test_a_call_is_cancelled_while_it_waits(stage: Stage) -> None:
    stage.take(request("INVITE"))
    stage.take(request("CANCEL"))
    codes = [message.code for message, _ in stage.sent]
    assert codes == [200, 487]
    assert isinstance(stage.asked[-1], CallTurnedAway)


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE", "PRACK", "NOTIFY", "CANCEL"])
def test_what_belongs_to_no_call_is_told_so(stage: Stage, method: str) -> None:
    stage.take(request(method))
    assert stage.only()[0].code == 481


def test_a_forged_ack_goes_nowhere(stage: Stage) -> None:
    stage.let_in(request("INVITE"))
    stage.take(request("ACK", branch="z9hG4bKx"))
    assert not stage.sent


def test_a_dialog_is_found_by_its_target_alone(stage: Stage) -> None:
    target = f"sip:w@127.0.0.1:{WORKER.port}"
    routes = "Route: <sip:192.0.2.1:5060;lr>, <sip:127.0.0.1:40000;lr>\n"
    stage.take(request("BYE", uri=target, to_tag="w", extra=routes))
    bye, hop = stage.only()
    assert hop == WORKER
    assert not bye.all("Route")


def test_a_target_that_is_no_worker_is_not_reached(stage: Stage) -> None:
    stage.take(request("BYE", uri="sip:w@127.0.0.1:22", to_tag="w"))
    response, hop = stage.only()
    assert (response.code, hop) == (481, CALLER)


def test_options_tell_the_same_of_everybody(stage: Stage) -> None:
    stage.take(request("OPTIONS"))
    stage.take(request("OPTIONS", uri="sip:nobody@192.0.2.1"))
    (first, _), (second, _) = stage.sent
    assert first.code == 200
    assert first.serialize() == second.serialize()


def test_a_call_that_a_worker_places_goes_out(stage: Stage) -> None:
    stage.proxy.from_worker(wire(outbound()), WORKER.port)
    invite, hop = stage.only()
    assert hop == Hop(1, "198.51.100.9", 5060)
    assert not invite.all("Route")
    assert invite.values("Record-Route") == [
        "<sip:192.0.2.1:5060;lr>",
        "<sip:127.0.0.1:40000;lr>",
    ]
    assert invite.top_via.sent_by == "192.0.2.1:5060"


def answer(invite: Message, code: int = 200, extra: str = "") -> str:
    vias = "".join(f"Via: {via}\n" for via in invite.values("Via"))
    return (
        f"SIP/2.0 {code} OK\n{vias}From: {invite.first('From')}\n"
        f"To: {invite.first('To')};tag=b\n"
        f"Call-ID: c2\nCSeq: 7 INVITE\n{extra}"
    )


@pytest.mark.parametrize("method", ["CANCEL", "ACK"])
def test_what_follows_an_invite_leaves_from_where_it_left(stage: Stage, method: str) -> None:
    stage.proxy.from_worker(wire(outbound()), WORKER.port)
    invite, hop = stage.only()
    # An address that calls come in at is preferred, but this one came too late.
    stage.ways.surfaces[1] = Surface(1, "udp", "192.0.2.1", DOOR, takes_calls=False)
    stage.ways.surfaces[2] = Surface(2, "udp", "192.0.2.1", 5062)
    stage.proxy.from_worker(wire(outbound(method)), WORKER.port)
    follower, same = stage.only()
    assert (same, follower.top_via.sent_by) == (hop, invite.top_via.sent_by)
    assert follower.top_via.branch == invite.top_via.branch


def test_a_response_from_the_network_reaches_the_worker_that_asked(stage: Stage) -> None:
    stage.proxy.from_worker(wire(outbound()), WORKER.port)
    invite, _ = stage.only()
    routes = "".join(f"Service-Route: <sip:{number}.example;lr>\n" for number in range(4))
    stage.take(answer(invite, extra=routes))
    response, hop = stage.only()
    assert (response.code, hop) == (200, WORKER)
    assert len(response.values("Via")) == 1


def test_a_callee_without_record_route_is_reached_through_us(stage: Stage) -> None:
    stage.proxy.from_worker(wire(outbound()), WORKER.port)
    invite, _ = stage.only()
    stage.take(answer(invite, extra="Contact: <sip:b@198.51.100.9;transport=tcp>\n"))
    response, _ = stage.only()
    routes = ["<sip:192.0.2.1:5060;lr>", "<sip:127.0.0.1:40000;lr>"]
    assert response.values("Record-Route") == routes


def test_a_forged_response_reaches_nobody(stage: Stage) -> None:
    stage.proxy.from_worker(wire(outbound()), WORKER.port)
    invite, _ = stage.only()
    stage.take(answer(invite).replace("branch=z9hG4bKw", "branch=z9hG4bKother"))
    stage.take(answer(invite).replace("192.0.2.1:5060", "192.0.2.9:5060"))
    assert not stage.sent
    assert stage.counts["dropped"] == 2


def test_a_dialog_that_we_began_is_found_without_its_route(stage: Stage) -> None:
    stage.proxy.from_worker(wire(outbound()), WORKER.port)
    stage.sent.clear()
    bye = request("BYE", to_tag="own", tag="b").replace("Call-ID: c1", "Call-ID: c2")
    stage.take(bye)
    assert stage.only()[1] == WORKER


def test_a_next_hop_out_of_reach_is_told_to_the_worker(stage: Stage) -> None:
    stage.failing = "Network is unreachable"
    stage.proxy.from_worker(wire(outbound()), WORKER.port)
    response, hop = stage.only()
    assert (response.code, hop) == (503, WORKER)
    assert response.start == "SIP/2.0 503 Network is unreachable"


def test_a_strict_router_gets_the_target_as_its_last_route(stage: Stage) -> None:
    old = "Route: <sip:10.1.1.1>\n"
    stage.proxy.from_worker(wire(outbound("BYE", extra=old)), WORKER.port)
    bye, hop = stage.only()
    assert bye.uri == "sip:10.1.1.1"
    assert bye.values("Route") == ["<sip:b@198.51.100.9>"]
    assert hop.host == "10.1.1.1"


def test_what_a_worker_says_before_it_is_known_is_kept(stage: Stage) -> None:
    stage.proxy.from_worker(wire(outbound()).replace(b"40001", b"40002"), 40002)
    assert not stage.sent
    stage.proxy.worker_up("w2", 40002)
    assert stage.only()[1].host == "198.51.100.9"


def test_a_worker_that_is_gone_has_no_dialogs(stage: Stage) -> None:
    stage.let_in(request("INVITE"))
    stage.ways.remove_worker("w1")
    stage.calls.lost("w1")
    stage.take(request("BYE", to_tag="w", cseq=2))
    assert stage.only()[0].code == 481


def test_a_call_that_is_over_is_forgotten_in_time(stage: Stage) -> None:
    stage.let_in(request("INVITE"))
    stage.calls.over("c1", "w1")
    stage.now = LATE_S - 1
    stage.calls.sweep()
    assert len(stage.calls) == 1
    stage.now = LATE_S
    stage.calls.sweep()
    assert not len(stage.calls)


def test_a_refusal_gives_the_line_back(stage: Stage) -> None:
    stage.respond(stage.let_in(request("INVITE")), 488)
    assert stage.asked == [CallTurnedAway(call_id="c1", tag="f")]


def call(number: int) -> str:
    return request("INVITE").replace("Call-ID: c1", f"Call-ID: n{number}")


def test_a_caller_who_floods_is_refused_and_no_other(stage: Stage) -> None:
    for number in range(4):
        stage.take(call(number))
    refused, hop = stage.only()
    assert (refused.code, refused.first("Retry-After"), hop) == (503, "2", CALLER)
    stage.take(call(9), Hop(1, "192.0.2.8", 5070))
    assert len(stage.asked) == 4
    assert stage.counts["limited"] == 1
    stage.now = 1.0
    stage.take(call(5))
    assert len(stage.asked) == 5


def test_all_callers_together_are_limited(stage: Stage) -> None:
    for number in range(6):
        stage.take(call(number), Hop(1, f"192.0.2.{number + 10}", 5070))
    assert len(stage.asked) == 5
    assert stage.only()[0].code == 503


def test_a_flood_is_told_once_a_minute(stage: Stage) -> None:
    for _ in range(50):
        stage.take(request("OPTIONS"))
    assert len(stage.sent) == 30
    assert stage.counts["flooded"] == 20
    assert stage.notices == [
        "192.0.2.7 sends more messages than are read; the rest is refused or dropped."
    ]
    stage.now = 60.0
    for _ in range(50):
        stage.take(request("OPTIONS"))
    assert len(stage.notices) == 2


def test_offers_within_a_call_are_limited(stage: Stage) -> None:
    stage.let_in(request("INVITE"))
    for number in range(6):
        stage.take(request("INVITE", to_tag="w", cseq=2 + number, branch=f"z9hG4bK{number}"))
    assert [hop for _, hop in stage.sent] == [WORKER] * 5 + [CALLER]
    assert stage.sent[-1][0].code == 500


def test_an_offer_of_many_streams_within_a_call_is_refused(stage: Stage) -> None:
    stage.let_in(request("INVITE"))
    more = request("INVITE", to_tag="w", cseq=2) + "m=audio 9 RTP/AVP 0\r\n" * 2
    stage.take(more)
    assert stage.only()[0].code == 500
