"""What every engine must do with hold and mute: what was asked for has one end."""

from collections.abc import Callable

import pytest

from tests.engine.stage import Stage
from workbench.commands import Hangup, Hold, Mute, Play, Record, Resume, Unmute
from workbench.signals import (
    Answered,
    Held,
    HeldByFarEnd,
    HoldFailed,
    MediaMeasured,
    MediaStarted,
    Muted,
    Offered,
    PromptFinished,
    PromptStarted,
    RecordingFinished,
    RecordingStarted,
    Released,
    Resumed,
    ResumedByFarEnd,
    Unmuted,
)

pytestmark = pytest.mark.anyio

Wav = Callable[[float], str]


async def test_hold_with_music_and_back(stage: Stage, wav: Wav) -> None:
    far = await stage.talk()
    await stage.do(Hold, "a", hold="h1", path=wav(0.2))
    await stage.until(Held, "a", hold="h1")
    await stage.until(HeldByFarEnd, far)
    await stage.do(Resume, "a", hold="h2")
    await stage.until(Resumed, "a", hold="h2")
    await stage.until(ResumedByFarEnd, far)
    await stage.do(Hangup, "a")
    await stage.until(Released, "a")
    await stage.until(Released, far)
    assert [type(signal) for signal in stage.of("a")] == [
        MediaStarted, Answered, Held, Resumed, MediaMeasured, Released,
    ]  # fmt: skip
    assert [type(signal) for signal in stage.of(far)] == [
        Offered, MediaStarted, Answered, HeldByFarEnd, ResumedByFarEnd, MediaMeasured, Released,
    ]  # fmt: skip


async def test_both_ends_hold_each_other(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Hold, "a", hold="h1")
    await stage.until(Held, "a")
    await stage.until(HeldByFarEnd, far)
    await stage.do(Hold, far, hold="h1")
    await stage.until(Held, far)
    await stage.until(HeldByFarEnd, "a")
    await stage.do(Resume, "a", hold="h2")
    await stage.until(Resumed, "a")
    await stage.until(ResumedByFarEnd, far)


async def test_a_prompt_and_a_recording_go_on_through_a_hold(
    stage: Stage, wav: Wav, tmp_path: pytest.TempPathFactory
) -> None:
    far = await stage.talk()
    paths = {"received_path": f"{tmp_path}/r.wav", "sent_path": f"{tmp_path}/s.wav"}
    await stage.do(Record, "a", recording="r1", **paths)
    await stage.until(RecordingStarted, "a")
    await stage.do(Play, "a", prompt="p1", path=wav(1.0))
    await stage.until(PromptStarted, "a")
    await stage.do(Hold, "a", hold="h1")
    await stage.until(Held, "a")
    finished = await stage.until(PromptFinished, "a")
    assert (finished.outcome, finished.played_ms) == ("completed", 1000)
    await stage.do(Hangup, "a")
    assert (await stage.until(RecordingFinished, "a")).reason == ""
    await stage.until(Released, far)


async def test_what_was_counted_before_a_hold_counts_after_it(stage: Stage, wav: Wav) -> None:
    """A re-INVITE begins another stream, whose counts are added to those before."""
    await stage.talk()
    for number in range(2):
        await stage.do(Play, "a", prompt=f"p{number}", path=wav(1.0))
        await stage.until(PromptFinished, "a", prompt=f"p{number}")
        await stage.do(Hold, "a", hold=f"h{number}")
        await stage.until(Held, "a")
        await stage.do(Resume, "a", hold=f"r{number}")
        await stage.until(Resumed, "a")
    await stage.do(Hangup, "a")
    measured = await stage.until(MediaMeasured, "a")
    assert measured.packets_sent >= 90  # of 100 in the two prompts alone


async def test_one_hold_at_a_time(stage: Stage) -> None:
    await stage.talk()
    await stage.do(Hold, "a", hold="h1")
    await stage.do(Resume, "a", hold="h2")
    failed = await stage.until(HoldFailed, "a")
    assert (failed.hold, failed.outcome) == ("h2", "failed")
    await stage.until(Held, "a", hold="h1")


async def test_the_end_of_the_call_ends_its_hold_first(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Hold, "a", hold="h1")
    await stage.do(Hangup, "a")
    assert (await stage.until(HoldFailed, "a")).outcome == "interrupted"
    await stage.until(Released, "a")
    await stage.until(Released, far)


async def test_a_call_that_is_not_up_is_not_held(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Hold, far, hold="h1")
    failed = await stage.until(HoldFailed, far)
    assert (failed.outcome, failed.reason) == ("failed", "the call is not up")


async def test_mute_and_unmute_while_a_prompt_plays(stage: Stage, wav: Wav) -> None:
    far = await stage.talk()
    await stage.do(Play, "a", prompt="p1", path=wav(0.4))
    await stage.until(PromptStarted, "a")
    await stage.do(Mute, "a")
    await stage.do(Mute, "a")
    await stage.until(Muted, "a")
    await stage.do(Unmute, "a")
    await stage.until(Unmuted, "a")
    assert (await stage.until(PromptFinished, "a")).outcome == "completed"
    await stage.do(Hangup, far)
    await stage.until(Released, "a")
    assert [type(signal) for signal in stage.of("a")] == [
        MediaStarted, Answered, PromptStarted, Muted, Muted, Unmuted, PromptFinished,
        MediaMeasured, Released,
    ]  # fmt: skip
