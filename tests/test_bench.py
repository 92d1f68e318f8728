"""The bench as a person uses it, on a simulated engine: what it takes and what it refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.bench import Workbench
from workbench.clock import SystemClock
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import AddressInUse, StoreFull, WorkbenchError
from workbench.flow import flow


class Ports(Loopback):
    """A simulation in which an address can be listened at only once."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), {"bob": FarEnd(), "silent": FarEnd(responds=False)})
        self.taken: list[tuple[str, int]] = []

    async def listen(self, host: str, port: int) -> tuple[str, int]:
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
    return bench._running().runner.route(None)  # type: ignore[arg-type]


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
