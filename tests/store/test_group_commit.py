"""The writer thread: order, grouping, failure, and what a kill -9 leaves."""

import logging
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from workbench.clock import EPOCH
from workbench.errors import StoreError, StoreFull
from workbench.events import Event, Ringing
from workbench.store import CallLog, GroupCommit


def event(version: int) -> Event:
    return Ringing(call_id="call", version=version, at=EPOCH)


class SlowDisk:
    """A `put` whose commits end when the test says so."""

    def __init__(self) -> None:
        self.commits: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.fault: BaseException | None = None

    def put(self, events: Sequence[Event]) -> None:
        self.begun.release()
        assert self.may_end.acquire(timeout=10)
        if self.fault is not None:
            raise self.fault
        self.commits.append([event.version for event in events])

    def end(self, commits: int = 1) -> None:
        for _ in range(commits):
            self.may_end.release()


class Answers:
    """Who was told what, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[int, BaseException | None]] = []
        self.threads: set[str] = set()

    def for_(self, version: int) -> Callable[[BaseException | None], None]:
        def done(error: BaseException | None) -> None:
            self.told.append((version, error))
            self.threads.add(threading.current_thread().name)

        return done


@pytest.fixture
def disk() -> SlowDisk:
    return SlowDisk()


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def group_commit(disk: SlowDisk) -> Iterator[GroupCommit]:
    group_commit = GroupCommit(disk.put, limit=5)
    yield group_commit
    disk.end(commits=100)
    group_commit.close()


def submit(group_commit: GroupCommit, answers: Answers, *versions: int) -> None:
    for version in versions:
        group_commit.submit([event(version)], answers.for_(version))


def test_what_comes_during_a_commit_goes_into_the_next(
    disk: SlowDisk, answers: Answers, group_commit: GroupCommit
) -> None:
    submit(group_commit, answers, 1)
    assert disk.begun.acquire(timeout=10)  # alone and at once: a quiet log does not wait
    submit(group_commit, answers, 2, 3)
    assert answers.told == []
    disk.end()
    assert disk.begun.acquire(timeout=10)
    assert answers.told == [(1, None)]
    disk.end()
    group_commit.close()
    assert disk.commits == [[1], [2, 3]]
    assert answers.told == [(1, None), (2, None), (3, None)]
    assert answers.threads == {"call-log"}


def test_a_transaction_is_bounded_and_a_submission_never_split(
    disk: SlowDisk, answers: Answers, group_commit: GroupCommit
) -> None:
    submit(group_commit, answers, 1)
    assert disk.begun.acquire(timeout=10)
    submit(group_commit, answers, 2, 3, 4)
    group_commit.submit([event(v) for v in (5, 6, 7)], answers.for_(7))
    group_commit.submit([event(v) for v in range(8, 15)], answers.for_(14))
    disk.end(commits=4)
    group_commit.close()
    assert disk.commits == [[1], [2, 3, 4], [5, 6, 7], [8, 9, 10, 11, 12, 13, 14]]


def test_an_empty_submission_is_answered_in_its_turn(
    disk: SlowDisk, answers: Answers, group_commit: GroupCommit
) -> None:
    submit(group_commit, answers, 1)
    group_commit.submit([], answers.for_(0))
    disk.end(commits=2)
    group_commit.close()
    assert answers.told == [(1, None), (0, None)]


def test_after_a_failure_nothing_is_acknowledged(
    disk: SlowDisk, answers: Answers, group_commit: GroupCommit
) -> None:
    full = StoreFull("No space is left.")
    submit(group_commit, answers, 1)
    assert disk.begun.acquire(timeout=10)
    submit(group_commit, answers, 2, 3)
    disk.end()
    assert disk.begun.acquire(timeout=10)
    submit(group_commit, answers, 4)
    disk.fault = full
    disk.end()
    group_commit.close()
    assert disk.commits == [[1]]
    assert answers.told == [(1, None), (2, full), (3, full), (4, full)]


def test_a_listener_that_raises_keeps_nobody_waiting(
    disk: SlowDisk,
    answers: Answers,
    group_commit: GroupCommit,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raise_fault(error: BaseException | None) -> None:
        raise RuntimeError("The loop is closed.")

    group_commit.submit([event(1)], raise_fault)
    submit(group_commit, answers, 2)
    disk.end(commits=2)
    with caplog.at_level(logging.ERROR):
        group_commit.close()
    assert answers.told == [(2, None)]
    assert "A listener of the log of calls raised" in caplog.text


def test_closing_writes_what_is_queued_and_refuses_more(
    disk: SlowDisk, answers: Answers, group_commit: GroupCommit
) -> None:
    submit(group_commit, answers, *range(1, 20))
    disk.end(commits=100)
    group_commit.close()
    group_commit.close()
    assert [version for version, _ in answers.told] == list(range(1, 20))
    with pytest.raises(StoreError, match="is closed"):
        submit(group_commit, answers, 20)


def test_a_listener_may_close(
    disk: SlowDisk, answers: Answers, group_commit: GroupCommit
) -> None:
    group_commit.submit([event(1)], lambda _: group_commit.close())
    disk.end()
    group_commit._thread.join(10)
    assert not group_commit._thread.is_alive()


def test_one_bad_batch_leaves_nothing_half_written(tmp_path: Path, answers: Answers) -> None:
    with CallLog.open(tmp_path) as log:
        log.put([event(1)])
        group_commit = GroupCommit(log.put)
        group_commit.submit([event(2), event(1), event(3)], answers.for_(3))
        group_commit.submit([event(2)], answers.for_(2))
        group_commit.close()
        assert log.history("call") == [event(1)]
    assert [type(error) for _, error in answers.told] == [StoreError, StoreError]


WRITER = """
import os, sys
from pathlib import Path
from workbench.clock import EPOCH
from workbench.events import Ringing
from workbench.store import CallLog, GroupCommit

log = CallLog.open(Path(sys.argv[1]))
group_commit = GroupCommit(log.put)

def go_on(call_id, version):
    pair = [Ringing(call_id=call_id, version=version + n, at=EPOCH) for n in (1, 2)]
    group_commit.submit(pair, lambda error: done(call_id, version + 2, error))

def done(call_id, version, error):
    if error is None:
        os.write(1, f"{call_id} {version}\\n".encode())
        go_on(call_id, version)

for number in range(20):
    go_on(f"call-{sys.argv[2]}-{number}", 0)
group_commit._thread.join()
"""


def acknowledged_before_kill(folder: Path, run: int, after: int) -> dict[str, int]:
    """Run the writer, kill it after so many acknowledgements, return the last of each call."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(run)], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(after)]
    writer.kill()
    lines += writer.stdout.readlines()
    writer.stdout.close()
    writer.wait()
    whole = [line.split() for line in lines if line.endswith(b"\n")]
    return {call_id.decode(): int(version) for call_id, version in whole}


@pytest.mark.slow
def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    moments = random.Random(20)  # the same moments every run
    acknowledged: dict[str, int] = {}
    for run in range(20):
        acknowledged |= acknowledged_before_kill(tmp_path, run, moments.randrange(1, 400))
        with CallLog.open(tmp_path, writable=False) as log:
            histories = dict(log.histories())
        for call_id, version in acknowledged.items():
            assert len(histories[call_id]) >= version, "an acknowledged event is lost"
        for history in histories.values():
            assert [event.version for event in history] == list(range(1, len(history) + 1))
            assert len(history) % 2 == 0, "a submission was half applied"
