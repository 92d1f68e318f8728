"""The simulation: scripted far ends and callers, on a clock that the test moves."""

import pytest

from tests.engine.stage import LoopbackStage
from workbench.clock import EPOCH, ManualClock
from workbench.commands import Answer, Dial, Hangup
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import EngineError
from workbench.signals import (
    Answered,
    DigitReceived,
    MediaMeasured,
    Offered,
    Released,
    Ringing,
    Signal,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage() -> LoopbackStage:
    stage = LoopbackStage()
    await stage.open()
    return stage


def seconds(signal: Signal) -> float:
    """Return when a signal came, counted from the clock's start."""
    return round((signal.at - EPOCH).total_seconds(), 3)


async def dial(stage: LoopbackStage, script: FarEnd) -> None:
    """Call a far end with a script."""
    stage.loopback.far_end("bob", script)
    await stage.do(Dial, "a", uri="sip:bob@loopback", ring_timeout_s=20.0)


async def test_a_far_end_rings_answers_types_and_hangs_up(stage: LoopbackStage) -> None:
    await dial(stage, FarEnd(answers_after_s=3, digits=((1, "42"),), hangs_up_after_s=5))
    assert seconds(await stage.until(Ringing, "a")) == 0
    assert seconds(await stage.until(Answered, "a")) == 3
    first, second = [await stage.until(DigitReceived, "a") for _ in "42"]
    assert [(seconds(digit), digit.digit) for digit in (first, second)] == [
        (4, "4"),
        (4.24, "2"),
    ]
    assert (await stage.until(MediaMeasured, "a")).packets_received == 250
    released = await stage.until(Released, "a")
    assert (seconds(released), released.by, released.sip_code) == (8, "remote", 200)


@pytest.mark.parametrize("code", [486, 404, 480])
async def test_a_far_end_refuses(stage: LoopbackStage, code: int) -> None:
    await dial(stage, FarEnd(refuses_with=code))
    released = await stage.until(Released, "a")
    assert (released.by, released.sip_code) == ("remote", code)


async def test_a_far_end_rings_for_ever(stage: LoopbackStage) -> None:
    await dial(stage, FarEnd(answers_after_s=None))
    released = await stage.until(Released, "a")
    assert (seconds(released), released.sip_code) == (20, 408)


async def test_a_dead_host_is_given_up(stage: LoopbackStage) -> None:
    await dial(stage, FarEnd(responds=False))
    released = await stage.until(Released, "a")
    assert (released.by, released.sip_code) == ("local", 408)


async def test_nobody_takes_a_call_when_nobody_listens() -> None:
    stage = LoopbackStage()
    await stage.engine.start(stage.report)
    await stage.do(Dial, "a", uri="sip:bob@loopback")
    assert (await stage.until(Released, "a")).sip_code == 404


async def test_a_scripted_caller_is_offered_and_gives_up(stage: LoopbackStage) -> None:
    script = FarEnd(gives_up_after_s=2)
    leg = stage.loopback.offer(script, caller="sip:alice@x", headers={"X-Case": "7"})
    offered = await stage.until(Offered, leg)
    assert (offered.from_, offered.headers) == ("sip:alice@x", {"X-Case": "7"})
    released = await stage.until(Released, leg)
    assert (seconds(released), released.by, released.sip_code) == (2, "remote", 487)


async def test_a_scripted_caller_types_once_it_is_answered(stage: LoopbackStage) -> None:
    script = FarEnd(digits=((1, "9"),), gives_up_after_s=30)
    leg = stage.loopback.offer(script)
    await stage.until(Offered, leg)
    await stage.do(Answer, leg)
    assert (await stage.until(DigitReceived, leg)).digit == "9"
    await stage.do(Hangup, leg)
    assert (await stage.until(Released, leg)).by == "local"


async def test_a_call_needs_somebody_who_listens() -> None:
    engine = Loopback(ManualClock())
    with pytest.raises(EngineError, match="listen before"):
        engine.offer(FarEnd())


async def test_the_same_script_gives_the_same_signals() -> None:
    runs = []
    for _ in range(2):
        stage = LoopbackStage()
        await stage.open()
        await dial(stage, FarEnd(answers_after_s=1, digits=((1, "1"),), hangs_up_after_s=4))
        await stage.until(Released, "a")
        runs.append(stage.signals)
    assert runs[0] == runs[1]
