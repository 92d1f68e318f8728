"""Hold and mute in the simulation: what flows see of them, and what is on record."""

from pathlib import Path

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidAudio, NotAllowedNow
from workbench.flow import Flow, flow
from workbench.replay import replay

pytestmark = pytest.mark.anyio


@flow
async def hold_and_resume(call: CallControl) -> None:
    await call.answer()
    await call.hold()
    await call.hold()
    await call.sleep(3)
    await call.resume()
    await call.resume()
    await call.mute()
    await call.mute()
    await call.unmute()
    await call.unmute()


async def story(folder: Path, ours: Flow, script: FarEnd) -> list[ev.Event]:
    async with Simulation(folder, inbound=ours) as simulation:
        simulation.engine.offer(script)
        ((*history,),) = await simulation.until_closed()
    assert replay(history, ours).equal, str(replay(history, ours))
    return history


def topics(history: list[ev.Event]) -> list[str]:
    kinds = [e.TOPIC.removeprefix("call.") for e in history if e.KIND is not ev.Kind.NOTED]
    return kinds[kinds.index("answered") + 1 :]


def value(history: list[ev.Event]) -> object:
    return next(event.value for event in history if isinstance(event, ev.FlowReturned))


async def test_each_verb_asks_once_and_waits(tmp_path: Path) -> None:
    history = await story(tmp_path, hold_and_resume, FarEnd())
    assert topics(history) == [
        "hold_requested", "held", "timer_requested", "timer_fired", "resume_requested",
        "resumed", "mute_requested", "muted", "unmute_requested", "unmuted",
        "flow_returned", "hangup_requested", "ended",
    ]  # fmt: skip
    (asked,) = (event for event in history if isinstance(event, ev.HoldRequested))
    assert (asked.hold, asked.music) == ("hold-1", "hold.wav")


async def test_a_far_end_that_refuses_to_be_held(tmp_path: Path) -> None:
    @flow
    async def try_to_hold(call: CallControl) -> str:
        await call.answer()
        try:
            await call.hold(music=None)
        except NotAllowedNow as error:
            return str(error)
        return "held"

    history = await story(tmp_path, try_to_hold, FarEnd(reinvites=(488,)))
    assert "Not Acceptable Here (488)" in str(value(history))


async def test_a_glare_is_tried_again(tmp_path: Path) -> None:
    @flow
    async def hold(call: CallControl) -> None:
        await call.answer()
        await call.hold()

    history = await story(tmp_path, hold, FarEnd(reinvites=(491, 491, 200)))
    assert topics(history)[:2] == ["hold_requested", "held"]
    sent = [e.message for e in history if isinstance(e, ev.SipMessageTraced)]
    assert sum(message.startswith("INVITE") for message in sent) == 4


async def test_a_glare_without_end_is_given_up(tmp_path: Path) -> None:
    @flow
    async def hold(call: CallControl) -> str:
        await call.answer()
        try:
            await call.hold()
        except NotAllowedNow as error:
            return str(error)
        return "held"

    history = await story(tmp_path, hold, FarEnd(reinvites=(491,) * 9))
    assert "Request Pending (491)" in str(value(history))


async def test_music_that_is_not_there_holds_nobody(tmp_path: Path) -> None:
    @flow
    async def hold(call: CallControl) -> str:
        await call.answer()
        try:
            await call.hold("no such file.wav")
        except NotAllowedNow as error:
            return str(error)
        return "held"

    history = await story(tmp_path, hold, FarEnd())
    assert topics(history)[:2] == ["hold_requested", "hold_failed"]
    assert "no such file.wav" in str(value(history))


async def test_the_end_of_the_call_ends_a_hold_that_waits(tmp_path: Path) -> None:
    @flow
    async def hold(call: CallControl) -> None:
        await call.answer()
        await call.hold()

    history = await story(tmp_path, hold, FarEnd(reinvites=(491,) * 9, hangs_up_after_s=0.001))
    assert topics(history) == ["hold_requested", "hold_failed", "ended", "flow_returned"]
    (failed,) = (event for event in history if isinstance(event, ev.HoldFailed))
    assert failed.outcome == "interrupted"


async def test_a_flow_sees_that_the_far_end_holds(tmp_path: Path) -> None:
    @flow
    async def watch(call: CallControl) -> list[bool]:
        await call.answer()
        seen = []
        for _ in range(3):
            seen.append(call.held_by_far_end)
            await call.sleep(2)
        return seen

    @flow
    async def hold_for_a_while(call: CallControl) -> None:
        await call.sleep(1)
        await call.hold()
        await call.sleep(2)
        await call.resume()
        await call.sleep(9)

    async with Simulation(tmp_path, inbound=watch) as simulation:
        simulation.dial("sip:b@loopback", hold_for_a_while)
        histories = await simulation.until_closed(2)
    (watched,) = (history for history in histories if isinstance(history[0], ev.Offered))
    assert replay(watched, watch).equal
    assert value(watched) == [False, True, False]
    assert {"held_by_far_end", "resumed_by_far_end"} <= set(topics(watched))


async def test_verbs_before_the_answer_say_what_to_do(tmp_path: Path) -> None:
    @flow
    async def hasty(call: CallControl) -> None:
        with pytest.raises(NotAllowedNow, match=r"await call\.answer\(\)"):
            await call.hold()
        with pytest.raises(NotAllowedNow, match=r"await call\.answer\(\)"):
            await call.mute()
        await call.answer()
        with pytest.raises(InvalidAudio):
            await call.play("no such file.wav")

    history = await story(tmp_path, hasty, FarEnd())
    assert value(history) is None
