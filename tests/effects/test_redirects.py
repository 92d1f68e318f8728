"""Redirection and time limits in the simulation: asked of the policy, and on record."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.flow import Flow, flow
from workbench.policy import Policy
from workbench.replay import replay

pytestmark = pytest.mark.anyio


@flow
async def send_away(call: CallControl) -> str:
    try:
        await call.redirect("sip:carol@loopback")
    except NotAllowedNow as error:
        return str(error)
    return f"ended: {call.ended}"


@flow
async def talk(call: CallControl) -> None:
    await call.sleep(60)


async def inbound(
    folder: Path, ours: Flow, script: FarEnd, policy: Policy | None = None
) -> list[ev.Event]:
    async with Simulation(folder, inbound=ours, policy=policy) as simulation:
        simulation.engine.offer(script)
        ((*history,),) = await simulation.until_closed()
    assert replay(history, ours).equal, str(replay(history, ours))
    return history


async def outbound(
    folder: Path, scripts: dict[str, FarEnd], policy: Policy | None = None, **placed: Any
) -> list[ev.Event]:
    async with Simulation(folder, policy=policy) as simulation:
        for user, script in scripts.items():
            simulation.engine.far_end(user, script)
        simulation.runner.assign("CA01", talk)
        simulation.switchboard.place(
            "CA01", from_="", to="sip:alice@loopback", headers={}, **placed
        )
        ((*history,),) = await simulation.until_closed()
    assert replay(history, talk).equal
    return history


def topics(history: list[ev.Event]) -> list[str]:
    return [e.TOPIC.removeprefix("call.") for e in history if e.KIND is not ev.Kind.NOTED]


def ended(history: list[ev.Event]) -> ev.Ended:
    (found,) = (event for event in history if isinstance(event, ev.Ended))
    return found


async def test_a_caller_is_sent_away(tmp_path: Path) -> None:
    history = await inbound(tmp_path, send_away, FarEnd(answers_after_s=None))
    assert topics(history) == [
        "offered", "flow_started", "redirect_requested", "ended", "flow_returned"
    ]  # fmt: skip
    end = ended(history)
    assert (end.by, end.sip_code, end.contact) == ("app", 302, "sip:carol@loopback")


async def test_a_policy_lets_no_caller_be_sent_where_nobody_may_be_called(
    tmp_path: Path,
) -> None:
    policy = Policy(allow=["bob@loopback"])
    history = await inbound(tmp_path, send_away, FarEnd(answers_after_s=None), policy)
    assert topics(history)[:4] == ["offered", "flow_started", "redirect_requested", "refused"]
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert "may not be redirected" in returned.value


async def test_an_address_that_cannot_be_called_is_refused_before_it_is_on_record(
    tmp_path: Path,
) -> None:
    @flow
    async def wrong(call: CallControl) -> None:
        with pytest.raises(InvalidInput):
            await call.redirect("sip:c@x?Replaces=1")
        with pytest.raises(InvalidInput):
            await call.limit(0)

    history = await inbound(tmp_path, wrong, FarEnd(answers_after_s=None))
    assert "redirect_requested" not in topics(history)


MOVED = FarEnd(refuses_with=302, contact="sip:bob@loopback")


async def test_a_redirection_is_not_followed_unless_it_was_asked_for(tmp_path: Path) -> None:
    history = await outbound(tmp_path, {"alice": MOVED, "bob": FarEnd()})
    assert topics(history) == ["placed", "ended"]
    end = ended(history)
    assert (end.status, end.sip_code, end.contact) == ("failed", 302, "sip:bob@loopback")


async def test_a_redirection_is_followed_by_another_leg_of_the_call(tmp_path: Path) -> None:
    scripts = {
        "alice": MOVED,
        "bob": FarEnd(refuses_with=302, contact="sip:carol@loopback"),
        "carol": FarEnd(hangs_up_after_s=3.0),
    }
    history = await outbound(tmp_path, scripts, follow_redirects=2)
    assert topics(history)[:4] == [
        "placed",
        "redirected",
        "redirected",
        "ringing",
    ]
    followed = [event.to for event in history if isinstance(event, ev.Redirected)]
    assert followed == ["sip:bob@loopback", "sip:carol@loopback"]
    assert (ended(history).by, ended(history).status) == ("callee", "completed")


async def test_a_circle_of_redirections_comes_to_an_end(tmp_path: Path) -> None:
    circle = FarEnd(refuses_with=302, contact="sip:alice@loopback")
    history = await outbound(tmp_path, {"alice": circle}, follow_redirects=3)
    assert topics(history) == ["placed", *["redirected"] * 3, "ended"]


async def test_each_target_is_asked_of_the_policy(tmp_path: Path) -> None:
    history = await outbound(
        tmp_path, {"alice": MOVED}, Policy(allow=["alice@loopback"]), follow_redirects=2
    )
    assert topics(history) == ["placed", "redirected", "refused", "ended"]
    (refused,) = (event for event in history if isinstance(event, ev.Refused))
    assert (refused.way, refused.to) == ("redirect", "sip:bob@loopback")
    assert (ended(history).by, ended(history).sip_code) == ("app", 403)


async def test_a_time_limit_runs_from_the_answer(tmp_path: Path) -> None:
    history = await outbound(tmp_path, {"alice": FarEnd(answers_after_s=5.0)}, time_limit_s=7.0)
    (answered,) = (event for event in history if isinstance(event, ev.Answered))
    assert (ended(history).at - answered.at).total_seconds() == 7.0
    assert ended(history).reason == "the time limit of this call, 7 s, was over"
    (asked,) = (event for event in history if isinstance(event, ev.HangupRequested))
    assert asked.flow == ""


async def test_the_longest_call_of_the_policy_is_the_ceiling(tmp_path: Path) -> None:
    history = await outbound(
        tmp_path, {"alice": FarEnd()}, Policy(longest_call_s=4), time_limit_s=7.0
    )
    assert ended(history).reason == "the longest time of a call, 4 s, was over"


async def test_a_flow_limits_its_call_and_thinks_again(tmp_path: Path) -> None:
    @flow
    async def short(call: CallControl) -> None:
        await call.limit(30)
        await call.answer()
        await call.sleep(2)
        await call.limit(5)
        await call.sleep(60)

    history = await inbound(tmp_path, short, FarEnd())
    (answered,) = (event for event in history if isinstance(event, ev.Answered))
    assert (ended(history).at - answered.at).total_seconds() == 5.0


async def test_a_limit_that_is_over_already_ends_the_call_at_once(tmp_path: Path) -> None:
    @flow
    async def late(call: CallControl) -> None:
        await call.answer()
        await call.sleep(9)
        await call.limit(5)
        await call.sleep(60)

    history = await inbound(tmp_path, late, FarEnd())
    (answered,) = (event for event in history if isinstance(event, ev.Answered))
    assert (ended(history).at - answered.at).total_seconds() == 9.0
