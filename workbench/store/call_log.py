"""The log of calls: every event of every call, in a folder with the calls' audio.

The folder holds `calls.db` (the events), `lock` (its one writer), `recordings/` (audio by
content hash), `live/` (audio of calls that go on), `prompts/` (prepared prompts) and
`sources/` (sources of flows by content hash).

Settings of `eventsourcing` may be given as `env`, or in the process's environment with
`WORKBENCH_` before their names. So events go to PostgreSQL with
`PERSISTENCE_MODULE=eventsourcing.postgres`, `POSTGRES_DBNAME`, `POSTGRES_HOST`,
`POSTGRES_PORT`, `POSTGRES_USER` and `POSTGRES_PASSWORD`; audio stays in the folder.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Mapper, PersistenceError
from eventsourcing.utils import Environment, EnvType

from workbench.errors import CallNotFound, InvalidInput, StoreError
from workbench.events import Event
from workbench.store.call_index import CallIndex, ScannedIndex
from workbench.store.folder import StoreFolder
from workbench.store.mapper import EventMapper

RECENT = 10_000
"""Events at the end of the log whose calls count as unfinished, ended or not: a call may
have lost what follows its end."""

PREFIX = "WORKBENCH_"


class CallLog(Application[str]):
    """Appends events and reads them back; every method may be called from any thread."""

    def __init__(self, folder: StoreFolder, env: EnvType) -> None:
        """Open what `CallLog.open` has prepared."""
        self._folder = folder
        super().__init__(env)
        index = self.recorder
        self._index = index if isinstance(index, CallIndex) else ScannedIndex(index)

    @classmethod
    def open(
        cls, folder: Path, *, writable: bool = True, env: Mapping[str, str] | None = None
    ) -> Self:
        """Open the store in a folder; created when it is missing and `writable`."""
        store = StoreFolder(folder)
        if writable:
            store.create()
            store.lock()
        else:
            store.check()
        settings = {
            "SQLITE_DBNAME": str(store.calls_db),
            "SQLITE_READ_ONLY": "no" if writable else "yes",
        }
        try:
            return cls(store, {**settings, **(env or {})})
        except BaseException:
            store.unlock()
            raise

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Merge settings; another program's, without our prefix, are not heard."""
        heard = {
            key.removeprefix(PREFIX): value
            for key, value in os.environ.items()
            if key.startswith(PREFIX)
        }
        ours = {"PERSISTENCE_MODULE": "workbench.store.sqlite", "ORIGINATOR_ID_TYPE": "text"}
        return Environment(name, {**ours, **heard, **(env or {})})

    def construct_mapper(self) -> Mapper[str]:
        """Use the mapper of our events."""
        return self.factory.mapper(mapper_class=EventMapper)

    @property
    def folder(self) -> Path:
        """Where the store lies."""
        return self._folder.path

    @property
    def recordings(self) -> Path:
        """Audio of calls, by content hash."""
        return self.folder / "recordings"

    @property
    def live(self) -> Path:
        """Audio of calls that go on."""
        return self.folder / "live"

    @property
    def prompts(self) -> Path:
        """Prompts in the form that engines play."""
        return self.folder / "prompts"

    @property
    def sources(self) -> Path:
        """Sources of flows, by content hash."""
        return self.folder / "sources"

    def put(self, events: Sequence[Event]) -> None:
        """Write events in one transaction; they are on the disk on return."""
        stored = [self.mapper.to_stored_event(event) for event in events]
        try:
            self.recorder.insert_events(stored)
        except IntegrityError as error:
            raise StoreError(
                f"Nothing was written to the store in {self.folder}: it holds one of these "
                f"events already, or another writer was first: {_named(events)}."
            ) from error
        except PersistenceError as error:
            raise self._failed(error) from error

    def history(self, call_id: str) -> list[Event]:
        """Return the events of a call, first to last."""
        events = self._history(call_id)
        if not events:
            raise CallNotFound(
                f"There is no call {call_id!r} in the store in {self.folder}. "
                "`call_ids()` names those that are."
            )
        return events

    def histories(self, after: int = 0) -> Iterator[tuple[str, list[Event]]]:
        """Read call by call all calls that have an event after a position of the log."""
        for call_id in self._index.call_ids(after):
            yield call_id, self._history(call_id)

    def call_ids(self) -> list[str]:
        """Name all calls, in the order of their first events."""
        return self._index.call_ids()

    def find_call(self, prefix: str) -> str:
        """Return the one call whose id begins so; nothing is the beginning of no id."""
        known = self.call_ids() if prefix else []
        found = [call_id for call_id in known if call_id.startswith(prefix)]
        if prefix in found or len(found) == 1:
            return prefix if prefix in found else found[0]
        if not found:
            raise CallNotFound(
                f"No call in the store in {self.folder} has an id that begins with {prefix!r}."
            )
        more = ", …" if len(found) > 5 else ""
        raise InvalidInput(
            f"{len(found)} calls have an id that begins with {prefix!r}: "
            f"{', '.join(found[:5])}{more}. Give more of the id."
        )

    def unfinished(self) -> list[str]:
        """Name the calls that may need an end: without `call.ended`, or touched last."""
        return self._index.unfinished(RECENT)

    def position(self) -> int:
        """Return the position of the last event in the log; 0 when there is none."""
        return self.recorder.max_notification_id() or 0

    def close(self) -> None:
        """Close the store and let another write it; does nothing when it is closed."""
        super().close()
        self._folder.unlock()

    def _history(self, call_id: str) -> list[Event]:
        decode: Any = self.mapper.to_domain_event
        try:
            return [decode(stored) for stored in self.recorder.select_events(call_id)]
        except PersistenceError as error:
            raise self._failed(error) from error

    def _failed(self, error: PersistenceError) -> StoreError:
        return StoreError(f"The store in {self.folder} cannot be used: {error}")


def _named(events: Sequence[Event]) -> str:
    names = [f"{event.call_id} version {event.version}" for event in events[:3]]
    return ", ".join(names) + (f" and {len(events) - 3} more" if len(events) > 3 else "")
