"""The log of calls as the rest of the workbench sees it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from eventsourcing.persistence import InfrastructureFactoryError
from eventsourcing.popo import POPOApplicationRecorder

from workbench.clock import EPOCH
from workbench.errors import (
    CallNotFound,
    InvalidInput,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreTooNew,
    StoreUnreadable,
)
from workbench.events import Answered, Ended, Event, Offered, Ringing
from workbench.store import CallLog
from workbench.store.call_index import ScannedIndex
from workbench.store.sqlite import CallRecorder


def offered(call_id: str) -> Event:
    return Offered(call_id=call_id, version=1, at=EPOCH, leg="leg-1", from_="a", to="b")


def ringing(call_id: str, version: int) -> Event:
    return Ringing(call_id=call_id, version=version, at=EPOCH + timedelta(seconds=version))


def ended(call_id: str, version: int) -> Event:
    return Ended(
        call_id=call_id,
        version=version,
        at=EPOCH,
        by="caller",
        status="completed",
        sip_code=200,
        q850_cause=16,
        hangup_cause="NORMAL_CLEARING",
    )


@pytest.fixture(params=["sqlite", "any recorder of the library"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CallLog]:
    env = {} if request.param == "sqlite" else {"PERSISTENCE_MODULE": "eventsourcing.popo"}
    with CallLog.open(tmp_path, env=env) as log:
        yield log


def test_what_was_put_comes_back(log: CallLog) -> None:
    history = [offered("c1"), ringing("c1", 2)]
    log.put(history)
    log.put([Answered(call_id="c1", version=3, at=EPOCH, media_ms=0)])
    assert log.history("c1") == [
        *history,
        Answered(call_id="c1", version=3, at=EPOCH, media_ms=0),
    ]
    assert log.position() == 3


def test_nothing_put_is_nothing_written(log: CallLog) -> None:
    log.put([])
    assert log.position() == 0
    assert log.call_ids() == []
    assert log.unfinished() == []


def test_a_taken_version_refuses_the_whole_batch(log: CallLog) -> None:
    log.put([offered("c1")])
    with pytest.raises(StoreError, match=r"holds one of these.*c2 version 1, c1 version 1"):
        log.put([offered("c2"), offered("c1")])
    assert log.call_ids() == ["c1"]


def test_a_value_that_cannot_be_stored_refuses_the_whole_batch(log: CallLog) -> None:
    bad = Ringing(call_id="c1", version=2, at=EPOCH, reason="\udc80")
    with pytest.raises(InvalidInput, match="Event 2 of call c1"):
        log.put([offered("c1"), bad])
    assert log.call_ids() == []


def test_an_unknown_call_is_told(log: CallLog) -> None:
    with pytest.raises(CallNotFound, match="no call 'c9'"):
        log.history("c9")


def test_calls_come_in_the_order_of_their_first_events(log: CallLog) -> None:
    log.put([offered("b"), offered("a"), ringing("b", 2), offered("c")])
    assert log.call_ids() == ["b", "a", "c"]
    assert [call_id for call_id, _ in log.histories()] == ["b", "a", "c"]
    assert dict(log.histories())["b"] == [offered("b"), ringing("b", 2)]


def test_histories_after_a_position_are_those_that_grew(log: CallLog) -> None:
    log.put([offered("a"), offered("b")])
    seen = log.position()
    log.put([ringing("a", 2), offered("c")])
    assert dict(log.histories(after=seen)) == {
        "a": [offered("a"), ringing("a", 2)],
        "c": [offered("c")],
    }
    assert list(log.histories(after=log.position())) == []


def test_a_call_is_found_by_the_beginning_of_its_id(log: CallLog) -> None:
    log.put([offered("abc-1"), offered("abd-2"), offered("abd")])
    assert log.find_call("abc") == "abc-1"
    assert log.find_call("abd") == "abd"
    with pytest.raises(InvalidInput, match=r"3 calls .* 'ab': abc-1, abd-2, abd"):
        log.find_call("ab")
    with pytest.raises(CallNotFound, match="begins with 'x'"):
        log.find_call("x")


def test_unfinished_calls_are_open_or_touched_last(
    log: CallLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.call_log.RECENT", 2)
    log.put([offered("open"), offered("done"), ended("done", 2), offered("last")])
    log.put([ended("last", 2)])
    assert log.unfinished() == ["open", "last"]


def test_both_indexes_agree(tmp_path: Path) -> None:
    with CallLog.open(tmp_path) as log:
        for number in range(30):
            log.put([offered(f"c{number}"), ringing(f"c{number}", 2)])
        for number in range(0, 30, 3):
            log.put([ended(f"c{number}", 3)])
        assert isinstance(log.recorder, CallRecorder)
        scanned = ScannedIndex(log.recorder)
        scanned.PAGE = 7
        for position in (0, 1, 2, 40, 65, 70):
            assert scanned.call_ids(position) == log.recorder.call_ids(position)
            assert scanned.unfinished(position) == log.recorder.unfinished(position)


def test_opening_creates_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "calls of" / "möbius %20?"
    with CallLog.open(folder) as log:
        log.put([offered("c1")])
        places = (log.recordings, log.live, log.prompts, log.sources)
        assert all(place.is_dir() and place.parent == folder for place in places)
    assert (folder / "calls.db").is_file()
    assert (folder / "lock").read_text() == f"{os.getpid()}\n"


def test_a_store_can_be_opened_again_after_closing(tmp_path: Path) -> None:
    for version in (1, 2, 3):
        with CallLog.open(tmp_path) as log:
            log.put([ringing("c1", version)])
            assert len(log.history("c1")) == version


def test_one_workbench_writes(tmp_path: Path) -> None:
    with CallLog.open(tmp_path), pytest.raises(StoreLocked, match="by this process itself"):
        CallLog.open(tmp_path)


def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    command = (
        "import sys, pathlib; from workbench.store import CallLog;"
        "log = CallLog.open(pathlib.Path(sys.argv[1]));"
        "print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", command, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(StoreLocked, match=f"by process {holder.pid}. Close that workbench"):
            CallLog.open(tmp_path)
        with CallLog.open(tmp_path, writable=False) as log:
            assert log.call_ids() == []
        holder.kill()
    with CallLog.open(tmp_path) as log:  # the lock died with the process
        log.put([offered("c1")])


def test_a_failed_opening_leaves_no_lock(tmp_path: Path) -> None:
    (tmp_path / "calls.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnreadable, match=r"calls\.db is damaged"):
        CallLog.open(tmp_path)
    (tmp_path / "calls.db").unlink()
    CallLog.open(tmp_path).close()


def test_reading_leaves_everything_as_it_was(tmp_path: Path) -> None:
    with CallLog.open(tmp_path) as log:
        log.put([offered("c1")])
    (tmp_path / "lock").unlink()
    with CallLog.open(tmp_path, writable=False) as log:
        assert log.history("c1") == [offered("c1")]
        with pytest.raises(StoreReadOnly, match="opened for reading only"):
            log.put([ringing("c1", 2)])
    assert not (tmp_path / "lock").exists()


def test_reading_a_missing_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadable, match="it is not a folder"):
        CallLog.open(tmp_path / "nowhere", writable=False)
    with pytest.raises(StoreUnreadable, match="There is no store of calls"):
        CallLog.open(tmp_path, writable=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["", "recordings", "nested/deeper"])
def test_a_file_where_a_folder_belongs_is_told(place: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    file = folder if "/" in place or not place else folder / place
    file.parent.mkdir(exist_ok=True)
    file.write_text("a file")
    with pytest.raises(StoreUnreadable, match="a file lies where a folder belongs"):
        CallLog.open(folder / place if "/" in place else folder)


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("EROFS", StoreReadOnly, "may not be written"),
        ("EACCES", StoreReadOnly, "Check its permissions"),
        ("ENOSPC", StoreFull, "No space is left"),
        ("EIO", StoreError, "cannot be used as a store"),
    ],
)
def test_what_the_system_says_about_the_folder_is_told(
    name: str,
    error: type[StoreError],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        number = getattr(__import__("errno"), name)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(error, match=sentence):
        CallLog.open(tmp_path / "store")


def test_a_full_disk_is_told_and_refuses_the_whole_batch(tmp_path: Path) -> None:
    with CallLog.open(tmp_path) as log:
        log.put([offered("c1")])
        assert isinstance(log.recorder, CallRecorder)
        assert log.recorder._writer is not None
        log.recorder._writer.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StoreFull, match="Free some space"):
            log.put([Ringing(call_id="c1", version=v, at=EPOCH, reason="x" * 5000)
                     for v in range(2, 50)])  # fmt: skip
        assert log.history("c1") == [offered("c1")]


def test_a_topic_of_a_newer_version_names_the_call(tmp_path: Path) -> None:
    with CallLog.open(tmp_path) as log:
        log.put([offered("c1")])
    connection = sqlite3.connect(tmp_path / "calls.db")
    connection.execute("UPDATE stored_events SET topic = 'call.later'")
    connection.commit()
    connection.close()
    with (
        CallLog.open(tmp_path, writable=False) as log,
        pytest.raises(StoreTooNew, match=r"call c1 was written by a newer .* call\.later"),
    ):
        log.history("c1")


def test_settings_are_heard_with_our_prefix_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSISTENCE_MODULE", "another.programs.setting")
    CallLog.open(tmp_path).close()
    monkeypatch.setenv("WORKBENCH_PERSISTENCE_MODULE", "eventsourcing.popo")
    with CallLog.open(tmp_path) as log:
        assert isinstance(log.recorder, POPOApplicationRecorder)
    monkeypatch.setenv("WORKBENCH_PERSISTENCE_MODULE", "no.such.module")
    with pytest.raises(InfrastructureFactoryError):
        CallLog.open(tmp_path)
