"""What an error code of SQLite means for a store, and what to do about it."""

import sqlite3
from pathlib import Path

from workbench.errors import (
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnreadable,
)

_LOCKED = "is locked by another program. Close what has it open for writing, then try again."
_READ_ONLY = "may not be written. Check its permissions, or open it for reading only."
_FULL = "has no space left. Free some space on its disk; nothing of it was written."
_UNREADABLE = (
    "is damaged, or no store of calls. Restore it from a copy, or name another folder."
)
_CANNOT_OPEN = "cannot be opened. Check that it is a file, and the permissions of its folder."
_MEANING = {
    sqlite3.SQLITE_BUSY: (StoreLocked, _LOCKED),
    sqlite3.SQLITE_LOCKED: (StoreLocked, _LOCKED),
    sqlite3.SQLITE_PERM: (StoreReadOnly, _READ_ONLY),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, _READ_ONLY),
    sqlite3.SQLITE_FULL: (StoreFull, _FULL),
    # The index of the write-ahead log could not grow.
    sqlite3.SQLITE_IOERR_SHMSIZE: (StoreFull, _FULL),
    sqlite3.SQLITE_CORRUPT: (StoreUnreadable, _UNREADABLE),
    sqlite3.SQLITE_NOTADB: (StoreUnreadable, _UNREADABLE),
    # "No such table": somebody changed the schema.
    sqlite3.SQLITE_ERROR: (StoreUnreadable, _UNREADABLE),
    sqlite3.SQLITE_CANTOPEN: (StoreUnreadable, _CANNOT_OPEN),
}
_OTHERWISE = StoreError, "cannot be used. Check its disk."


def store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Return the error to raise in place of one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # the module's own complaint, as about a closed connection
        return StoreError(f"The store {path} cannot be used: {error}")
    kind, sentence = _MEANING.get(code) or _MEANING.get(code & 0xFF, _OTHERWISE)
    return kind(f"The store {path} {sentence} (SQLite: {error})")
