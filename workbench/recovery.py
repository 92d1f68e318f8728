"""What an earlier workbench left open: every call gets its end, every recording its name."""

import fcntl
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench import events as ev
from workbench.call import Call
from workbench.effects import clear_live, live_paths, store_live
from workbench.ending import LOST, lost_ends
from workbench.errors import StoreUnreadable, WorkbenchError
from workbench.progress import watched
from workbench.store import CallLog

ATTEMPTS, PAUSE_S = 100, 0.05
"""How often and how far apart to look whether a worker still writes a recording."""

logger = logging.getLogger(__name__)


def recover(log: CallLog) -> list[str]:
    """End what a lost workbench left open; return the ids of the calls concerned.

    The events get the time of the last thing that is known of the call, since nobody saw
    when it really ended.
    """
    ended = []
    unfinished = log.unfinished()
    for call_id in watched(unfinished, "Looking for calls left open", len(unfinished)):
        try:
            history = log.history(call_id)
        except StoreUnreadable:
            # One call that cannot be read is no reason to refuse all others.
            logger.exception("Call %s cannot be read and is left as it is", call_id)
            continue
        call = Call.from_history(history)
        if not call.closed:
            ends = list(_ends(call, log.folder))
            log.put(ends)
            history += ends
            ended.append(call_id)
        for event in history:
            if isinstance(event, ev.RecordingStored):
                clear_live(log.folder, event)
    return ended


def _ends(call: Call, folder: Path) -> Iterator[ev.Event]:
    assert call.last_at is not None
    for kind, fields in [*lost_ends(call), *_recordings(call, folder)]:
        yield call.next(kind, call.last_at, **fields)


def _recordings(call: Call, folder: Path) -> Iterator[tuple[type[ev.Event], dict[str, Any]]]:
    for kind, recording in tuple(call.open):
        if kind != "recording":
            continue
        for path in live_paths(folder, call.id, recording):
            _await_writer(path)
        try:
            stored = store_live(folder, call.id, recording)
        except WorkbenchError as error:
            reason = f"{LOST}, and left no audio: {error}"
            yield ev.RecordingFailed, {"recording": recording, "reason": reason}
        else:
            yield (
                ev.RecordingStored,
                {
                    "recording": recording,
                    "audio": stored.audio,
                    "duration_ms": stored.duration_ms,
                    "start_media_ms": call.recording_starts.get(recording, 0),
                },
            )


def _await_writer(path: Path) -> None:
    # A worker outlives its killed bench for as long as it takes to hang up and close its files.
    pause = threading.Event()
    with suppress(FileNotFoundError), path.open("rb") as file:
        for _ in range(ATTEMPTS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pause.wait(PAUSE_S)
            else:
                return
