"""A recording that is paused and stopped in its call: what was said meanwhile is in no file."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from workbench import CallControl, Workbench, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]

EDGE_MS = 100
LOUD = 0.05


@flow
async def talkative(call: CallControl) -> None:
    """Make sound all the time."""
    await call.play("tone.wav", loop=0)


@flow
async def careful(call: CallControl) -> None:
    """Record, but not the middle; then record again."""
    await call.answer()
    await call.record()
    await call.play("tone.wav")
    await call.pause_recording()
    await call.play("tone.wav", "tone.wav", offset=0.5)
    await call.resume_recording()
    await call.play("tone.wav")
    await call.stop_recording()
    await call.record()
    await call.play("tone.wav")


def test_a_pause_is_silent_and_keeps_the_clock(tmp_path: Path) -> None:
    seconds = np.arange(8000) / 8000
    soundfile.write(tmp_path / "tone.wav", 0.4 * np.sin(2 * np.pi * 440 * seconds), 8000)
    with Workbench(tmp_path / "store", sounds=[tmp_path]) as bench:
        placed = bench.dial(bench.answer(careful), flow=talkative).wait(60)
        (taken,) = (call for call in bench.calls if call.id != placed.id)
        taken.wait(60)
        bench.check()
        history = list(taken.history)
        assert not bench.replay(taken, careful).divergence
        stored = [event for event in history if isinstance(event, ev.RecordingStored)]
        assert [event.recording for event in stored] == ["recording-1", "recording-2"]
        kinds = [type(event) for event in history]
        assert kinds.index(ev.RecordingStored) < kinds.index(ev.Ended)
        samples = soundfile.read(bench.recordings / f"{stored[0].audio}.wav")[0]
    paused, resumed = (
        next(event.media_ms for event in history if isinstance(event, kind))
        for kind in (ev.RecordingPaused, ev.RecordingResumed)
    )
    assert paused is not None
    assert resumed is not None
    start = stored[0].start_media_ms
    quiet = (paused - start + EDGE_MS, resumed - start - EDGE_MS)
    for channel in samples.T:
        assert np.abs(cut(channel, *quiet)).max() < LOUD / 10
        assert loudest(cut(channel, 300, paused - start - EDGE_MS)) > LOUD
        assert loudest(cut(channel, resumed - start + EDGE_MS, len(channel) / 8)) > LOUD


def cut(
    channel: npt.NDArray[np.float64], begin_ms: float, end_ms: float
) -> npt.NDArray[np.float64]:
    """Return the samples between two moments."""
    return channel[round(begin_ms * 8) : round(end_ms * 8)]


def loudest(samples: npt.NDArray[np.float64]) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(samples**2)))
