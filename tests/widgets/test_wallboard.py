"""The wallboard without a browser, on a simulated engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.widgets.desk import BOB, by_hand, shown, until
from workbench import CallControl, Workbench, flow
from workbench.clock import SystemClock
from workbench.engine import Occupancy
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import InvalidInput
from workbench.widgets import wallboard as module
from workbench.widgets.wallboard import Wallboard


@flow
async def stays(call: CallControl) -> None:
    await call.sleep(600)


@flow
async def leaves(call: CallControl) -> str:
    await call.hangup()
    return "served at once"


@flow
async def breaks(call: CallControl) -> None:
    raise ValueError("no such thing")


class Crowded(Loopback):
    """A simulation that says how full it is."""

    occupancy = Occupancy(workers=2, lines=8, taken=3, door=True)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    far_ends = {"bob": FarEnd(), "busy": FarEnd(refuses_with=486)}
    with Workbench(tmp_path / "store", engine=Crowded(SystemClock(), far_ends)) as bench:
        yield bench


@pytest.fixture
def board(bench: Workbench) -> Iterator[Wallboard]:
    board: Wallboard = by_hand(bench.wallboard())
    yield board
    board.close()


def finished(bench: Workbench, board: Wallboard, calls: int) -> Any:
    return until(bench, board, lambda state: counted(state) == calls)


def running(state: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["id"], each["flow"]) for each in state["calls"]]


def counted(state: dict[str, Any]) -> int:
    return sum(n for name, n in state["counts"].items() if name in module.ENDED)


def test_calls_in_progress_are_shown_and_counted(bench: Workbench, board: Wallboard) -> None:
    call = bench.dial(BOB, flow=stays).wait_answered(10)
    wanted = [(call.id, "stays")]
    state = until(bench, board, lambda state: running(state) == wanted)
    assert state["counts"]["connected"] == 1
    board.act("hangup", call=call.id)
    state = finished(bench, board, 1)
    assert state["calls"] == []
    assert state["counts"]["connected"] == 0
    assert state["counts"]["completed"] == 1


def test_calls_that_are_over_are_listed_and_found(bench: Workbench, board: Wallboard) -> None:
    bench.dial(BOB, flow=leaves).wait(10)
    bench.dial("sip:busy@loopback").wait(10)
    state = finished(bench, board, 2)
    assert [row["status"] for row in state["found"]] == ["busy", "completed"]
    for wanted, found in (
        ("BOB", 1), ("served once", 1), ("busy", 1), ("loopback", 2), ("bob busy", 0), ("", 2),
    ):  # fmt: skip
        board.act("search", text=wanted)
        assert shown(board)["matches"] == found, wanted


def test_the_calls_of_the_store_are_read(
    bench: Workbench, board: Wallboard, tmp_path: Path
) -> None:
    bench.dial(BOB, flow=leaves).wait(10)
    later: Wallboard = by_hand(bench.wallboard())
    while shown(later)["reading"]:
        later._stale.wait(0.01)
    assert [row["outcome"] for row in shown(later)["found"]] == ["served at once"]
    later.close()


def test_the_pool_is_told(board: Wallboard) -> None:
    assert shown(board)["pool"] == {"workers": 2, "lines": 8, "taken": 3, "door": True}


def test_a_flow_that_failed_is_a_problem(bench: Workbench, board: Wallboard) -> None:
    call = bench.dial(BOB, flow=breaks).wait(10)
    state = until(bench, board, lambda state: bool(state["problems"]))
    problem = state["problems"][0]
    assert problem["call"] == call.id
    assert problem["words"] == "flow failed with ValueError: no such thing"


def test_a_store_that_is_full_is_a_problem_as_long_as_it_is(
    bench: Workbench, board: Wallboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise InvalidInput("The disk is full.")

    monkeypatch.setattr(bench, "check_store", full)
    assert shown(board)["problems"] == [{"call": "", "at": None, "words": "The disk is full."}]
    monkeypatch.undo()
    assert shown(board)["problems"] == []


def test_a_bench_that_only_reads_is_searched(bench: Workbench, tmp_path: Path) -> None:
    bench.dial(BOB, flow=leaves).wait(10)
    with Workbench(tmp_path / "store", read_only=True) as reader:
        board: Wallboard = by_hand(reader.wallboard())
        while shown(board)["reading"]:
            board._stale.wait(0.01)
        assert shown(board)["matches"] == 1
        board.close()


def test_a_closed_bench_is_told_and_has_no_calls(bench: Workbench, board: Wallboard) -> None:
    call = bench.dial(BOB, flow=stays).wait_answered(10)
    until(bench, board, lambda state: running(state) == [(call.id, "stays")])
    bench.close()
    state = shown(board)
    assert state["closed"]
    assert (state["calls"], state["counts"]["connected"]) == ([], 0)


def test_an_action_that_is_none_is_refused(board: Wallboard) -> None:
    with pytest.raises(InvalidInput, match="cannot do 'explode'"):
        board.act("explode")
