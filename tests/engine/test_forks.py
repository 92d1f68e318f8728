"""Real audio through forks: what the recorder keeps, a consumer outside of the worker gets."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine import sound
from tests.engine.stage import PoolStage
from workbench.commands import Fork, Hangup, Play, Record
from workbench.engine.slices import FRAME_BYTES, Slice
from workbench.signals import (
    ForkStarted,
    MediaMeasured,
    PromptFinished,
    RecordingFinished,
    RecordingStarted,
)

pytestmark = [pytest.mark.anyio, pytest.mark.sip]

CALLS = 4
FRAME = FRAME_BYTES // 2


def joined(slices: list[Slice], way: str) -> sound.Samples:
    """Return the samples of one direction, every frame of which must be there."""
    expected = 0
    for each in slices:
        assert each.sequence == expected
        expected += each.frames
    return np.frombuffer(b"".join(getattr(each, way) for each in slices), np.int16)


def same(forked: sound.Samples, recorded: sound.Samples) -> bool:
    """Tell whether two captures of the same audio are equal, frame for frame.

    They began and ended one after another, so one lies some frames behind the other; and when
    a prompt begins between two ticks of the clock, one of them may miss its first frame.
    """
    return any(
        differing(forked[max(0, shift) * FRAME :], recorded[max(0, -shift) * FRAME :]) <= 1
        for shift in range(-50, 51)
    )


def differing(ours: sound.Samples, theirs: sound.Samples) -> int:
    """Return how many frames differ."""
    frames = min(len(ours), len(theirs)) // FRAME - 10
    pairs = (each[: frames * FRAME].reshape(-1, FRAME) for each in (ours, theirs))
    return int(np.any(np.not_equal(*pairs), axis=1).sum())


async def test_eight_legs_give_every_sample_that_their_recordings_hold(
    pool_stage: PoolStage, tmp_path: Path
) -> None:
    stage = pool_stage
    legs = [leg for n in range(CALLS) for leg in (f"a{n}", await stage.talk(f"a{n}"))]
    for leg in legs:
        await stage.do(Fork, leg, fork="f")
        paths = {f"{w}_path": str(tmp_path / f"{leg}-{w}.wav") for w in ("received", "sent")}
        await stage.do(Record, leg, recording="r", **paths)
        await stage.until(ForkStarted, leg)
        await stage.until(RecordingStarted, leg)
    for seed, leg in enumerate(legs):
        prompt = sound.write(tmp_path / f"{seed}.wav", sound.noise(2.0, seed))
        await stage.do(Play, leg, prompt="p", path=prompt)
    for leg in legs:
        await stage.until(PromptFinished, leg)
    for leg in legs[::2]:
        await stage.do(Hangup, leg)
    for leg in legs:
        await stage.until(RecordingFinished, leg)
        slices = await stage.fork_of(leg, "f")
        for way in ("received", "sent"):
            recorded = sound.read(tmp_path / f"{leg}-{way}.wav")
            assert same(joined(slices, way), recorded), f"{leg} {way}"
        assert (await stage.until(MediaMeasured, leg, final=True)).packets_lost == 0
