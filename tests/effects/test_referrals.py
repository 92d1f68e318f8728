"""REFER requests that come in, in the simulation: obeyed, refused, and what becomes of whom."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.call import Call
from workbench.control import CallControl
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput
from workbench.flow import Flow, flow
from workbench.policy import Policy
from workbench.replay import replay
from workbench.signals import ReferReceived

pytestmark = pytest.mark.anyio

History = list[ev.Event]
CAROL = "sip:carol@loopback"
OBEDIENT = Policy(refer="allow")


def referrer(to: str = CAROL, seconds: float = 2.0) -> FarEnd:
    return FarEnd(answers_after_s=None, refers_to=(seconds, to))


async def story(
    folder: Path,
    ours: Flow,
    caller: FarEnd,
    *,
    calls: int,
    policy: Policy | None = None,
    **far_ends: FarEnd,
) -> dict[str, History]:
    """Return the histories by whom they call, that of the inbound call as `us`."""
    async with Simulation(folder, inbound=ours, policy=policy) as simulation:
        for user, script in far_ends.items():
            simulation.engine.far_end(user, script)
        simulation.engine.offer(caller)
        histories = await simulation.until_closed(calls)
    met = {}
    for history in histories:
        first = history[0]
        name = first.to[4:].partition("@")[0] if isinstance(first, ev.Placed) else "us"
        met[name] = history
        assert Call.from_history(history).closed
        if any(isinstance(event, ev.FlowStarted) for event in history):
            assert replay(history, ours).equal, str(replay(history, ours))
    return met


def of(history: History, kind: type[ev.Event]) -> list[Any]:
    return [event for event in history if type(event) is kind]


@flow
async def talk(call: CallControl) -> str:
    await call.answer()
    await call.sleep(20)
    return "talked"


async def test_a_refer_is_refused_unless_the_policy_or_the_flow_says_otherwise(
    tmp_path: Path,
) -> None:
    met = await story(tmp_path, talk, referrer(), calls=1)
    assert of(met["us"], ev.ReferReceived) == []
    traced = [event.message for event in of(met["us"], ev.SipMessageTraced)]
    assert any(message.startswith("SIP/2.0 603") for message in traced)


async def test_a_policy_that_obeys_lets_the_flow_take_the_call_to_the_target(
    tmp_path: Path,
) -> None:
    met = await story(
        tmp_path, talk, referrer(), calls=2, policy=OBEDIENT, carol=FarEnd(answers_after_s=1.0)
    )
    (end,) = of(met["us"], ev.ReferFinished)
    assert (end.outcome, end.child) == ("completed", met["carol"][0].call_id)
    assert of(met["us"], ev.Ended)[0].by == "caller"
    assert of(met["carol"], ev.FlowReturned)[0].value == "talked"
    told = [
        event.message
        for event in of(met["us"], ev.SipMessageTraced)
        if event.message.startswith("NOTIFY")
    ]
    states = ["terminated" in message for message in told]
    assert states == [False, False, True]


async def test_a_target_that_the_policy_does_not_admit(tmp_path: Path) -> None:
    policy = Policy(refer="allow", allow=["192.0.2.1"])
    met = await story(tmp_path, talk, referrer(), calls=1, policy=policy)
    (end,) = of(met["us"], ev.ReferFinished)
    assert (end.outcome, end.sip_code, end.child) == ("refused", 603, "")
    assert of(met["us"], ev.Refused)[0].way == "refer"


@pytest.mark.parametrize("to", ["tel:+4990012345", "sip:c@x;maddr=192.0.2.9", "garbage"])
async def test_a_target_that_is_no_sip_address(tmp_path: Path, to: str) -> None:
    met = await story(tmp_path, talk, referrer(to), calls=1, policy=OBEDIENT)
    assert of(met["us"], ev.ReferFinished)[0].outcome == "refused"


async def test_a_target_that_is_busy_leaves_everything_as_it_was(tmp_path: Path) -> None:
    met = await story(
        tmp_path, talk, referrer(), calls=2, policy=OBEDIENT, carol=FarEnd(refuses_with=486)
    )
    (end,) = of(met["us"], ev.ReferFinished)
    assert (end.outcome, end.sip_code) == ("failed", 486)
    assert of(met["us"], ev.FlowReturned)[0].value == "talked"


@flow
async def decide(call: CallControl) -> str:
    await call.answer()
    referral = await call.referral()
    if referral.to != CAROL:
        await call.refuse_refer(referral, 480)
        await call.sleep(1)
        return f"refused {referral.to}"
    referred = await call.accept_refer(referral)
    await call.sleep(20)
    return f"{referred.outcome} {referred.sip_code} {bool(referred)}"


async def test_a_flow_refuses(tmp_path: Path) -> None:
    met = await story(tmp_path, decide, referrer("sip:dave@loopback"), calls=1)
    assert of(met["us"], ev.FlowReturned)[0].value == "refused sip:dave@loopback"
    (end,) = of(met["us"], ev.ReferFinished)
    assert (end.outcome, end.sip_code) == ("refused", 480)


async def test_a_flow_obeys_whatever_the_policy_does_by_itself(tmp_path: Path) -> None:
    for number, policy in enumerate((None, OBEDIENT)):
        met = await story(
            tmp_path / str(number), decide, referrer(), calls=2, policy=policy,
            carol=FarEnd(refuses_with=486),
        )  # fmt: skip
        assert of(met["us"], ev.FlowReturned)[0].value == "failed 486 False"
        assert len(of(met["us"], ev.ReferAcceptRequested)) == 1


async def test_a_refer_that_nobody_decides_ends_with_the_call(tmp_path: Path) -> None:
    @flow
    async def hesitant(call: CallControl) -> None:
        await call.answer()
        await call.referral()
        for wrong in (None, "refer-1"):
            with pytest.raises(InvalidInput):
                await call.accept_refer(wrong)  # type: ignore[arg-type]
        await call.sleep(1)

    met = await story(tmp_path, hesitant, referrer(), calls=1)
    assert of(met["us"], ev.ReferFinished)[0].outcome == "interrupted"


@flow
async def connect(call: CallControl) -> str:
    await call.answer()
    dialled = await call.dial("sip:bob@loopback")
    return f"{dialled.outcome} {dialled.child}"


async def test_a_callee_who_transfers_the_caller_on(tmp_path: Path) -> None:
    met = await story(
        tmp_path, connect, FarEnd(answers_after_s=None), calls=3, policy=OBEDIENT,
        bob=FarEnd(refers_to=(3.0, CAROL)), carol=FarEnd(hangs_up_after_s=10.0),
    )  # fmt: skip
    us, bob, carol = (met[name][0].call_id for name in ("us", "bob", "carol"))
    assert [event.other for event in of(met["us"], ev.Bridged)] == [bob, carol]
    assert of(met["us"], ev.FlowReturned)[0].value == f"answered {carol}"
    assert of(met["bob"], ev.Ended)[0].by == "callee"
    assert Call.from_history(met["carol"]).parent == us
    assert of(met["carol"], ev.Ended)[0].by == "callee"


async def test_a_callee_whose_target_is_busy_goes_on_talking(tmp_path: Path) -> None:
    met = await story(
        tmp_path, connect, FarEnd(answers_after_s=None), calls=3, policy=OBEDIENT,
        bob=FarEnd(refers_to=(3.0, CAROL), hangs_up_after_s=9.0),
        carol=FarEnd(refuses_with=486),
    )  # fmt: skip
    bob = met["bob"][0].call_id
    assert [event.other for event in of(met["us"], ev.Bridged)] == [bob]
    assert of(met["us"], ev.FlowReturned)[0].value == f"answered {bob}"


async def test_a_caller_who_transfers_the_callee_on(tmp_path: Path) -> None:
    met = await story(
        tmp_path, connect, referrer(seconds=5.0), calls=3, policy=OBEDIENT,
        bob=FarEnd(), carol=FarEnd(hangs_up_after_s=10.0),
    )  # fmt: skip
    us, carol = (met[name][0].call_id for name in ("us", "carol"))
    assert [event.other for event in of(met["bob"], ev.Bridged)] == [us, carol]
    assert of(met["us"], ev.Ended)[0].by == "caller"
    assert of(met["bob"], ev.Ended)[0].reason == "the caller has hung up"


async def test_one_refer_is_obeyed_at_a_time(tmp_path: Path) -> None:
    async with Simulation(tmp_path, inbound=talk, policy=OBEDIENT) as simulation:
        simulation.engine.far_end("carol", FarEnd(answers_after_s=3.0))
        leg = simulation.engine.offer(referrer())
        await simulation.until(lambda: "call.refer_accept_requested" in simulation.words())
        simulation.switchboard.report(
            ReferReceived(leg=leg, at=simulation.clock.now(), refer="refer-9", to=CAROL)
        )
        histories = await simulation.until_closed(2)
    (us,) = (history for history in histories if isinstance(history[0], ev.Offered))
    ends = {event.refer: event for event in of(us, ev.ReferFinished)}
    assert (ends["refer-9"].outcome, ends["refer-9"].sip_code) == ("refused", 491)
    assert ends["refer-1"].outcome == "completed"
