"""The bench as a person uses it, on a simulated engine: what it takes and what it refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.bench import Workbench
from workbench.clock import SystemClock
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import AddressInUse
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
