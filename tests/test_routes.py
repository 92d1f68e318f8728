"""Routes: the most specific pattern that matches the callee takes a call."""

from pathlib import Path

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.clock import EPOCH
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput
from workbench.flow import Flow, flow
from workbench.replay import replay
from workbench.routes import Routes


def named(name: str) -> Flow:
    async def take(call: CallControl) -> None:
        await call.answer()
        await call.hangup()

    return flow(name=name)(take)


def offered(to: str, *, called: str = "", request_uri: str = "") -> ev.Offered:
    return ev.Offered(
        call_id="CA01", version=1, at=EPOCH, leg="l", from_="sip:a@x", to=to,
        called_number=called, request_uri=request_uri,
    )  # fmt: skip


PATTERNS = ("any", "1*", "10*", "100", "sales", "+4930*", "+4930123456", "*97", "+49-30-77*")


def taker(event: ev.Offered, patterns: tuple[str, ...] = PATTERNS, region: str = "") -> str:
    routes = Routes(region)
    for pattern in patterns:
        routes.add(pattern, named(pattern))
    found = routes.flow_for(event)
    return found.name if found else ""


@pytest.mark.parametrize(
    ("to", "pattern"),
    [
        ("sip:100@x", "100"),
        ("sip:101@x", "10*"),
        ("sip:1@x", "1*"),
        ("sip:200@x", "any"),
        ("sip:sales@x;transport=udp", "sales"),
        ("sip:Sales@x", "any"),
        ("sip:%73ales@x", "sales"),
        ("sip:+4930123456@x;user=phone", "+4930123456"),
        ("sip:+49-30-123456@x", "+4930123456"),
        ("sip:+4930999999@x", "+4930*"),
        ("sip:+4930771234@x", "+49-30-77*"),
        ("sip:*97@x", "*97"),
        ("tel:+4930123456", "+4930123456"),
        ("sip:x", "any"),
        ("", "any"),
    ],
)
def test_the_most_specific_pattern_wins_in_whatever_order_they_came(
    to: str, pattern: str
) -> None:
    assert taker(offered(to)) == pattern
    assert taker(offered(to), PATTERNS[::-1]) == pattern


def test_a_number_is_known_however_the_network_writes_it() -> None:
    assert taker(offered("sip:030123456@x"), region="DE") == "+4930123456"
    assert taker(offered("sip:x@x", called="+4930123456")) == "+4930123456"
    assert taker(offered("sip:x@x", request_uri="sip:100@192.0.2.1:5060")) == "100"


def test_a_route_that_is_given_again_is_replaced() -> None:
    routes = Routes()
    routes.add("100", named("first"))
    routes.add("100", named("second"))
    (only,) = routes
    assert only.flow.name == "second"


def test_without_a_route_that_matches_nobody_takes_the_call() -> None:
    assert not taker(offered("sip:200@x"), ("100", "1*"))


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("", "as text"),
        (5, "as text"),
        ("*", 'is written "any"'),
        ("1*0", r"only a \* at the end"),
        ("sip:100@x", "only the user part"),
        ("100@x", "only the user part"),
        ("+49 30", "cannot be used"),
        ("1?", "cannot be used"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str, remedy: str) -> None:
    with pytest.raises(InvalidInput, match=remedy):
        Routes().add(pattern, named("x"))


@pytest.mark.anyio
async def test_each_number_has_its_flow_and_no_number_is_told_from_another(
    tmp_path: Path,
) -> None:
    async with Simulation(tmp_path) as simulation:
        routes = Routes()
        routes.add("100", one := named("one"))
        simulation.runner.route = routes.flow_for
        for callee in ("sip:100@loopback", "sip:101@loopback", "sip:nobody@loopback"):
            simulation.engine.offer(FarEnd(), callee=callee)
        histories = await simulation.until_closed(3)
    endings = {history[0].to: history[-1] for history in histories}  # type: ignore[attr-defined]
    taken = next(history for history in histories if "100@" in history[0].to)  # type: ignore[attr-defined]
    assert replay(taken, one).equal
    assert isinstance(taken[0], ev.Offered)
    assert taken[0].request_uri == "sip:100@loopback"
    refusals = {
        (ended.sip_code, ended.reason)
        for to, ended in endings.items()
        if "100@" not in to and isinstance(ended, ev.Ended)
    }
    assert refusals == {(480, "rejected")}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
