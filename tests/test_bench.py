"""The bench as a person uses it, on a simulated engine: what it takes and what it refuses."""

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.hostile import check_harmless
from workbench import events as ev
from workbench.bench import Workbench
from workbench.clock import EPOCH, SystemClock
from workbench.control import CallControl
from workbench.engine.account import Account
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import (
    AddressInUse,
    InvalidAddress,
    InvalidFlow,
    InvalidHeader,
    InvalidInput,
    NotAllowedNow,
    StoreFull,
    WorkbenchError,
)
from workbench.flow import flow


class Ports(Loopback):
    """A simulation in which an address can be listened at only once."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), {"bob": FarEnd(), "silent": FarEnd(responds=False)})
        self.taken: list[tuple[str, int]] = []

    async def listen(self, host: str, port: int, transport: str = "udp") -> tuple[str, int]:
        if (host, port) in self.taken:
            message = f"The address {host}:{port} is taken."
            raise AddressInUse(message)
        at = await super().listen(host, port)
        self.taken.append(at)
        return at


@flow
async def first(call: CallControl) -> None:
    await call.reject()


@flow
async def second(call: CallControl) -> None:
    await call.hangup()


@pytest.fixture
def engine() -> Ports:
    return Ports()


@pytest.fixture
def bench(tmp_path: Path, engine: Ports) -> Iterator[Workbench]:
    with Workbench(tmp_path / "store", engine=engine) as bench:
        yield bench


@pytest.mark.parametrize(
    ("error", "ask"),
    [
        (InvalidAddress, lambda bench: bench.dial(None)),
        (InvalidAddress, lambda bench: bench.dial("sip:bob@loopback", from_=5060)),
        (InvalidHeader, lambda bench: bench.dial("sip:bob@loopback", headers=[("X-A", "1")])),
        (InvalidHeader, lambda bench: bench.dial("sip:bob@loopback", headers={"X-A": 1})),
        (InvalidHeader, lambda bench: bench.dial("sip:bob@loopback", headers={1: "X-A"})),
        (InvalidFlow, lambda bench: bench.dial("sip:bob@loopback", flow=first(cast("Any", 0)))),
        (InvalidAddress, lambda bench: bench.answer(first, listen=5060)),
        (InvalidAddress, lambda bench: bench.answer(first, listen=("127.0.0.1", 1))),
        (InvalidInput, lambda bench: bench.call(None)),
        (InvalidInput, lambda bench: bench.replay(3, first)),
        (InvalidFlow, lambda bench: bench.replay(first, bench)),
        (InvalidInput, lambda _: Workbench(cast("Any", 5))),
        (InvalidInput, lambda _: Workbench(sounds=cast("Any", 5))),
        (InvalidInput, lambda _: Workbench(host=cast("Any", 5))),
        (InvalidFlow, lambda _: flow(functools.partial(second.function))),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    bench: Workbench, error: type[WorkbenchError], ask: Callable[[Workbench], Any]
) -> None:
    with pytest.raises(error) as raised:
        ask(bench)
    assert re.fullmatch(r".{15,}\.", str(raised.value)), str(raised.value)
    assert bench.calls == []


def test_a_flow_takes_one_call() -> None:
    async def two(call: CallControl, name: str) -> None: ...
    async def keyword(call: CallControl, *, name: str) -> None: ...
    async def none() -> None: ...
    async def default(call: CallControl, name: str = "") -> None: ...

    for function in (two, keyword, none):
        with pytest.raises(InvalidFlow, match="a further argument needs a default"):
            flow(function)
    assert flow(default).name == "default"


def test_a_call_is_named_by_its_handle_too(bench: Workbench) -> None:
    call = bench.dial("sip:silent@loopback")
    assert bench.call(call).id == bench.call(call.id).id == call.id


def test_one_folder_of_sounds_is_a_folder(tmp_path: Path) -> None:
    with Workbench(tmp_path, sounds="recordings") as bench:
        assert bench._sounds[0] == Path("recordings")


def test_a_closed_bench_says_so(bench: Workbench) -> None:
    call = bench.dial("sip:silent@loopback")
    bench.close()
    asked: list[Callable[[], object]] = [
        lambda: bench.dial("sip:bob@loopback"),
        lambda: bench.answer(first),
        lambda: bench.take_calls(first),
        lambda: bench.call(call.id),
        lambda: bench.calls,
        lambda: bench.subscribe(print),
        lambda: bench.on_closed(print),
        lambda: bench.replay(call, first),
        lambda: bench.replay_all(first),
        bench.frames.calls,
        lambda: call.history,
        call.wait,
        call.hangup,
    ]
    for ask in asked:
        with pytest.raises(NotAllowedNow, match="This workbench is closed"):
            ask()
    assert repr(bench).endswith(": closed>")
    assert check_harmless(bench._repr_html_()).endswith("openno")
    assert bench._operation is None
    bench.close()


@flow
async def failing(call: CallControl) -> None:
    raise LookupError(call.id)


def test_a_failed_flow_is_told_once(bench: Workbench) -> None:
    calls = [bench.dial("sip:bob@loopback", flow=failing).wait(10) for _ in range(2)]
    for call in calls:
        with pytest.raises(WorkbenchError, match=call.id):
            bench.check()
    bench.check()


def test_a_store_whose_calls_cannot_be_ended_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_log: object) -> None:
        raise StoreFull("No space is left.")

    with monkeypatch.context() as full:
        full.setattr("workbench.bench.recover", fail)
        with pytest.raises(StoreFull):
            Workbench(tmp_path)
    Workbench(tmp_path).close()


def test_a_log_that_cannot_be_written_is_told(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.check_store()
    monkeypatch.setattr(bench._running().switchboard, "failure", StoreFull("No space is left."))
    with pytest.raises(StoreFull):
        bench.check_store()
    monkeypatch.undo()


def taker(bench: Workbench) -> object:
    """Return the flow that takes calls now."""
    offered = ev.Offered(
        call_id="CA01", version=1, at=EPOCH, leg="l", from_="sip:a@x", to="sip:b@x"
    )
    return bench._running().runner.route(offered)


def test_a_cell_that_answers_can_be_run_again(bench: Workbench, engine: Ports) -> None:
    address = bench.answer(first, "127.0.0.1:5080")
    assert address == bench.answer(second, "127.0.0.1:5080")
    assert taker(bench) is second
    assert engine.taken == [("127.0.0.1", 5080)]


def test_an_answer_that_fails_changes_nothing(bench: Workbench, engine: Ports) -> None:
    bench.answer(first, "127.0.0.1:5080")
    engine.taken.append(("127.0.0.1", 5090))
    with pytest.raises(AddressInUse):
        bench.answer(second, "127.0.0.1:5090")
    assert taker(bench) is first


def test_a_notebook_shows_how_it_stands(tmp_path: Path, engine: Ports) -> None:
    account = Account(uri="sip:alice@pbx.example", password="canary")
    store = tmp_path / "<b>store"
    with Workbench(store, engine=engine, accounts=[account]) as bench:
        said = check_harmless(bench._repr_html_())
        assert f"store{store}in progressnonetakes calls atnoneroutesnone" in said
        assert said.endswith("may call127.0.0.0/8, localhost, loopbackno calls")
        address = bench.answer(first)
        call = bench.dial("sip:silent@loopback")
        said = check_harmless(bench._repr_html_())
        assert f"takes calls at{address}routesany to first" in said
        assert "accountssip:alice@pbx.example is " in said
        assert f"in progress{call.id[:10]}takes" in said
        assert "canary" not in bench._repr_html_()
    with Workbench(store, read_only=True) as bench:
        assert bench.is_read_only
        assert f"store{store}, to be read only" in check_harmless(bench._repr_html_())
        assert "1 call" in repr(bench.calls)
    assert check_harmless(bench._repr_html_()) == f"store{store}openno"
