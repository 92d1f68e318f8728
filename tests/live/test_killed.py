"""Processes killed with -9 in the middle of calls: the bench, and a worker of the engine."""

import os
import queue
import random
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.acceptance.sipp import Sipp
from tests.conftest import Rounds
from tests.live.victim import chatter
from workbench import Workbench
from workbench import events as ev
from workbench.call import Call
from workbench.demo_flows import reception
from workbench.ending import LOST
from workbench.engine.pool import Pool
from workbench.extension import Extension
from workbench.handle import CallHandle
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow]

VICTIM = [sys.executable, str(Path(__file__).parent / "victim.py")]


def test_a_bench_killed_at_any_moment_loses_nothing_it_acknowledged(
    tmp_path: Path, rounds: Rounds
) -> None:
    chance = random.Random(4711)
    for number in range(rounds(short=4, whole=50)):
        store = tmp_path / f"store-{number}"
        acknowledged = kill_during_calls(tmp_path, store, after=chance.randint(1, 90))
        check_reopened(store, acknowledged)


def kill_during_calls(folder: Path, store: Path, *, after: int) -> set[tuple[str, int]]:
    """Kill a bench with two calls once it has acknowledged so many events; return them."""
    with Program([*VICTIM, str(store)], folder) as victim:
        peer = victim.line("listening").split("sip:")[1].strip()
        with Sipp(folder, "waits_for_bye", peer=peer, calls=2, rate=2) as sipp:
            lines = [victim.line("stored") for _ in range(after)]
            victim.signal(signal.SIGKILL)
            victim.finish()
            # SIPp ends well only if each of its calls that began was ended by a BYE, or
            # was refused because nobody was left to take it.
            if after > LATER_THAN_BOTH_CALLS:
                counts = sipp.finish()
                assert (counts.successful, counts.failed) == (2, 0), sipp.errors
        lines += [line for line in victim.output.splitlines() if line.startswith("stored")]
    return {(call_id, int(version)) for _, call_id, version in map(str.split, lines)}


LATER_THAN_BOTH_CALLS = 60
"""By so many acknowledged events both calls are up."""


def check_reopened(store: Path, acknowledged: set[tuple[str, int]]) -> None:
    with Workbench(store) as bench:
        on_record = {
            (event.call_id, event.version) for call in bench.calls for event in call.history
        }
        assert acknowledged <= on_record
        for call in bench.calls:
            check_call(call)


def check_call(call: CallHandle) -> None:
    history = call.history
    ended = [event for event in history if isinstance(event, ev.Ended)]
    assert [event.reason for event in ended] == [LOST]
    assert Call.from_history(history).closed
    begun, over = (
        [event.talk for event in history if isinstance(event, kind)]
        for kind in (ev.TalkRequested, ev.TalkFinished)
    )
    assert begun == over
    assert replay(history, chatter).equal
    for event in history:
        if isinstance(event, ev.RecordingStored):
            samples, rate = call.audio()
            assert abs(len(samples) * 1000 / rate - event.duration_ms) < 1
        if isinstance(event, ev.RecordingFailed):
            # Only a recording may be without audio that was killed before its first frames
            # were on disk.
            started = [each.at for each in history if isinstance(each, ev.RecordingStarted)]
            assert all(event.at - at < timedelta(milliseconds=100) for at in started)


def test_a_killed_worker_takes_only_its_own_calls(tmp_path: Path) -> None:
    closed: queue.Queue[str] = queue.Queue()
    pool = Pool()
    with Workbench(tmp_path / "store", engine=pool) as bench:
        bench.on_closed(closed.put)
        address = bench.answer(reception)
        placed = [bench.dial(address) for _ in range(4)]
        await_answers(placed)
        carried = {call.id: pool.worker_of(call.state.leg) for call in bench.calls}
        victim = carried[placed[0].id]
        assert victim is not None
        doomed = {call_id for call_id, worker in carried.items() if worker == victim}
        assert len(doomed) < len(carried)
        extension = placed[0].talk()
        os.kill(pool.workers[victim], signal.SIGKILL)
        lost = [bench.call(closed.get(timeout=60)) for _ in doomed]
        assert {call.id for call in lost} == doomed
        for call in lost:
            assert call.ended is not None
            assert call.ended.by == "engine"
            assert "was lost (signal 9)" in call.ended.reason
        check_talk(extension, placed[0])
        assert all(call.ended is None for call in bench.calls if call.id not in doomed)
        again = bench.dial(address)
        await_answers([again])
        for call in bench.calls:
            call.hangup()
            call.wait(60)
        assert again.status == "completed"
    with Workbench(tmp_path / "store", read_only=True) as bench:
        assert all(one_end(call) for call in bench.calls)


def check_talk(extension: Extension, call: CallHandle) -> None:
    """Assert that whoever talked is told of the end, and that it is on record once."""
    extension.socket.settimeout(60)
    while extension.socket.recv(1000):
        pass
    extension.close()
    (finished,) = (event for event in call.history if isinstance(event, ev.TalkFinished))
    assert (finished.talk, finished.frames) == (extension.talk, None)


def one_end(call: CallHandle) -> bool:
    return sum(isinstance(event, ev.Ended) for event in call.history) == 1


def await_answers(calls: Sequence[CallHandle]) -> None:
    """Wait until calls that were just dialled are up."""
    for call in calls:
        call.wait_answered(60)
