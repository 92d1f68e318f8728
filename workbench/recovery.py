"""What an earlier workbench left open: every call gets its end, every recording its name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench import events as ev
from workbench.call import Call
from workbench.effects import clear_live, store_live
from workbench.ending import LOST, lost_ends
from workbench.errors import WorkbenchError
from workbench.store import CallLog


def recover(log: CallLog) -> list[str]:
    """End what a lost workbench left open; return the ids of the calls concerned.

    The events get the time of the last thing that is known of the call, since nobody saw
    when it really ended.
    """
    ended = []
    for call_id in log.unfinished():
        history = log.history(call_id)
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
