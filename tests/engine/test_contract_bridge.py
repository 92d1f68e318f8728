"""What every engine must do with legs that hear each other."""

import pytest

from tests.engine.stage import Stage
from workbench.commands import Answer, Bridge, Hangup, Unbridge
from workbench.signals import Bridged, Released, Unbridged

pytestmark = pytest.mark.anyio


async def test_two_legs_are_bridged_and_parted(stage: Stage) -> None:
    await stage.talk("a")
    await stage.talk("b")
    await stage.do(Bridge, "a", other="b")
    await stage.until(Bridged, "a", other="b")
    await stage.until(Bridged, "b", other="a")
    await stage.do(Unbridge, "a", other="b")
    await stage.until(Unbridged, "a", other="b", reason="")
    await stage.until(Unbridged, "b", other="a", reason="")


async def test_a_bridge_waits_for_audio(stage: Stage) -> None:
    await stage.talk("a")
    far = await stage.ring("b")
    await stage.do(Bridge, "a", other="b")
    await stage.do(Answer, far)
    await stage.until(Bridged, "b", other="a")
    await stage.until(Bridged, "a", other="b")


async def test_a_bridge_ends_with_either_leg(stage: Stage) -> None:
    await stage.talk("a")
    far = await stage.talk("b")
    await stage.do(Bridge, "a", other="b")
    await stage.until(Bridged, "b")
    await stage.do(Hangup, far)
    assert (await stage.until(Unbridged, "a", other="b")).reason == "the call is ending"
    await stage.until(Released, "b")
    assert [type(signal) for signal in stage.of("b")][-3:-2] == [Unbridged]


async def test_a_leg_hears_several(stage: Stage) -> None:
    for leg in ("a", "b", "c"):
        await stage.talk(leg)
    await stage.do(Bridge, "a", other="b")
    await stage.do(Bridge, "a", other="c", hears=True, heard=False)
    await stage.until(Bridged, "c", other="a")
    await stage.do(Unbridge, "a", other="b")
    await stage.until(Unbridged, "b", other="a")
    await stage.do(Hangup, "a")
    await stage.until(Unbridged, "c", other="a", reason="the call is ending")


async def test_a_second_bridge_replaces_the_first(stage: Stage) -> None:
    await stage.talk("a")
    await stage.talk("b")
    await stage.do(Bridge, "a", other="b")
    await stage.do(Bridge, "b", other="a", heard=False)
    await stage.until(Unbridged, "a", reason="")
    await stage.do(Unbridge, "a", other="b")
    await stage.until(Unbridged, "a", reason="")
    told = [type(each) for each in stage.of("a") if isinstance(each, Bridged | Unbridged)]
    assert told == [Bridged, Unbridged, Bridged, Unbridged]


@pytest.mark.parametrize("other", ["a", "never-was"])
async def test_a_bridge_with_nobody_says_so(stage: Stage, other: str) -> None:
    await stage.talk("a")
    await stage.do(Bridge, "a", other=other)
    assert other in (await stage.until(Unbridged, "a", other=other)).reason


async def test_parting_what_is_not_bridged_does_nothing(stage: Stage) -> None:
    await stage.talk("a")
    await stage.talk("b")
    await stage.do(Unbridge, "a", other="b")
    await stage.do(Hangup, "a")
    await stage.until(Released, "a")
    assert not [each for each in stage.signals if isinstance(each, Unbridged)]
