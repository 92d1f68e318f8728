"""Recordings: two files while the call is up, one stored file afterwards."""

import logging
from pathlib import Path

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.stage import Stage
from workbench.errors import WorkbenchError
from workbench.recording import StoredAudio, store_recording

logger = logging.getLogger(__name__)


class RecordingEffects(Stage):
    """What is kept of a call's audio."""

    def _record(self, call: Call, event: ev.RecordRequested) -> None:
        if call.ended is not None:
            self._recording_failed(call.id, event.recording, "the call had ended")
            return
        received, sent = live_paths(self._folder, call.id, event.recording)
        self.ask(
            cm.Record(
                leg=call.leg,
                recording=event.recording,
                received_path=str(received),
                sent_path=str(sent),
            )
        )

    def _pause_recording(self, call: Call, event: ev.RecordPauseRequested) -> None:
        self.ask(cm.PauseRecording(leg=call.leg, recording=event.recording))

    def _resume_recording(self, call: Call, event: ev.RecordResumeRequested) -> None:
        self.ask(cm.ResumeRecording(leg=call.leg, recording=event.recording))

    def _stop_recording(self, call: Call, event: ev.RecordStopRequested) -> None:
        self.ask(cm.StopRecording(leg=call.leg, recording=event.recording))

    def store_stopped(self, stopped: ev.RecordingStopped) -> None:
        """Store a recording whose call goes on."""
        if (call := self._switchboard.calls.get(stopped.call_id)) is not None:
            self._begin_to_store(call, stopped.recording)

    def store_open(self, call: Call) -> None:
        """Store the recordings of a call that has just ended."""
        for kind, recording in tuple(call.open):
            if kind == "recording":
                self._begin_to_store(call, recording)

    def _begin_to_store(self, call: Call, recording: str) -> None:
        key = call.id, recording
        if key not in self._storing:
            self._storing.add(key)
            task = self._spawn(self._store(call, recording))
            task.add_done_callback(lambda _task: self._storing.discard(key))

    def clear(self, stored: ev.RecordingStored) -> None:
        """Remove the live files of a recording whose storing is on record."""
        clear_live(self._folder, stored)

    def _recording_failed(self, call_id: str, recording: str, reason: str) -> None:
        fields = {"recording": recording, "reason": reason}
        self._switchboard.observe(call_id, ev.RecordingFailed, **fields)

    async def _store(self, call: Call, recording: str) -> None:
        try:
            stored = await self._in_thread(store_live, self._folder, call.id, recording)
        except Exception as error:
            if not isinstance(error, WorkbenchError):
                logger.exception("Call %s: a recording could not be stored", call.id)
            self._recording_failed(call.id, recording, str(error) or type(error).__name__)
        else:
            self._switchboard.observe(
                call.id, ev.RecordingStored, recording=recording, audio=stored.audio,
                duration_ms=stored.duration_ms,
                start_media_ms=call.recording_starts.get(recording, 0),
            )  # fmt: skip


def live_paths(folder: Path, call_id: str, recording: str) -> tuple[Path, Path]:
    """Return where a recording lies while its call is up: received, sent."""
    stem = folder / "live" / f"{call_id}-{recording}"
    return Path(f"{stem}-received.wav"), Path(f"{stem}-sent.wav")


def store_live(folder: Path, call_id: str, recording: str) -> StoredAudio:
    """Join the two directions of a recording; `clear_live` follows when that is on record.

    Raises:
        InvalidAudio: no audio was written.
    """
    return store_recording(*live_paths(folder, call_id, recording), folder / "recordings")


def clear_live(folder: Path, stored: ev.RecordingStored) -> None:
    """Remove what lay in `live/` of a recording that is stored."""
    for path in live_paths(folder, stored.call_id, stored.recording):
        path.unlink(missing_ok=True)
