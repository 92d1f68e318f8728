"""The folder of a store: what lies where, and who may write it."""

import errno
import fcntl
import os
from pathlib import Path

from workbench.errors import (
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnreadable,
)


class StoreFolder:
    """The places of a store and the lock of its one writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def calls_db(self) -> Path:
        """The log of calls."""
        return self.path / "calls.db"

    def check(self) -> None:
        """Refuse a folder that is not there."""
        if not self.path.is_dir():
            raise StoreUnreadable(
                f"There is no store of calls in {self.path}: it is not a folder. Name another "
                "folder, or open this one for writing to create it."
            )

    def create(self) -> None:
        """Create the folder, where it is missing, with the places in it."""
        for name in ("recordings", "live", "prompts", "sources"):
            try:
                (self.path / name).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _folder_error(error, self.path) from error

    def lock(self) -> None:
        """Become the one writer; the lock goes with the process, however it ends."""
        try:
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _folder_error(error, self.path) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(lock, 0)
            os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        except OSError as error:
            holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
            os.close(lock)
            raise _lock_error(error, self.path, holder) from error
        self._lock = lock

    def unlock(self) -> None:
        """Let another workbench write; does nothing without the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock_error(error: OSError, path: Path, holder: str) -> StoreError:
    if not isinstance(error, BlockingIOError):
        return _folder_error(error, path)
    who = "this process itself" if holder == str(os.getpid()) else f"process {holder or '?'}"
    return StoreLocked(
        f"The store in {path} is open for writing already, by {who}. Close that workbench, "
        "open this one for reading only, or name another folder."
    )


def _folder_error(error: OSError, path: Path) -> StoreError:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StoreUnreadable(
            f"{path} cannot be a store of calls: a file lies where a folder belongs "
            f"({error.filename}). Name another folder."
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StoreReadOnly(
            f"The folder {path} may not be written ({error.strerror}). Check its permissions, "
            "open it for reading only, or name another folder."
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreFull(
            f"No space is left for a store in {path}. Free some space on its disk."
        )
    return StoreError(f"The folder {path} cannot be used as a store: {error.strerror}.")
