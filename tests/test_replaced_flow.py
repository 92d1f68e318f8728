"""A call that several flows take, one after another: on record, and in replays."""

import asyncio
from pathlib import Path

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.call import Call
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.flow import Flow, flow
from workbench.replay import replay

pytestmark = pytest.mark.anyio

LONG = FarEnd(digits=((0.5, "12"),), hangs_up_after_s=30.0)


@flow
async def ask(call: CallControl) -> None:
    await call.answer()
    try:
        async with asyncio.timeout(20):
            await call.gather(4, play="menu.wav", timeout=9)
    finally:
        await call.say("never heard")


@flow
async def agent(call: CallControl) -> str:
    digit = await call.gather(1, timeout=1)
    await call.play("goodbye.wav")
    await call.sleep(call.random.uniform(1, 2))
    return digit.digits


@flow
async def menu(call: CallControl) -> None:
    await call.answer()
    await call.gather(1)
    await call.become(agent)


def topics(history: list[ev.Event]) -> list[str]:
    return [e.TOPIC.removeprefix("call.") for e in history if e.KIND is not ev.Kind.NOTED]


async def replaced(
    folder: Path, ours: Flow, *then: tuple[str, Flow], script: FarEnd = LONG
) -> list[ev.Event]:
    """Let other flows take the call over, each as soon as a topic is on record."""
    waiting = list(then)
    async with Simulation(folder, inbound=ours) as simulation:

        def watch(event: ev.Event) -> None:
            if waiting and f"call.{waiting[0][0]}" == event.TOPIC:
                _, following = waiting.pop(0)
                change = f"change-o{len(waiting)}"
                simulation.runner.replace(event.call_id, change, following)

        simulation.switchboard.subscribe(watch)
        simulation.engine.offer(script)
        ((*history,),) = await simulation.until_closed()
    assert not simulation.runner._runs
    return history


async def test_what_was_open_ends_by_decisions_and_the_next_flow_starts(tmp_path: Path) -> None:
    history = await replaced(tmp_path, ask, ("digit_received", agent))
    kinds = topics(history)
    begin = kinds.index("flow_replace_requested")
    end = kinds.index("flow_started", begin)
    assert set(kinds[begin + 1 : end]) <= {
        "prompt_stop_requested", "prompt_finished", "gather_finished", "timer_cancelled",
        "prompt_requested", "digit_received", "flow_replaced", "timer_requested",
    }  # fmt: skip
    assert Call.from_history(history).closed
    flows = [event.flow for event in history if isinstance(event, ev.FlowStarted)]
    assert flows == ["ask", "agent"]
    (asked,) = (e for e in history if isinstance(e, ev.FlowReplaceRequested))
    assert (asked.flow, asked.replacement, asked.replacement_version) == (
        "", "agent", agent.version,
    )  # fmt: skip


@pytest.mark.parametrize("given", [ask, agent, [ask, agent], {"ask": ask, "agent": agent}])
async def test_each_part_replays_exactly(tmp_path: Path, given: object) -> None:
    history = await replaced(tmp_path, ask, ("digit_received", agent))
    result = replay(history, given)  # type: ignore[arg-type]
    assert result.equal, str(result)
    assert result.decisions > 2
    both = replay(history, [ask, agent])
    assert both.decisions == sum(replay(history, each).decisions for each in (ask, agent))
    assert (both.flow, both.flow_version) == ("ask, agent", f"{ask.version}, {agent.version}")


@pytest.mark.parametrize(
    "topic",
    ["flow_started", "answered", "gather_requested", "prompt_started", "prompt_finished",
     "timer_requested", "timer_fired", "gather_finished"],
)  # fmt: skip
async def test_whenever_the_flow_is_cut(tmp_path: Path, topic: str) -> None:
    history = await replaced(
        tmp_path, ask, (topic, agent), script=FarEnd(hangs_up_after_s=60.0)
    )
    result = replay(history, [ask, agent])
    assert result.equal, str(result)
    assert Call.from_history(history).closed


async def test_three_flows_and_the_same_one_twice(tmp_path: Path) -> None:
    history = await replaced(
        tmp_path, ask, ("digit_received", agent), ("prompt_started", ask), script=LONG
    )
    flows = [event.flow for event in history if isinstance(event, ev.FlowStarted)]
    assert flows == ["ask", "agent", "ask"]
    names = [event.gather for event in history if isinstance(event, ev.GatherRequested)]
    assert len(names) == len(set(names))
    for given in (ask, agent, [ask, agent]):
        result = replay(history, given)
        assert result.equal, str(result)


async def test_a_flow_becomes_another(tmp_path: Path) -> None:
    history = await replaced(tmp_path, menu, script=LONG)
    kinds = topics(history)
    begin = kinds.index("flow_replace_requested")
    assert kinds[begin : begin + 3] == [
        "flow_replace_requested", "flow_replaced", "flow_started"
    ]  # fmt: skip
    (asked,) = (e for e in history if isinstance(e, ev.FlowReplaceRequested))
    assert (asked.flow, asked.line > 0) == ("menu", True)
    assert replay(history, [menu, agent]).equal
    (returned,) = (e for e in history if isinstance(e, ev.FlowReturned))
    assert returned.flow == "agent"


async def test_keys_that_nobody_took_are_for_the_next_flow(tmp_path: Path) -> None:
    @flow
    async def patient(call: CallControl) -> None:
        await call.answer()
        await call.gather(1)
        await call.sleep(3)
        await call.become(agent)

    history = await replaced(tmp_path, patient, script=LONG)
    (cut,) = (e for e in history if isinstance(e, ev.FlowReplaced))
    (returned,) = (e for e in history if isinstance(e, ev.FlowReturned))
    assert (cut.digits, returned.value) == ("2", "2")
    for given in (patient, agent):
        assert replay(history, given).equal


async def test_another_agent_diverges_in_its_own_part(tmp_path: Path) -> None:
    @flow(name="agent")
    async def other_agent(call: CallControl) -> None:
        await call.gather(1, timeout=1)
        await call.say("something else")

    history = await replaced(tmp_path, menu, script=LONG)
    result = replay(history, [menu, other_agent])
    assert result.divergence is not None
    assert "something else" in str(result.divergence)
    with pytest.raises(InvalidInput, match=r"taken by menu, agent, and by none of ask"):
        replay(history, [ask])


async def test_a_flow_that_decides_to_become_another_one_diverges(tmp_path: Path) -> None:
    @flow(name="menu")
    async def other_menu(call: CallControl) -> None:
        await call.answer()
        await call.gather(1)
        await call.become(ask)

    history = await replaced(tmp_path, menu, script=LONG)
    result = replay(history, other_menu)
    assert result.divergence is not None
    assert "let flow ask take over" in str(result.divergence)


async def test_what_a_cut_flow_raises_is_on_record(tmp_path: Path) -> None:
    @flow
    async def careless(call: CallControl) -> None:
        await call.answer()
        try:
            await call.sleep(60)
        finally:
            raise LookupError("no such account \ud800")

    history = await replaced(tmp_path, careless, ("timer_requested", agent))
    (cut,) = (e for e in history if isinstance(e, ev.FlowReplaced))
    assert (cut.error_type, cut.error) == ("LookupError", "no such account ?")
    assert replay(history, [careless, agent]).equal


async def test_a_flow_that_clings_to_the_call_is_let_go(tmp_path: Path) -> None:
    @flow
    async def stubborn(call: CallControl) -> None:
        await call.answer()
        while True:
            try:
                await call.sleep(60)
            except asyncio.CancelledError:
                continue

    history = await replaced(tmp_path, stubborn, ("timer_requested", agent))
    assert Call.from_history(history).closed
    assert replay(history, agent).equal


async def test_a_call_without_a_flow_is_given_one(tmp_path: Path) -> None:
    async with Simulation(tmp_path) as simulation:
        simulation.engine.far_end("bob", FarEnd())
        simulation.dial("sip:bob@loopback")

        def watch(event: ev.Event) -> None:
            if isinstance(event, ev.Answered):
                simulation.runner.replace(event.call_id, "change-o1", agent)

        simulation.switchboard.subscribe(watch)
        ((*history,),) = await simulation.until_closed()
    assert "flow_replaced" not in topics(history)
    assert replay(history, agent).equal
    assert replay(history, agent).decisions > 3


async def test_another_flow_for_a_call_that_nobody_has_answered(tmp_path: Path) -> None:
    async with Simulation(tmp_path) as simulation:
        simulation.engine.far_end("bob", FarEnd(answers_after_s=3.0))
        simulation.dial("sip:bob@loopback", ask)

        def watch(event: ev.Event) -> None:
            if isinstance(event, ev.Ringing):
                simulation.runner.replace(event.call_id, "change-o1", agent)

        simulation.switchboard.subscribe(watch)
        ((*history,),) = await simulation.until_closed()
    (started,) = (event for event in history if isinstance(event, ev.FlowStarted))
    assert started.flow == "agent"
    assert replay(history, agent).equal


async def test_a_call_that_is_over_is_taken_by_no_flow(tmp_path: Path) -> None:
    history = await replaced(tmp_path, menu, script=LONG)
    async with Simulation(tmp_path / "other") as simulation:
        with pytest.raises(NotAllowedNow, match="is over"):
            simulation.runner.replace(history[0].call_id, "change-o1", agent)


async def test_only_a_flow_can_follow(tmp_path: Path) -> None:
    @flow
    async def wrong(call: CallControl) -> None:
        with pytest.raises(InvalidInput, match="needs a flow"):
            await call.become("agent")

    history = await replaced(tmp_path, wrong, script=LONG)
    assert "flow_replace_requested" not in topics(history)
