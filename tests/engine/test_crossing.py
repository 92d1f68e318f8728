"""Bridges between legs of different workers: what one says, the other hears."""

import os
import signal
from pathlib import Path

import pytest

from tests.engine import sound
from tests.engine.stage import PoolStage
from workbench.commands import Bridge, Hangup, Play, Record, Unbridge
from workbench.signals import (
    Bridged,
    PromptFinished,
    RecordingFinished,
    RecordingStarted,
    Released,
    Unbridged,
)

pytestmark = [pytest.mark.anyio, pytest.mark.sip]


async def crossed(stage: PoolStage) -> tuple[str, str]:
    """Bridge leg a with the far leg of b, in another worker; return both far legs."""
    far_a, far_b = await stage.talk("a"), await stage.talk("b")
    assert stage.pool.worker_of("a") != stage.pool.worker_of(far_b)
    await stage.do(Bridge, "a", other=far_b)
    await stage.until(Bridged, "a", other=far_b)
    await stage.until(Bridged, far_b, other="a")
    return far_a, far_b


async def record(stage: PoolStage, leg: str, folder: Path) -> dict[str, str]:
    """Record a leg; return the paths of its files."""
    paths = {f"{way}_path": str(folder / f"{leg}-{way}.wav") for way in ("received", "sent")}
    await stage.do(Record, leg, recording="r", **paths)
    await stage.until(RecordingStarted, leg)
    return paths


async def test_what_one_leg_says_the_other_hears(pool_stage: PoolStage, tmp_path: Path) -> None:
    stage = pool_stage
    far_a, far_b = await crossed(stage)
    files = {leg: await record(stage, leg, tmp_path) for leg in ("a", "b", far_a, far_b)}
    for seed, leg in enumerate((far_a, "b")):
        prompt = sound.write(tmp_path / f"{seed}.wav", sound.noise(3.0, seed))
        await stage.do(Play, leg, prompt="p", path=prompt)
    for leg in (far_a, "b"):
        await stage.until(PromptFinished, leg)
    for leg in ("a", "b"):
        await stage.do(Hangup, leg)
    for leg in files:
        await stage.until(RecordingFinished, leg)
    heard = {leg: sound.read(files[leg]["received_path"]) for leg in files}
    spoken = {leg: sound.read(files[leg]["sent_path"]) for leg in files}
    for said, through, listener in ((far_a, "a", "b"), ("b", far_b, far_a)):
        begin = sound.find(sound.noise(3.0, (far_a, "b").index(said)), heard[through]).at
        told = heard[through][begin : begin + 2 * sound.RATE]
        assert sound.alike(told, heard[listener]) >= 0.8, f"{said} to {listener}"
    told = heard["a"][-4 * sound.RATE : -2 * sound.RATE]
    assert sound.alike(told, spoken[far_b]) >= 0.8, "the recording of what is sent"


async def test_one_direction_only(pool_stage: PoolStage, tmp_path: Path) -> None:
    stage = pool_stage
    far_a, far_b = await crossed(stage)
    await stage.do(Bridge, "a", other=far_b, hears=False)
    await stage.until(Bridged, far_b, other="a")
    files = {leg: await record(stage, leg, tmp_path) for leg in ("b", far_a)}
    for leg in (far_a, "b"):
        prompt = sound.write(tmp_path / f"{leg}.wav", sound.noise(1.0, 7))
        await stage.do(Play, leg, prompt="p", path=prompt)
        await stage.until(PromptFinished, leg)
    for leg in ("a", "b"):
        await stage.do(Hangup, leg)
        await stage.until(Released, leg)
    for leg in files:
        await stage.until(RecordingFinished, leg)
    assert sound.read(files["b"]["received_path"]).any()
    assert not sound.read(files[far_a]["received_path"]).any()


async def test_either_side_parts_both(pool_stage: PoolStage) -> None:
    _, far_b = await crossed(pool_stage)
    await pool_stage.do(Unbridge, far_b, other="a")
    await pool_stage.until(Unbridged, "a", other=far_b, reason="")
    await pool_stage.until(Unbridged, far_b, other="a", reason="")
    await pool_stage.do(Bridge, "a", other=far_b)
    await pool_stage.until(Bridged, far_b)
    await pool_stage.do(Hangup, "b")
    await pool_stage.until(Unbridged, far_b, reason="the call is ending")
    await pool_stage.until(Unbridged, "a", other=far_b)


async def test_a_lost_worker_parts_the_bridge(pool_stage: PoolStage) -> None:
    _, far_b = await crossed(pool_stage)
    worker = pool_stage.pool.worker_of(far_b)
    assert worker is not None
    os.kill(pool_stage.pool.workers[worker], signal.SIGKILL)
    await pool_stage.until(Unbridged, "a", other=far_b)


async def test_ports_are_lent_again_and_again(pool_stage: PoolStage) -> None:
    _, far_b = await crossed(pool_stage)
    for _ in range(40):
        await pool_stage.do(Bridge, "a", other=far_b)
        await pool_stage.until(Bridged, "a")
        await pool_stage.until(Bridged, far_b)
    assert not [
        each for each in pool_stage.signals if isinstance(each, Unbridged) and each.reason
    ]
