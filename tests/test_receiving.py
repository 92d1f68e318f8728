"""How a bench takes calls: routes and accounts, on a simulated engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench import Account, CallControl, Registration, Workbench, flow
from workbench import events as ev
from workbench.clock import EPOCH, SystemClock
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import InvalidInput

ALICE = Account(uri="sip:alice@pbx.example", password="secret")
TRUNK = Account(uri="sip:trunk@carrier.example", register=False, peers=["192.0.2.0/24"])


@flow
async def general(call: CallControl) -> None:
    await call.answer()


@flow
async def personal(call: CallControl) -> None:
    await call.answer()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    engine = Loopback(SystemClock(), {"challenger": FarEnd(refuses_with=407)})
    with Workbench(tmp_path, engine=engine, accounts=[ALICE, TRUNK]) as bench:
        yield bench


def offered(request_uri: str, remote: str = "198.51.100.9:5060") -> ev.Offered:
    return ev.Offered(
        call_id="CA01", version=1, at=EPOCH, leg="l", from_="sip:a@x", to="sip:100@x",
        request_uri=request_uri, remote=remote,
    )  # fmt: skip


def state(bench: Workbench, account: Account) -> str:
    return bench.accounts[account.uri].state


@pytest.mark.parametrize("first", ["listen", "route"])
def test_accounts_register_when_their_calls_can_be_taken(bench: Workbench, first: str) -> None:
    assert state(bench, ALICE) == "known"
    for step in ("listen", "route") if first == "listen" else ("route", "listen"):
        assert state(bench, ALICE) == "known"
        if step == "listen":
            bench.listen()
        else:
            bench.route("any", general)
    assert (state(bench, ALICE), state(bench, TRUNK)) == ("registered", "known")


def test_an_account_is_registered_and_taken_back_when_asked(bench: Workbench) -> None:
    standing = bench.register(Account(uri="sip:bob@pbx.example"))
    assert isinstance(standing, Registration)
    assert (standing.state, standing.uri) == ("registered", "sip:bob@pbx.example")
    bench.unregister("sip:bob@pbx.example")
    assert bench.accounts["sip:bob@pbx.example"].state == "unregistered"


@pytest.mark.parametrize(
    ("request_uri", "remote", "taker"),
    [
        ("sip:alice@192.0.2.2:5060", "198.51.100.9:5060", personal),
        ("sip:bob@192.0.2.2:5060", "198.51.100.9:5060", None),
        ("sip:bob@192.0.2.2:5060", "192.0.2.77:5060", general),
        ("sip:bob@192.0.2.2:5060", "loopback", None),
    ],
)
def test_routes_of_accounts_take_only_their_calls(
    bench: Workbench, request_uri: str, remote: str, taker: object
) -> None:
    bench.route("any", general, account=TRUNK)
    bench.route("any", personal, account=ALICE.uri)
    assert bench._running().runner.route(offered(request_uri, remote)) is taker


def test_a_call_with_an_account_shows_it_and_completes_a_number(bench: Workbench) -> None:
    bench.answer(general)
    call = bench.dial("100", account=ALICE)
    placed = call.history[0]
    assert isinstance(placed, ev.Placed)
    assert (placed.to, placed.from_) == ("sip:100@pbx.example", ALICE.uri)
    assert placed.account == ALICE.uri


def test_refused_credentials_are_told_with_the_account(bench: Workbench) -> None:
    call = bench.dial("sip:challenger@loopback", account=ALICE).wait()
    assert call.ended is not None
    assert (call.ended.status, call.ended.sip_code) == ("failed", 407)
    assert f"the credentials of the account {ALICE.uri} were not accepted" in call.ended.reason


def test_an_account_that_is_not_there_is_refused(bench: Workbench, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no account of this bench, which has sip:alice"):
        bench.dial("100", account="sip:nobody@pbx.example")
    with pytest.raises(InvalidInput, match="such as `Account"):
        Workbench(tmp_path / "b", accounts=["sip:alice@pbx.example"])  # type: ignore[list-item]
    with pytest.raises(InvalidInput, match="is given twice"):
        Workbench(tmp_path / "c", accounts=[ALICE, ALICE])
