"""The log on disk: a persistence module for `eventsourcing` on one SQLite file.

One connection writes, one reads; other processes may read at the same time. An event is
on the disk when `insert_events` returns, power cut or not: the write-ahead log is synced
with every commit. Positions grow and are never used again, not even after a deletion.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    IntegrityError,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType, strtobool

from workbench.errors import StoreReadOnly, StoreTooNew, StoreUnreadable
from workbench.store.sqlite_errors import store_error

SCHEMA_VERSION = 1
"""Kept in the file as `PRAGMA user_version`."""

SCHEMA = (
    """CREATE TABLE stored_events (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        originator_id TEXT NOT NULL,
        originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL,
        state BLOB NOT NULL,
        UNIQUE (originator_id, originator_version))""",
    # One entry a call each: what calls there are is known without reading their events.
    "CREATE INDEX first_events ON stored_events (originator_id) WHERE originator_version = 1",
    "CREATE INDEX ended_calls ON stored_events (originator_id) WHERE topic = 'call.ended'",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
INSERT = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
    "VALUES (?, ?, ?, ?)"
)
CALL_IDS = """
    SELECT originator_id FROM stored_events INDEXED BY first_events
    WHERE originator_version = 1
    AND (:after = 0 OR originator_id IN
        (SELECT originator_id FROM stored_events WHERE position > :after))
    ORDER BY position"""
UNFINISHED = """
    SELECT originator_id FROM stored_events INDEXED BY first_events
    WHERE originator_version = 1
    AND (originator_id NOT IN
            (SELECT originator_id FROM stored_events INDEXED BY ended_calls
            WHERE topic = 'call.ended')
        OR originator_id IN (SELECT originator_id FROM stored_events WHERE position >
            (SELECT MAX(position) - :recent FROM stored_events)))
    ORDER BY position"""
POLL_S = 0.05
"""Seconds between two looks for what other processes have committed."""


class CallRecorder(ApplicationRecorder):
    """Reads and writes the rows of one SQLite file."""

    def __init__(
        self, path: Path, *, writable: bool = True, lock_timeout_s: float = 5.0
    ) -> None:
        self.path = path
        self.committed = threading.Condition()
        self.commits = 0
        self._lock_timeout_s = lock_timeout_s
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._open: list[sqlite3.Connection] = []
        try:
            self._writer = self._open_writer() if writable else None
            self._reader = self._open_reader()
        except BaseException:
            self.close()
            raise

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Write events in one transaction and return their positions."""
        rows = [
            (str(event.originator_id), event.originator_version, event.topic, event.state)
            for event in stored_events
        ]
        with self._transaction() as writer:
            writer.executemany(INSERT, rows)
            last: int = writer.execute("SELECT last_insert_rowid()").fetchone()[0]
        with self.committed:
            self.commits += 1
            self.committed.notify_all()
        return list(range(last - len(rows) + 1, last + 1))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Read events of one call."""
        where = _Where()
        where.add("originator_id = ?", str(originator_id))
        where.add("originator_version > ?", gt)
        where.add("originator_version <= ?", lte)
        rows = self._select(
            f"SELECT originator_id, originator_version, topic, state FROM stored_events{where} "
            f"ORDER BY originator_version {'DESC' if desc else 'ASC'} LIMIT ?",
            (*where.values, -1 if limit is None else limit),
        )
        return [StoredEvent(*row) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Read events of all calls in the order in which they were written."""
        where = _Where()
        where.add("position >= ?" if inclusive_of_start else "position > ?", start)
        where.add("position <= ?", stop)
        where.add_any("topic", topics)
        rows = self._select(
            "SELECT originator_id, originator_version, topic, state, position "
            f"FROM stored_events{where} ORDER BY position LIMIT ?",
            (*where.values, limit),
        )
        return [Notification(*row) for row in rows]

    def max_notification_id(self) -> int | None:
        """Return the last position, None when nothing was written."""
        position: int | None = self._select("SELECT MAX(position) FROM stored_events")[0][0]
        return position

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> "CommitSubscription":
        """Follow the log from a position on, across processes; iterating blocks at its end."""
        return CommitSubscription(self, gt, topics)

    def call_ids(self, after: int = 0) -> list[str]:
        """Name the calls with an event after a position, in order of their first event."""
        return [row[0] for row in self._select(CALL_IDS, {"after": after})]

    def unfinished(self, recent: int) -> list[str]:
        """Name the calls without an end or with one of the last `recent` events."""
        return [row[0] for row in self._select(UNFINISHED, {"recent": recent})]

    def commits_seen(self) -> int:
        """Return a number that changes with every commit, whichever process made it."""
        number: int = self._select("PRAGMA data_version")[0][0]
        return number

    def close(self) -> None:
        """Close the file; does nothing when it is closed."""
        with self._writing, self._reading:
            while self._open:
                self._open.pop().close()

    def _select(self, statement: str, values: Any = ()) -> list[Any]:
        with self._reading, _told(self.path):
            return self._reader.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        writer = self._writer
        if writer is None:
            raise StoreReadOnly(f"The store {self.path} was opened for reading only.")
        with self._writing, _told(self.path), _one_transaction(writer):
            yield writer

    def _open_writer(self) -> sqlite3.Connection:
        with _told(self.path):
            writer = self._connect("mode=rwc")
            if _holds_nothing(writer):
                with _one_transaction(writer):
                    for statement in SCHEMA:
                        writer.execute(statement)
            _check_schema(writer, self.path)
            writer.execute("PRAGMA journal_mode = WAL")
            # NORMAL loses acknowledged events when the power is cut; FULL does not.
            writer.execute("PRAGMA synchronous = FULL")
        return writer

    def _open_reader(self) -> sqlite3.Connection:
        if not self.path.exists():
            raise StoreUnreadable(
                f"There is no store of calls at {self.path}. Open its folder for writing once "
                "to create it, or name another folder."
            )
        with _told(self.path):
            reader = self._connect("mode=ro")
            try:
                _check_schema(reader, self.path)
            except sqlite3.OperationalError:
                # In a folder that cannot be written, SQLite cannot share the file.
                if self.path.with_name(self.path.name + "-wal").exists():
                    raise
                reader = self._connect("immutable=1")
                _check_schema(reader, self.path)
        return reader

    def _connect(self, option: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{option}",
            uri=True,
            timeout=self._lock_timeout_s,
            isolation_level=None,  # transactions begin and end where we say so
            check_same_thread=False,  # our locks see to it
        )
        self._open.append(connection)
        return connection


class CommitSubscription(Subscription[CallRecorder]):
    """Follows the log: wakes at once for this process, within `POLL_S` for another."""

    PAGE = 500

    def __init__(
        self, recorder: CallRecorder, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._page: deque[Notification] = deque()

    def stop(self) -> None:
        """End the iteration, also one that waits in another thread."""
        with self._recorder.committed:
            super().stop()
            self._recorder.committed.notify_all()

    def __next__(self) -> Notification:
        """Return the next event of the log; wait for it at the end."""
        while not self._has_been_stopped:
            commits, seen = self._recorder.commits, self._recorder.commits_seen()
            if self._page or self._pull():
                return self._page.popleft()
            self._wait(commits, seen)
        raise StopIteration

    def _pull(self) -> bool:
        after = self._last_notification_id or 0
        self._page.extend(
            self._recorder.select_notifications(
                after, self.PAGE, topics=self._topics, inclusive_of_start=False
            )
        )
        if self._page:
            self._last_notification_id = self._page[-1].id
        return bool(self._page)

    def _wait(self, commits: int, seen: int) -> None:
        """Wait until the log has grown since the two numbers were read."""
        here = self._recorder.committed
        while not self._has_been_stopped and self._recorder.commits == commits:
            with here:
                woken = here.wait_for(
                    lambda: self._has_been_stopped or self._recorder.commits != commits, POLL_S
                )
            if woken or self._recorder.commits_seen() != seen:
                return


class Factory(InfrastructureFactory[TrackingRecorder]):
    """Makes the recorder by SQLITE_DBNAME, SQLITE_READ_ONLY and SQLITE_LOCK_TIMEOUT."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._recorders: list[CallRecorder] = []

    def application_recorder(self) -> CallRecorder:
        """Open the file that the settings name."""
        recorder = CallRecorder(
            Path(self.env.get("SQLITE_DBNAME", "calls.db")),
            writable=not strtobool(self.env.get("SQLITE_READ_ONLY", "no")),
            lock_timeout_s=float(self.env.get("SQLITE_LOCK_TIMEOUT", "5")),
        )
        self._recorders.append(recorder)
        return recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Refuse: a call is short, so there are no snapshots."""
        raise NotImplementedError(f"The store of calls keeps no {purpose} of their own.")

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        """Refuse: views keep their positions themselves."""
        raise NotImplementedError("The store of calls keeps no positions of its readers.")

    def process_recorder(self) -> ProcessRecorder:
        """Refuse: views keep their positions themselves."""
        raise NotImplementedError("The store of calls keeps no positions of its readers.")

    def close(self) -> None:
        """Close what was opened."""
        for recorder in self._recorders:
            recorder.close()


class _Where:
    """A WHERE clause and its values; a condition without a value is left out."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[str | int] = []

    def add(self, condition: str, value: str | int | None) -> None:
        if value is not None:
            self._conditions.append(condition)
            self.values.append(value)

    def add_any(self, column: str, values: Sequence[str]) -> None:
        if values:
            self._conditions.append(f"{column} IN ({','.join('?' * len(values))})")
            self.values.extend(values)

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self._conditions)}" if self._conditions else ""


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say what an error of SQLite means; a taken version stays the library's error."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise IntegrityError(error) from error
    except sqlite3.Error as error:
        raise store_error(error, path) from error


@contextmanager
def _one_transaction(writer: sqlite3.Connection) -> Iterator[None]:
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield
        writer.execute("COMMIT")
    except BaseException:
        if writer.in_transaction:  # SQLite itself rolls back after some errors
            writer.execute("ROLLBACK")
        raise


def _holds_nothing(connection: sqlite3.Connection) -> bool:
    tables: int = connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()[0]
    return tables == 0


def _check_schema(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StoreTooNew(
            f"The store {path} was written by a newer version of Workbench (schema {version}; "
            f"this one knows {SCHEMA_VERSION}). Update Workbench to open it."
        )
    if version < SCHEMA_VERSION:
        raise StoreUnreadable(
            f"{path} is an SQLite file, but not a store of calls. Name another folder."
        )
