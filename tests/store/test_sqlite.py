"""The library's own contract for recorders, and what is ours beyond it."""

import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import Mock, patch
from uuid import uuid4

import pytest
from eventsourcing.persistence import (
    InfrastructureFactory,
    IntegrityError,
    StoredEvent,
    TrackingRecorder,
)

from workbench.errors import (
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreTooNew,
    StoreUnreadable,
)
from workbench.store.sqlite import CALL_IDS, UNFINISHED, CallRecorder, Factory

# The suite imports a cipher, which needs a package that neither it nor we use here.
with patch.dict(sys.modules, {"eventsourcing.cipher": Mock()}):
    from eventsourcing.tests.persistence import ApplicationRecorderTestCase


class TestContract(ApplicationRecorderTestCase[CallRecorder]):
    """What every recorder of the library must do, subscriptions too; our ids are text."""

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "calls.db")

    def new_originator_id(self) -> str:
        return str(uuid4())

    def create_recorder(self) -> CallRecorder:
        recorder = CallRecorder(self.path)
        self.addCleanup(recorder.close)
        return recorder

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


# pytest must not collect the abstract suite itself.
del ApplicationRecorderTestCase


def stored(version: int, call_id: str = "call", state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(call_id, version, "call.ringing", state)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.db"


@pytest.fixture
def recorder(path: Path) -> Iterator[CallRecorder]:
    recorder = CallRecorder(path)
    yield recorder
    recorder.close()


def change_file(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_every_commit_is_synced_to_the_disk(recorder: CallRecorder) -> None:
    assert recorder._writer is not None
    assert recorder._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert recorder._writer.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_position_is_never_used_again(recorder: CallRecorder, path: Path) -> None:
    assert recorder.insert_events([stored(1), stored(2)]) == [1, 2]
    recorder.close()
    change_file(path, "DELETE FROM stored_events WHERE position = 2")
    again = CallRecorder(path)
    assert again.insert_events([stored(2)]) == [3]
    again.close()


def test_nothing_of_a_refused_batch_is_written(recorder: CallRecorder) -> None:
    recorder.insert_events([stored(1)])
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(2), stored(1), stored(3)])
    assert recorder.select_events("call") == [stored(1)]
    assert recorder.insert_events([stored(2)]) == [2]


def test_a_second_process_reads_what_the_first_writes(
    recorder: CallRecorder, path: Path
) -> None:
    reader = CallRecorder(path, writable=False)
    recorder.insert_events([stored(1)])
    assert reader.select_events("call") == [stored(1)]
    with pytest.raises(StoreReadOnly, match="for reading only"):
        reader.insert_events([stored(2)])
    reader.close()


def test_a_subscription_follows_another_writer(
    recorder: CallRecorder, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two recorders share nothing but the file, as two processes do.
    reader = CallRecorder(path, writable=False)
    looked = Mock(side_effect=reader.commits_seen)
    received: list[int] = []

    def look() -> int:
        if looked.call_count == 3:  # by now it has found nothing and waits
            recorder.insert_events([stored(1)])
        return int(looked())

    monkeypatch.setattr(reader, "commits_seen", look)
    with reader.subscribe(gt=0) as subscription:
        received.append(next(subscription).id)
    assert received == [1]
    reader.close()


def test_a_waiting_subscription_can_be_stopped(recorder: CallRecorder) -> None:
    subscription = recorder.subscribe()
    listener = threading.Thread(target=lambda: list(subscription))
    listener.start()
    subscription.stop()
    listener.join(10)
    assert not listener.is_alive()


def test_an_index_names_calls_in_the_order_of_their_first_events(
    recorder: CallRecorder,
) -> None:
    recorder.insert_events([stored(1, "b"), stored(1, "a"), stored(2, "b")])
    assert recorder.call_ids() == ["b", "a"]
    assert recorder.call_ids(after=1) == ["b", "a"]
    assert recorder.call_ids(after=2) == ["b"]
    assert recorder.call_ids(after=3) == []


def test_unfinished_calls_have_no_end_or_were_touched_last(recorder: CallRecorder) -> None:
    ended = StoredEvent("ended", 2, "call.ended", b"{}")
    recorder.insert_events([stored(1, "open"), stored(1, "ended"), ended, stored(1, "last")])
    assert recorder.unfinished(recent=1) == ["open", "last"]
    assert recorder.unfinished(recent=2) == ["open", "ended", "last"]


@pytest.mark.parametrize("statement", [CALL_IDS, UNFINISHED])
def test_the_lists_of_calls_do_not_read_the_events(
    statement: str, recorder: CallRecorder
) -> None:
    values = {"after": 0, "recent": 1}
    steps = [row[3] for row in recorder._select("EXPLAIN QUERY PLAN " + statement, values)]
    assert not [step for step in steps if step.startswith("SCAN") and "INDEX" not in step]


def test_a_write_waits_for_another_program_and_then_says_so(path: Path) -> None:
    recorder = CallRecorder(path, lock_timeout_s=0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreLocked, match="Close what has it open"):
        recorder.insert_events([stored(1)])
    other.execute("ROLLBACK")
    other.close()
    assert recorder.insert_events([stored(1)]) == [1]
    recorder.close()


def test_a_full_disk_leaves_the_log_as_it_was(recorder: CallRecorder) -> None:
    recorder.insert_events([stored(1)])
    assert recorder._writer is not None
    recorder._writer.execute("PRAGMA max_page_count = 1")  # SQLite takes the present size
    with pytest.raises(StoreFull, match="Free some space"):
        recorder.insert_events([stored(2), stored(3, state=bytes(100_000))])
    assert recorder.select_events("call") == [stored(1)]
    recorder._writer.execute("PRAGMA max_page_count = 1000000")
    assert recorder.insert_events([stored(2)]) == [2]


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(StoreUnreadable, match=r"calls\.db is damaged, or no store"):
        CallRecorder(path)
    with pytest.raises(StoreUnreadable):
        CallRecorder(path, writable=False)


def test_a_folder_in_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreUnreadable, match="cannot be opened"):
        CallRecorder(path)


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    change_file(path, "CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreUnreadable, match="not a store of calls"):
        CallRecorder(path)
    assert path.read_bytes() == before


def test_a_later_schema_is_refused(recorder: CallRecorder, path: Path) -> None:
    recorder.close()
    change_file(path, "PRAGMA user_version = 2")
    for writable in (True, False):
        with pytest.raises(StoreTooNew, match="schema 2; this one knows 1"):
            CallRecorder(path, writable=writable)


def test_reading_a_missing_file_does_not_create_it(path: Path) -> None:
    with pytest.raises(StoreUnreadable, match="There is no store of calls"):
        CallRecorder(path, writable=False)
    assert not path.exists()


def test_damage_in_the_middle_is_told(recorder: CallRecorder, path: Path) -> None:
    recorder.insert_events([stored(version, state=bytes(2000)) for version in range(1, 50)])
    recorder.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    reader = CallRecorder(path, writable=False)
    with pytest.raises(StoreUnreadable, match="is damaged"):
        reader.select_events("call")
    reader.close()


def test_a_closed_store_says_so(recorder: CallRecorder) -> None:
    recorder.close()
    with pytest.raises(StoreError, match="closed"):
        recorder.select_events("call")


def test_the_module_is_found_by_settings(path: Path) -> None:
    settings = {"PERSISTENCE_MODULE": "workbench.store.sqlite", "SQLITE_DBNAME": str(path)}
    factory = InfrastructureFactory[TrackingRecorder].construct(settings)
    assert isinstance(factory, Factory)
    factory.application_recorder().insert_events([stored(1)])
    factory.close()
    read_only = Factory({**settings, "SQLITE_READ_ONLY": "yes"})
    assert read_only.application_recorder().select_events("call") == [stored(1)]
    read_only.close()


@pytest.mark.parametrize("name", ["aggregate", "tracking", "process"])
def test_there_are_no_other_recorders(name: str, path: Path) -> None:
    with pytest.raises(NotImplementedError, match="store of calls"):
        getattr(Factory({"SQLITE_DBNAME": str(path)}), f"{name}_recorder")()
