"""What a held or muted far end really hears: the recordings of two real legs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.engine.stage import PoolStage
from workbench.commands import Hangup, Hold, Mute, Play, Record, Resume, Unmute
from workbench.signals import (
    Held,
    MediaMeasured,
    Muted,
    PromptFinished,
    RecordingFinished,
    RecordingStarted,
    Resumed,
    Unmuted,
)

pytestmark = [pytest.mark.anyio, pytest.mark.sip, pytest.mark.slow]

Wav = Callable[[float], str]
RATE = 8000


async def record(stage: PoolStage, leg: str, folder: Path) -> None:
    paths = {f"{way}_path": str(folder / f"{leg}-{way}.wav") for way in ("received", "sent")}
    await stage.do(Record, leg, recording="r1", **paths)
    await stage.until(RecordingStarted, leg)


async def pass_a_second(stage: PoolStage, leg: str, wav: Wav, name: str) -> None:
    """Let a leg that nobody listens to play, which takes its time."""
    await stage.do(Play, leg, prompt=name, path=wav(1.0))
    await stage.until(PromptFinished, leg, prompt=name)


async def finish(stage: PoolStage, legs: tuple[str, str]) -> None:
    await stage.do(Hangup, legs[0])
    for leg in legs:
        await stage.until(RecordingFinished, leg)


def loud_ms(folder: Path, name: str) -> float:
    samples = soundfile.read(folder / f"{name}.wav", dtype="float32")[0]
    return float(np.count_nonzero(np.abs(samples) > 0.01)) * 1000 / RATE


async def test_music_is_heard_on_hold_and_the_held_end_is_not(
    pool_stage: PoolStage, wav: Wav, tmp_path: Path
) -> None:
    far = await pool_stage.talk()
    await record(pool_stage, "a", tmp_path)
    await record(pool_stage, far, tmp_path)
    await pool_stage.do(Hold, "a", hold="h1", path=wav(0.3))
    await pool_stage.until(Held, "a")
    await pass_a_second(pool_stage, far, wav, "unheard")
    await pool_stage.do(Resume, "a", hold="h2")
    await pool_stage.until(Resumed, "a")
    await finish(pool_stage, ("a", far))
    assert loud_ms(tmp_path, f"{far}-received") > 900
    assert loud_ms(tmp_path, "a-sent") > 900
    assert loud_ms(tmp_path, "a-received") < 100
    # Two re-INVITEs, three streams: the recording keeps its clock, the counts add up.
    received, sent = (
        soundfile.info(tmp_path / f"a-{way}.wav").duration for way in ("received", "sent")
    )
    assert abs(received - sent) <= 0.04
    counted = await pool_stage.until(MediaMeasured, "a", final=True)
    assert counted.packets_sent * 0.02 > 0.9 * sent


async def test_a_prompt_takes_the_place_of_the_music(
    pool_stage: PoolStage, wav: Wav, tmp_path: Path
) -> None:
    far = await pool_stage.talk()
    await pool_stage.do(Hold, "a", hold="h1")
    await pool_stage.until(Held, "a")
    await record(pool_stage, far, tmp_path)
    await record(pool_stage, "a", tmp_path)
    await pass_a_second(pool_stage, "a", wav, "heard")
    await finish(pool_stage, ("a", far))
    assert loud_ms(tmp_path, f"{far}-received") > 900


async def test_a_muted_prompt_is_not_heard(
    pool_stage: PoolStage, wav: Wav, tmp_path: Path
) -> None:
    far = await pool_stage.talk()
    await record(pool_stage, "a", tmp_path)
    await record(pool_stage, far, tmp_path)
    await pool_stage.do(Mute, "a")
    await pool_stage.until(Muted, "a")
    await pass_a_second(pool_stage, "a", wav, "muted")
    assert loud_ms_so_far(tmp_path, "a-sent") == 0
    await pool_stage.do(Unmute, "a")
    await pool_stage.until(Unmuted, "a")
    await pass_a_second(pool_stage, "a", wav, "heard")
    await finish(pool_stage, ("a", far))
    assert 900 < loud_ms(tmp_path, "a-sent") < 1200
    assert 800 < loud_ms(tmp_path, f"{far}-received") < 1200


def loud_ms_so_far(folder: Path, name: str) -> float:
    """Read a file whose header has no sizes yet."""
    samples = np.frombuffer((folder / f"{name}.wav").read_bytes()[44:], "<i2")
    return float(np.count_nonzero(np.abs(samples) > 300)) * 1000 / RATE
