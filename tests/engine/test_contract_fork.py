"""What every engine must do with the raw audio of a leg."""

import pytest

from tests.engine.stage import Stage
from workbench.commands import Answer, Fork, Hangup, Reject, SendDigits, StopFork
from workbench.engine.slices import FRAME_BYTES, FRAME_MS, Slice
from workbench.signals import DigitsSent, ForkStarted, ForkStopped, Released

pytestmark = pytest.mark.anyio


def check(slices: list[Slice], began: int | None) -> None:
    """Assert that every frame is there, in order, with its time, and an end behind them."""
    expected = 0
    for each in slices:
        assert each.sequence == expected
        assert each.media_ms == (began or 0) + expected * FRAME_MS
        expected += each.frames
    assert [each.last for each in slices] == [False] * (len(slices) - 1) + [True]
    assert slices[-1].frames == 0


async def pass_half_a_second(stage: Stage, leg: str) -> None:
    await stage.do(SendDigits, leg, sending="wait", digits="w")
    await stage.until(DigitsSent, leg, sending="wait")


async def test_every_frame_of_both_directions_comes(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Fork, "a", fork="f1")
    started = await stage.until(ForkStarted, "a", fork="f1")
    await pass_half_a_second(stage, "a")
    await stage.do(StopFork, "a", fork="f1")
    assert (await stage.until(ForkStopped, "a", fork="f1")).reason == ""
    slices = await stage.fork_of("a", "f1")
    check(slices, started.media_ms)
    assert slices[-1].sequence >= 20
    assert all(len(each.received) == len(each.sent) for each in slices)
    await stage.do(StopFork, "a", fork="f1")
    await stage.do(Hangup, far)
    await stage.until(Released, "a")
    assert len([each for each in stage.of("a") if isinstance(each, ForkStopped)]) == 1


@pytest.mark.parametrize("direction", ["received", "sent"])
async def test_one_direction_only(stage: Stage, direction: str) -> None:
    await stage.talk()
    await stage.do(Fork, "a", fork="f1", direction=direction)
    await stage.until(ForkStarted, "a")
    await pass_half_a_second(stage, "a")
    await stage.do(StopFork, "a", fork="f1")
    slices = await stage.fork_of("a", "f1")
    other = {"received": "sent", "sent": "received"}[direction]
    assert not any(getattr(each, other) for each in slices)
    assert all(len(getattr(each, direction)) == each.frames * FRAME_BYTES for each in slices)
    assert slices[-1].sequence >= 20


async def test_a_fork_waits_for_audio_and_ends_with_the_call(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Fork, far, fork="f1")
    await stage.do(Answer, far)
    started = await stage.until(ForkStarted, far)
    await pass_half_a_second(stage, far)
    await stage.do(Hangup, "a")
    assert (await stage.until(ForkStopped, far)).reason == "the call is ending"
    check(await stage.fork_of(far, "f1"), started.media_ms)
    await stage.until(Released, far)


async def test_a_fork_that_never_had_audio_says_so(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Fork, far, fork="f1")
    await stage.do(Reject, far)
    assert (await stage.until(ForkStopped, far, fork="f1")).reason


async def test_a_leg_has_several_forks(stage: Stage) -> None:
    await stage.talk()
    for fork in ("f1", "f2", "f3"):
        await stage.do(Fork, "a", fork=fork)
        await stage.until(ForkStarted, "a", fork=fork)
    await stage.do(StopFork, "a", fork="f2")
    await stage.until(ForkStopped, "a", fork="f2")
    await stage.do(Hangup, "a")
    await stage.until(ForkStopped, "a", fork="f1")
    await stage.until(ForkStopped, "a", fork="f3")
