"""Several benches behind one Kamailio, by the configuration in the documentation."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.kamailio import Dispatcher
from tests.acceptance.sipp import Counts, Sipp, free_port
from tests.conformance.script import DISMISSED, call, give_in, pause, recv, request, write
from workbench import CallControl, Workbench, flow
from workbench import events as ev
from workbench.engine.pool import Pool
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow]

BY_ROUTE = "[routes]"
"""Where SIPp writes the Route headers that it has learnt from Record-Route."""
A_BENCH_CARRIES = 4
"""Calls, with one worker."""


@flow
async def take(call: CallControl) -> str:
    await call.answer()
    return (await call.gather(1, timeout=60)).digits


@flow
async def be_busy(call: CallControl) -> None:
    await call.reject(486)


def scenario(folder: Path, hold_ms: int) -> Path:
    """Call, press 5 by INFO within the call, and be hung up."""
    return write(
        folder / "caller.xml",
        call(), recv(100, optional=True), recv(180, optional=True), recv(200),
        request("ACK", 1, BY_ROUTE, to="peer"), pause(hold_ms),
        request(
            "INFO", 2, BY_ROUTE, to="peer", body="Signal=5\nDuration=160\n",
            kind="application/dtmf-relay",
        ),
        recv(200), *DISMISSED,
    )  # fmt: skip


class Site:
    """Benches behind a Kamailio, closed when the `with` is left."""

    def __init__(self, folder: Path, *lines: int, gone: Sequence[str] = ()) -> None:
        """Open a bench for each number of workers; `gone` are addresses where none is."""
        self.folder, self._lines, self._gone = folder, lines, gone
        self.benches: list[Workbench] = []
        self._open = ExitStack()

    def __enter__(self) -> "Site":
        with ExitStack() as opening:
            addresses = list(self._gone)
            for number, workers in enumerate(self._lines):
                pool = Pool(workers=workers, max_workers=workers)
                store = self.folder / f"store-{number}"
                bench = opening.enter_context(Workbench(store, engine=pool))
                self.benches.append(bench)
                addresses.append(bench.answer(take))
            self.kamailio = opening.enter_context(Dispatcher(self.folder, addresses))
            self.kamailio.until_ready()
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def called(self, calls: int, *, at_once: int, hold_ms: int = 200) -> Counts:
        """Let SIPp call the one address."""
        peer = self.kamailio.address.removeprefix("sip:")
        with Sipp(
            self.folder, scenario(self.folder, hold_ms), peer=peer, calls=calls,
            rate=50, limit=at_once,
        ) as sipp:  # fmt: skip
            counts = sipp.finish()
            assert counts.failed == 0, sipp.errors + self.kamailio.log
            return counts

    def refused(self, code: int, *, has: str = "") -> None:
        """Let SIPp call the one address, where nobody takes the call."""
        steps = (call(), recv(100, optional=True), recv(code, has=has), give_in())
        peer = self.kamailio.address.removeprefix("sip:")
        with Sipp(self.folder, write(self.folder / "refused.xml", *steps), peer=peer) as sipp:
            assert sipp.finish() == Counts(successful=1, failed=0), sipp.errors

    def histories(self) -> list[list[list[ev.Event]]]:
        """Return the histories of each bench's calls, when they are over."""
        found = []
        for bench in self.benches:
            bench.check()
            found.append([[*taken.wait(60).history] for taken in bench.calls])
        return found


def assert_whole(history: Sequence[ev.Event]) -> None:
    """Check that the call's digit and its end came to the bench that had taken it."""
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == "5"
    (end,) = (event for event in history if isinstance(event, ev.Ended))
    assert (end.by, end.status) == ("app", "completed")
    assert replay(history, take).equal


def test_every_bench_gets_calls_and_keeps_them(tmp_path: Path) -> None:
    with Site(tmp_path, 2, 2) as site:
        assert site.called(8, at_once=4) == Counts(successful=8, failed=0)
        first, second = site.histories()
    assert (len(first), len(second)) == (4, 4)
    for history in [*first, *second]:
        assert_whole(history)


def test_a_bench_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    nobody = f"sip:127.0.0.1:{free_port()}"
    with Site(tmp_path, 2, gone=[nobody]) as site:
        assert site.called(4, at_once=4) == Counts(successful=4, failed=0)
        (taken,) = site.histories()
    assert len(taken) == 4
    for history in taken:
        assert_whole(history)


def test_a_bench_that_is_full_is_passed_over(tmp_path: Path) -> None:
    with Site(tmp_path, 1, 3) as site:
        assert site.called(12, at_once=12, hold_ms=6000) == Counts(successful=12, failed=0)
        small, large = site.histories()
    assert 0 < len(small) <= A_BENCH_CARRIES
    assert len(small) + len(large) == 12
    for history in [*small, *large]:
        assert_whole(history)


def test_with_no_bench_left_the_caller_is_told_when_to_try_again(tmp_path: Path) -> None:
    with Site(tmp_path, gone=[f"sip:127.0.0.1:{free_port()}"]) as site:
        site.refused(503, has="Retry-After: 5")


def test_what_a_flow_refuses_is_refused(tmp_path: Path) -> None:
    with Site(tmp_path, 1, 1) as site:
        for bench in site.benches:
            bench.take_calls(be_busy)
        site.refused(486)
        assert sum(map(len, site.histories())) == 1
