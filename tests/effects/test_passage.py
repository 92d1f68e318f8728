"""What the policy refuses leaves its record and nothing else; what lasts too long is ended."""

from pathlib import Path

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput
from workbench.flow import flow
from workbench.policy import Policy
from workbench.replay import replay

pytestmark = pytest.mark.anyio


@flow
async def stay(call: CallControl) -> str:
    """Stay on the line for longer than any policy allows."""
    await call.sleep(100_000)
    return "stayed"


def topics(history: list[ev.Event]) -> list[str]:
    return [event.TOPIC.removeprefix("call.") for event in history]


async def test_a_refused_call_has_its_history_and_nobody_is_called(tmp_path: Path) -> None:
    async with Simulation(tmp_path) as simulation:
        simulation.dial("sip:bob@192.0.2.1", stay)
        [history] = await simulation.until_closed()
    assert topics(history) == ["placed", "refused", "ended"]
    _, refused, ended = history
    assert isinstance(refused, ev.Refused)
    assert isinstance(ended, ev.Ended)
    assert (refused.way, refused.to, refused.rule) == ("dial", "sip:bob@192.0.2.1", "allow")
    assert (ended.by, ended.status, ended.sip_code) == ("app", "failed", 403)
    assert (ended.q850_cause, ended.hangup_cause) == (21, "CALL_REJECTED")
    assert ended.reason == refused.reason
    assert not simulation.runner._runs


async def test_calls_are_counted_until_they_are_over(tmp_path: Path) -> None:
    policy = Policy(calls_at_once=1)
    async with Simulation(tmp_path, policy=policy) as simulation:
        simulation.engine.far_end("bob", FarEnd(hangs_up_after_s=1))
        for number in range(2):
            simulation.dial("sip:bob@loopback", call_id=f"CA{number}")
        await simulation.until_closed(2)
        simulation.dial("sip:bob@loopback", call_id="CA2")
        histories = await simulation.until_closed(3)
    ends = {
        history[0].call_id: (event.status, event.sip_code)
        for history in histories
        for event in history
        if isinstance(event, ev.Ended)
    }
    assert ends == {
        "CA0": ("completed", 200),
        "CA1": ("failed", 503),
        "CA2": ("completed", 200),
    }


async def test_the_longest_call_is_hung_up_with_the_reason(tmp_path: Path) -> None:
    async with Simulation(tmp_path, policy=Policy(longest_call_s=90)) as simulation:
        simulation.engine.far_end("bob", FarEnd())
        simulation.dial("sip:bob@loopback", stay)
        [history] = await simulation.until_closed()
    [ended] = [event for event in history if isinstance(event, ev.Ended)]
    [asked] = [event for event in history if isinstance(event, ev.HangupRequested)]
    assert (ended.by, ended.status) == ("app", "completed")
    assert ended.reason == asked.reason == "the longest time of a call, 90 s, was over"
    assert asked.flow == ""
    answered = next(event for event in history if isinstance(event, ev.Answered))
    assert (asked.at - answered.at).total_seconds() == 90
    assert replay(history, stay).equal


@flow
async def give_up(call: CallControl) -> None:
    """Hang up with a reason, after one that is none."""
    with pytest.raises(InvalidInput, match="up to 200 characters"):
        await call.hangup("x" * 201)
    await call.hangup("nobody spoke")


async def test_a_flow_says_why_it_hangs_up(tmp_path: Path) -> None:
    async with Simulation(tmp_path) as simulation:
        simulation.engine.far_end("bob", FarEnd())
        simulation.dial("sip:bob@loopback", give_up)
        [history] = await simulation.until_closed()
    [ended] = [event for event in history if isinstance(event, ev.Ended)]
    assert (ended.by, ended.reason) == ("app", "nobody spoke")
    assert replay(history, give_up).equal


async def test_a_call_that_is_over_leaves_no_timer(tmp_path: Path) -> None:
    async with Simulation(tmp_path) as simulation:
        simulation.engine.far_end("bob", FarEnd(hangs_up_after_s=1))
        simulation.dial("sip:bob@loopback")
        await simulation.until_closed()
        began = simulation.clock.now()
        while simulation.clock.advance_to_next():
            await simulation.settle()
        assert (simulation.clock.now() - began).total_seconds() < 60


async def test_whoever_asks_is_told_and_it_is_on_record(tmp_path: Path) -> None:
    async with Simulation(tmp_path) as simulation:
        simulation.engine.far_end("bob", FarEnd())
        call = simulation.dial("sip:bob@loopback", stay)
        await simulation.settle()
        effects = simulation.effects
        assert effects.may_go_out(call, "sip:ann@127.0.0.1", "transfer") is None
        for uri, rule in (
            ("sip:x@192.0.2.1", "allow"),
            ("sip:x@127.0.0.1\r\nVia: y", "address"),
        ):
            refusal = effects.may_go_out(call, uri, "transfer")
            assert refusal is not None
            assert refusal.rule == rule
        refused = [
            event for event in simulation.log.history(call) if isinstance(event, ev.Refused)
        ]
    assert [(event.way, event.rule) for event in refused] == [
        ("transfer", "allow"),
        ("transfer", "address"),
    ]
