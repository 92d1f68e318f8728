"""What a simulated leg notices of its far end; `test_strangers` shows it of real ones."""

import pytest

from workbench.clock import ManualClock
from workbench.commands import Dial
from workbench.engine.loopback import FarEnd, Loopback
from workbench.signals import (
    AnySignal,
    AudioMissing,
    AudioResumed,
    SilenceEnded,
    SilenceStarted,
)

pytestmark = pytest.mark.anyio
NOTICED = AudioMissing | AudioResumed | SilenceStarted | SilenceEnded


async def test_a_far_end_that_falls_dumb() -> None:
    clock, told = ManualClock(), list[AnySignal]()
    engine = Loopback(clock, {"bob": FarEnd(sends_audio=((5.0, False), (10.0, True)))})
    await engine.start(told.append)
    await engine.execute(Dial(leg="a", uri="sip:bob@loopback"))
    clock.advance(30)
    noticed = [type(each) for each in told if isinstance(each, NOTICED)]
    assert noticed == [AudioMissing, AudioResumed, SilenceStarted]
