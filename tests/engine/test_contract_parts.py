"""A prompt that comes part by part, and what of a prompt left on the wire, on both engines."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.engine.sound import Samples, find, noise, read, write
from tests.engine.stage import PoolStage, Stage
from workbench.commands import (
    Answer,
    Hangup,
    Hold,
    Mute,
    Play,
    PlayMore,
    Record,
    Resume,
    SendDigits,
    Stop,
    Unmute,
)
from workbench.engine.settings import FRAME_MS
from workbench.signals import (
    DigitsSent,
    HeldByFarEnd,
    MediaStarted,
    Muted,
    PromptFinished,
    PromptStarted,
    RecordingFinished,
    RecordingStarted,
    ResumedByFarEnd,
    Unmuted,
)

pytestmark = pytest.mark.anyio


def parts(folder: Path, *seconds: float) -> list[str]:
    """Write one file of noise for each length."""
    return [
        write(folder / f"part-{number}.wav", noise(each, number))
        for number, each in enumerate(seconds)
    ]


async def wait(stage: Stage, leg: str, halves: int = 1) -> None:
    """Let so many half seconds pass on the engine's own clock."""
    sending = f"wait-{len(stage.signals)}"
    await stage.do(SendDigits, leg, sending=sending, digits="w" * halves)
    await stage.until(DigitsSent, leg, sending=sending)


async def test_parts_are_one_prompt(stage: Stage, tmp_path: Path) -> None:
    await stage.talk()
    first, second, third = parts(tmp_path, 0.31, 0.205, 0.3)
    await stage.do(Play, "a", prompt="p1", path=first, more=True)
    await stage.do(PlayMore, "a", prompt="p1", path=second)
    await stage.do(PlayMore, "a", prompt="p1", path=third, last=True)
    started = await stage.until(PromptStarted, "a")
    finished = await stage.until(PromptFinished, "a")
    assert (finished.outcome, finished.played_ms, finished.late_ms) == ("completed", 815, 0)
    assert [span[:2] for span in finished.spans] == [(0, 815)]
    assert started.media_ms is not None
    assert abs(finished.spans[0][2] - started.media_ms) <= 3 * FRAME_MS


async def test_a_part_that_comes_late_leaves_silence(stage: Stage, tmp_path: Path) -> None:
    far = await stage.talk()
    first, second = parts(tmp_path, 0.2, 0.3)
    await stage.do(Play, "a", prompt="p1", path=first, more=True)
    await stage.until(PromptStarted, "a")
    await wait(stage, far)
    await stage.do(PlayMore, "a", prompt="p1", path=second, last=True)
    finished = await stage.until(PromptFinished, "a")
    assert (finished.outcome, finished.played_ms) == ("completed", 500)
    assert [span[:2] for span in finished.spans] == [(0, 200), (200, 500)]
    gap_ms = finished.spans[1][2] - finished.spans[0][2] - 200
    assert gap_ms >= 200
    assert abs(finished.late_ms - gap_ms) <= 2 * FRAME_MS


async def test_a_part_that_never_comes_fails_the_prompt_after_what_there_was(
    stage: Stage, tmp_path: Path
) -> None:
    await stage.talk()
    (first,) = parts(tmp_path, 0.3)
    await stage.do(Play, "a", prompt="p1", path=first, more=True)
    await stage.do(PlayMore, "a", prompt="p1", last=True, reason="the voice is gone")
    finished = await stage.until(PromptFinished, "a")
    assert (finished.outcome, finished.played_ms) == ("failed", 300)
    assert finished.reason == "the voice is gone"
    assert [span[:2] for span in finished.spans] == [(0, 300)]


async def test_a_part_that_cannot_be_read_is_left_out(stage: Stage, tmp_path: Path) -> None:
    await stage.talk()
    first, last = parts(tmp_path, 0.2, 0.2)
    await stage.do(Play, "a", prompt="p1", path=first, more=True)
    await stage.do(PlayMore, "a", prompt="p1", path=str(tmp_path / "absent.wav"))
    await stage.do(PlayMore, "a", prompt="p1", path=last, last=True)
    finished = await stage.until(PromptFinished, "a")
    assert (finished.outcome, finished.played_ms) == ("failed", 400)
    assert "absent.wav" in finished.reason


async def test_parts_wait_for_audio_as_a_prompt_does(stage: Stage, tmp_path: Path) -> None:
    far = await stage.ring()
    first, second = parts(tmp_path, 0.2, 0.2)
    await stage.do(Play, far, prompt="p1", path=first, more=True)
    await stage.do(PlayMore, far, prompt="p1", path=second, last=True)
    await stage.do(PlayMore, far, prompt="another", path=second, last=True)
    await stage.do(Answer, far)
    await stage.until(MediaStarted, far)
    finished = await stage.until(PromptFinished, far)
    assert (finished.outcome, finished.played_ms) == ("completed", 400)


async def test_what_waits_for_its_next_part_can_be_stopped(
    stage: Stage, tmp_path: Path
) -> None:
    far = await stage.talk()
    first, second = parts(tmp_path, 0.2, 0.2)
    await stage.do(Play, "a", prompt="p1", path=first, more=True)
    await stage.until(PromptStarted, "a")
    await wait(stage, far)
    await stage.do(Stop, "a", prompt="p1")
    finished = await stage.until(PromptFinished, "a")
    assert (finished.outcome, finished.played_ms) == ("interrupted", 200)
    await stage.do(PlayMore, "a", prompt="p1", path=second, last=True)
    await stage.do(Play, "a", prompt="p2", path=second)
    finished = await stage.until(PromptFinished, "a", prompt="p2")
    assert finished.played_ms == 200


@pytest.mark.parametrize("more", [False, True])
async def test_what_is_muted_has_not_left(stage: Stage, tmp_path: Path, more: bool) -> None:
    far = await stage.talk()
    (path,) = parts(tmp_path, 2.0)
    await stage.do(Play, "a", prompt="p1", path=path, more=more)
    if more:
        await stage.do(PlayMore, "a", prompt="p1", last=True)
    await stage.until(PromptStarted, "a")
    await wait(stage, far)
    await stage.do(Mute, "a")
    await stage.until(Muted, "a")
    await wait(stage, far)
    await stage.do(Unmute, "a")
    await stage.until(Unmuted, "a")
    finished = await stage.until(PromptFinished, "a")
    assert (finished.outcome, finished.played_ms) == ("completed", 2000)
    (first, until, _), (since, last, _) = finished.spans
    assert (first, last) == (0, 2000)
    assert 400 <= since - until <= 1500
    assert until >= 300


async def test_a_far_end_that_holds_us_is_sent_nothing(stage: Stage, tmp_path: Path) -> None:
    far = await stage.talk()
    (path,) = parts(tmp_path, 3.0)
    await stage.do(Play, "a", prompt="p1", path=path)
    await stage.until(PromptStarted, "a")
    await wait(stage, far)
    await stage.do(Hold, far, hold="h1")
    await stage.until(HeldByFarEnd, "a")
    await wait(stage, far)
    await stage.do(Resume, far, hold="h2")
    await stage.until(ResumedByFarEnd, "a")
    finished = await stage.until(PromptFinished, "a")
    until, since = finished.spans[0][1], finished.spans[1][0]
    assert finished.spans[0][0] == 0
    assert 300 <= until < since
    assert finished.spans[1][1] == finished.played_ms


@pytest.mark.sip
async def test_parts_are_heard_without_a_gap(pool_stage: PoolStage, tmp_path: Path) -> None:
    stage = pool_stage
    await stage.talk()
    paths = {"received_path": f"{tmp_path}/r.wav", "sent_path": f"{tmp_path}/s.wav"}
    await stage.do(Record, "a", recording="r1", **paths)
    await stage.until(RecordingStarted, "a")
    files = parts(tmp_path, 0.7031, 0.5003, 0.6009)  # no whole frames
    whole: Samples = np.concatenate([read(path) for path in files])
    await stage.do(Play, "a", prompt="p1", path=files[0], more=True)
    await asyncio.gather(
        *(stage.do(PlayMore, "a", prompt="p1", path=path) for path in files[1:])
    )
    await stage.do(PlayMore, "a", prompt="p1", last=True)
    await stage.until(PromptFinished, "a", outcome="completed")
    await stage.do(Hangup, "a")
    await stage.until(RecordingFinished, "a")
    assert find(whole, read(paths["sent_path"])).equal == 1.0
