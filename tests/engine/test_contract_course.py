"""What every engine must do with the course of a call: early media, causes, redirection."""

from collections.abc import Callable

import pytest

from tests.engine.stage import Stage
from workbench.commands import Answer, Hangup, Play, Progress, Redirect, Reject, Ring
from workbench.signals import (
    Answered,
    EarlyMedia,
    MediaMeasured,
    MediaStarted,
    Offered,
    PromptFinished,
    PromptStarted,
    Released,
    Ringing,
)

pytestmark = pytest.mark.anyio

Wav = Callable[[float], str]


async def test_audio_before_the_answer(stage: Stage, wav: Wav) -> None:
    far = await stage.ring()
    await stage.do(Progress, far)
    await stage.do(Play, far, prompt="p1", path=wav(0.2))
    await stage.until(PromptFinished, far, outcome="completed")
    await stage.until(EarlyMedia, "a")
    await stage.do(Answer, far)
    await stage.until(Answered, "a")
    await stage.until(Answered, far)
    await stage.do(Hangup, "a")
    await stage.until(Released, "a")
    await stage.until(Released, far)
    assert [type(signal) for signal in stage.of(far)] == [
        Offered, EarlyMedia, MediaStarted, PromptStarted, PromptFinished, Answered,
        MediaMeasured, Released,
    ]  # fmt: skip
    assert [type(signal) for signal in stage.of("a")] == [
        EarlyMedia, MediaStarted, Answered, MediaMeasured, Released,
    ]  # fmt: skip


async def test_early_media_is_asked_for_once_and_may_ring_first(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Ring, far)
    await stage.until(Ringing, "a")
    await stage.do(Progress, far)
    await stage.do(Progress, far)
    await stage.until(MediaStarted, far)
    await stage.until(EarlyMedia, "a")
    await stage.do(Hangup, "a")
    assert (await stage.until(Released, far)).sip_code == 487
    kinds = [type(signal) for signal in stage.of(far)]
    assert kinds == [Offered, Ringing, EarlyMedia, MediaStarted, MediaMeasured, Released]


async def test_early_media_may_end_in_a_refusal(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Progress, far)
    await stage.until(MediaStarted, far)
    await stage.do(Reject, far, sip_code=404, cause=1, reason="no such number")
    ours, theirs = await stage.until(Released, far), await stage.until(Released, "a")
    assert (ours.by, ours.sip_code, ours.q850_cause) == ("local", 404, 1)
    assert (theirs.by, theirs.sip_code, theirs.q850_cause) == ("remote", 404, 1)
    assert theirs.reason == ours.reason == "no such number"


async def test_a_hang_up_tells_its_cause(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Hangup, "a", cause=31, reason='said "bye"')
    ours, theirs = await stage.until(Released, "a"), await stage.until(Released, far)
    assert (ours.q850_cause, theirs.q850_cause) == (31, 31)
    assert theirs.reason == ours.reason == 'said "bye"'


async def test_a_cancelled_call_tells_its_cause(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Ring, far)
    await stage.until(Ringing, "a")
    await stage.do(Hangup, "a", cause=26, reason="taken elsewhere")
    theirs = await stage.until(Released, far)
    assert (theirs.sip_code, theirs.q850_cause) == (487, 26)
    assert theirs.reason == "taken elsewhere"


async def test_without_a_cause_the_far_end_is_told_nothing(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Hangup, "a", reason="for the record")
    ours, theirs = await stage.until(Released, "a"), await stage.until(Released, far)
    assert ours.reason == "for the record"
    assert (theirs.q850_cause, theirs.reason) == (None, "Normal call clearing")


async def test_a_redirection_tells_whom_to_call_instead(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Ring, far)
    await stage.until(Ringing, "a")
    await stage.do(Redirect, far, uri="sip:carol@127.0.0.1:5099")
    ours, theirs = await stage.until(Released, far), await stage.until(Released, "a")
    assert (ours.by, ours.sip_code, ours.contact) == ("local", 302, "sip:carol@127.0.0.1:5099")
    assert (theirs.by, theirs.sip_code, theirs.contact) == ("remote", 302, ours.contact)
    assert [type(signal) for signal in stage.of(far)] == [Offered, Ringing, Released]


async def test_a_call_that_is_up_is_not_redirected(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Redirect, far, uri="sip:carol@127.0.0.1:5099")
    await stage.do(Hangup, far)
    assert (await stage.until(Released, "a")).sip_code == 200
