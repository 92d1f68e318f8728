"""Transfers in the simulation: what flows see of them, and what is on record."""

from pathlib import Path

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import NotAllowedNow
from workbench.flow import Flow, flow
from workbench.policy import Policy
from workbench.replay import replay

pytestmark = pytest.mark.anyio

TARGET = "sip:carol@loopback"


@flow
async def hand_on(call: CallControl) -> str:
    await call.answer()
    transferred = await call.transfer(TARGET, timeout=10)
    await call.hangup()
    return f"{transferred.outcome} {transferred.sip_code} {transferred.reason}"


async def story(
    folder: Path, script: FarEnd, ours: Flow = hand_on, policy: Policy | None = None
) -> list[ev.Event]:
    async with Simulation(folder, inbound=ours, policy=policy) as simulation:
        simulation.engine.offer(script)
        ((*history,),) = await simulation.until_closed()
    assert replay(history, ours).equal, str(replay(history, ours))
    return history


def topics(history: list[ev.Event]) -> list[str]:
    kinds = [e.TOPIC.removeprefix("call.") for e in history if e.KIND is not ev.Kind.NOTED]
    return kinds[kinds.index("answered") + 1 :]


def value(history: list[ev.Event]) -> object:
    return next(event.value for event in history if isinstance(event, ev.FlowReturned))


async def test_a_transfer_that_succeeds(tmp_path: Path) -> None:
    history = await story(tmp_path, FarEnd())
    assert topics(history) == [
        "transfer_requested", "transfer_progressed", "transfer_progressed",
        "transfer_finished", "hangup_requested", "ended", "flow_returned",
    ]  # fmt: skip
    assert value(history) == "completed 200 OK"


async def test_a_transfer_that_fails(tmp_path: Path) -> None:
    history = await story(tmp_path, FarEnd(transfer=((1.0, 486),)))
    assert value(history) == "failed 486 Busy Here"


async def test_a_far_end_that_refuses(tmp_path: Path) -> None:
    assert value(await story(tmp_path, FarEnd(transfer=None))) == "failed 603 Decline"


async def test_a_far_end_that_says_nothing(tmp_path: Path) -> None:
    history = await story(tmp_path, FarEnd(transfer=()))
    assert value(history) == "failed 408 the far end said nothing final within 10 s"


async def test_a_far_end_that_leaves(tmp_path: Path) -> None:
    history = await story(tmp_path, FarEnd(transfer=(), hangs_up_after_s=2.0))
    assert topics(history)[-3:] == ["transfer_finished", "ended", "flow_returned"]
    (finished,) = (event for event in history if isinstance(event, ev.TransferFinished))
    assert finished.outcome == "interrupted"


async def test_a_target_that_the_policy_refuses(tmp_path: Path) -> None:
    @flow
    async def careless(call: CallControl) -> str:
        await call.answer()
        with pytest.raises(NotAllowedNow, match="may not be transferred"):
            await call.transfer(TARGET)
        return "still here"

    history = await story(tmp_path, FarEnd(), careless, Policy(allow=["192.0.2.1"]))
    assert topics(history) == [
        "transfer_requested", "refused", "transfer_finished", "flow_returned",
        "hangup_requested", "ended",
    ]  # fmt: skip
    assert value(history) == "still here"


async def test_a_transfer_after_the_end_has_an_end_too(tmp_path: Path) -> None:
    @flow
    async def hasty(call: CallControl) -> None:
        await call.answer()
        await call.sleep(1.0)
        await call.transfer(TARGET)

    history = await story(tmp_path, FarEnd(hangs_up_after_s=1.0), hasty)
    begun = [event for event in history if isinstance(event, ev.TransferRequested)]
    ended = [event for event in history if isinstance(event, ev.TransferFinished)]
    assert len(begun) == len(ended)


async def attended(folder: Path, other: str, ours: str = "CA01") -> list[list[ev.Event]]:
    """Let one of two calls be transferred to another; return the histories, its own last."""

    @flow
    async def consult(call: CallControl) -> None:
        await call.sleep(30)

    @flow
    async def connect(call: CallControl) -> str:
        transferred = await call.transfer_to(other)
        return f"{transferred.outcome} {transferred.sip_code} {transferred.reason}"

    async with Simulation(folder) as simulation:
        for user in ("bob", "carol"):
            simulation.engine.far_end(user, FarEnd())
        simulation.dial("sip:carol@loopback", consult, "CA02")
        await simulation.until(lambda: "call.flow_started" in simulation.words())
        simulation.dial("sip:bob@loopback", connect, ours)
        histories = await simulation.until_closed(2)
    for history in histories:
        mine = connect if history[0].call_id == ours else consult
        assert replay(history, mine).equal
    return sorted(histories, key=lambda history: history[0].call_id, reverse=True)


def refers(history: list[ev.Event]) -> list[str]:
    return [
        event.message
        for event in history
        if isinstance(event, ev.SipMessageTraced) and event.message.startswith("REFER ")
    ]


async def test_an_attended_transfer_names_the_dialog_of_the_other_call(tmp_path: Path) -> None:
    _, history = await attended(tmp_path, "CA02")
    assert value(history) == "completed 200 OK"
    (message,) = refers(history)
    assert (
        "Refer-To: <sip:carol@loopback?Replaces="
        "call-1%40loopback%3Bto-tag%3Dcallee%3Bfrom-tag%3Dcaller>"
    ) in message


async def test_a_call_that_is_not_up_cannot_be_taken_over(tmp_path: Path) -> None:
    _, history = await attended(tmp_path, "CA99")
    assert value(history) == "failed 481 call CA99 is not up"
    assert refers(history) == []
