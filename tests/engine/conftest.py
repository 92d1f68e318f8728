"""The stages on which the contract of the engines is tested."""

import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.engine.stage import LoopbackStage, PoolStage, Stage
from workbench.signals import (
    AnySignal,
    Bridged,
    ForkStarted,
    ForkStopped,
    PromptFinished,
    PromptStarted,
    RecordingFinished,
    RecordingStarted,
    Released,
    TalkFinished,
    TalkStarted,
    Unbridged,
)

BEGUN: dict[type, type] = {
    PromptStarted: PromptFinished,
    RecordingStarted: RecordingFinished,
    ForkStarted: ForkStopped,
    Bridged: Unbridged,
    TalkStarted: TalkFinished,
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["loopback", pytest.param("pool", marks=pytest.mark.sip)])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Open each engine in turn; afterwards check what holds for every leg."""
    stage = LoopbackStage() if request.param == "loopback" else PoolStage()
    await stage.open()
    try:
        yield stage
    finally:
        await stage.close()
    for leg in stage.legs():
        check_leg(stage, leg)


@pytest.fixture
async def pool_stage() -> AsyncIterator[PoolStage]:
    """Open a pool that calls itself."""
    stage = PoolStage()
    await stage.open()
    try:
        yield stage
    finally:
        await stage.close()


@pytest.fixture
def wav(tmp_path: Path) -> Callable[[float], str]:
    """Return a maker of WAV files that last so many seconds."""

    def make(seconds: float, rate: int = 8000) -> str:
        path = tmp_path / f"{seconds}-{rate}.wav"
        if path.exists():
            return str(path)  # a worker may be reading it
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(b"\x00\x10" * int(seconds * rate))
        return str(path)

    return make


def check_leg(stage: Stage, leg: str) -> None:
    """Assert that a leg ended once, and that all that began on it had ended before."""
    story = stage.of(leg)
    assert count(story, Released) == 1, story
    assert isinstance(story[-1], Released), story
    for begin, end in BEGUN.items():
        assert count(story, begin) <= count(story, end), story
    times = [signal.media_ms for signal in story if signal.media_ms is not None]
    assert times == sorted(times)
    assert [signal.at for signal in story] == sorted(signal.at for signal in story)


def count(story: list[AnySignal], kind: type) -> int:
    """Return how many signals of a kind there are."""
    return sum(isinstance(signal, kind) for signal in story)
