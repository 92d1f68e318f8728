"""Second legs in the simulation: both histories, whoever ends what, and their replay."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.simulation import Simulation
from workbench import events as ev
from workbench.call import Call
from workbench.control import CallControl
from workbench.effects.dialling import child_id
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.flow import Flow, flow
from workbench.policy import Policy
from workbench.replay import replay
from workbench.views.call_log import call_row

pytestmark = pytest.mark.anyio

History = list[ev.Event]
BOB = "sip:bob@loopback"


@flow
async def connect(call: CallControl) -> str:
    await call.answer()
    dialled = await call.dial(BOB, headers={"X-Parent": call.id}, ring_timeout=5)
    await call.hangup()
    return f"{dialled.outcome} {dialled.sip_code} {dialled.seconds:g} {bool(dialled)}"


async def story(
    folder: Path,
    ours: Flow,
    callee: FarEnd,
    caller: FarEnd | None = None,
    *,
    calls: int = 2,
    policy: Policy | None = None,
    asked: Flow | None = None,
) -> tuple[History, ...]:
    """Return the histories of the caller's call and of the callee's, both replayed."""
    async with Simulation(folder, inbound=ours, policy=policy) as simulation:
        simulation.engine.far_end("bob", callee)
        simulation.engine.offer(caller or FarEnd(answers_after_s=None))
        histories = await simulation.until_closed(calls)
    histories.sort(key=lambda history: isinstance(history[0], ev.Placed))
    assert replay(histories[0], ours).equal, str(replay(histories[0], ours))
    for history in histories[1:]:
        assert history[0].call_id == child_id(histories[0][0].call_id, "dial-1")
        if asked is not None:
            assert replay(history, asked).equal, str(replay(history, asked))
        assert Call.from_history(history).parent == histories[0][0].call_id
    assert all(Call.from_history(history).closed for history in histories)
    return tuple(histories)


def topics(history: History, after: str = "media_started") -> list[str]:
    kinds = [e.TOPIC.removeprefix("call.") for e in history if e.KIND is not ev.Kind.NOTED]
    return [kind for kind in kinds[kinds.index(after) + 1 :] if kind != "answered"]


def only(history: History, kind: type[ev.Event]) -> Any:
    (event,) = (event for event in history if type(event) is kind)
    return event


async def test_the_callee_talks_and_hangs_up(tmp_path: Path) -> None:
    parent, child = await story(
        tmp_path, connect, FarEnd(answers_after_s=1.0, hangs_up_after_s=7.0)
    )
    assert topics(parent) == [
        "dial_requested", "dial_ringing", "dial_answered", "bridge_requested", "bridged",
        "unbridged", "dial_finished", "hangup_requested", "ended", "flow_returned",
    ]  # fmt: skip
    assert topics(child, "placed") == [
        "ringing", "media_started", "bridged", "unbridged", "ended",
    ]  # fmt: skip
    assert only(parent, ev.FlowReturned).value == "answered 200 7 True"
    assert only(parent, ev.DialAnswered).child == child[0].call_id
    assert only(child, ev.Bridged).other == parent[0].call_id
    assert only(child, ev.Placed).headers == {"X-Parent": parent[0].call_id}
    assert only(child, ev.Ended).by == "callee"
    row = call_row(child)
    assert (row["parent_call_sid"], row["direction"]) == (parent[0].call_id, "outbound-dial")


async def test_the_caller_hangs_up_and_the_callee_is_hung_up(tmp_path: Path) -> None:
    parent, child = await story(
        tmp_path, connect, FarEnd(), FarEnd(answers_after_s=None, hangs_up_after_s=9.0)
    )
    assert topics(parent)[-4:] == ["unbridged", "dial_finished", "ended", "flow_returned"]
    assert only(parent, ev.DialFinished).outcome == "interrupted"
    assert only(parent, ev.DialFinished).seconds == pytest.approx(9.0, abs=0.1)
    ended = only(child, ev.Ended)
    assert (ended.by, ended.reason, ended.q850_cause) == ("app", "the caller has hung up", 16)


async def test_the_caller_gives_up_while_it_rings(tmp_path: Path) -> None:
    parent, child = await story(
        tmp_path, connect, FarEnd(answers_after_s=None),
        FarEnd(answers_after_s=None, hangs_up_after_s=2.0),
    )  # fmt: skip
    assert only(parent, ev.DialFinished).outcome == "interrupted"
    assert only(child, ev.Ended).status == "canceled"


@pytest.mark.parametrize(
    ("callee", "expected"),
    [
        (FarEnd(refuses_with=486), "busy 486 0 False"),
        (FarEnd(refuses_with=480), "no-answer 480 0 False"),
        (FarEnd(refuses_with=603), "declined 603 0 False"),
        (FarEnd(refuses_with=404), "failed 404 0 False"),
        (FarEnd(answers_after_s=None), "no-answer 408 0 False"),
        (FarEnd(responds=False), "failed 408 0 False"),
    ],
)
async def test_a_callee_who_does_not_answer(
    tmp_path: Path, callee: FarEnd, expected: str
) -> None:
    parent, _ = await story(tmp_path, connect, callee)
    assert only(parent, ev.FlowReturned).value == expected


async def test_a_callee_whom_the_policy_refuses(tmp_path: Path) -> None:
    parent, child = await story(tmp_path, connect, FarEnd(), policy=Policy(allow=["192.0.2.1"]))
    assert only(parent, ev.FlowReturned).value == "refused 403 0 False"
    assert topics(child, "placed") == ["refused", "ended"]


async def test_the_flow_gives_up(tmp_path: Path) -> None:
    @flow
    async def impatient(call: CallControl) -> str:
        await call.answer()
        try:
            async with asyncio.timeout(3):
                await call.dial(BOB)
        except TimeoutError:
            await call.sleep(1)
        await call.hangup()
        return "gave up"

    parent, child = await story(tmp_path, impatient, FarEnd(answers_after_s=None))
    assert "dial_cancel_requested" in topics(parent)
    assert only(parent, ev.DialFinished).outcome == "cancelled"
    assert only(child, ev.Ended).reason == "the caller's flow gave it up"


async def test_the_flow_ends_a_conversation_after_its_time(tmp_path: Path) -> None:
    @flow
    async def brief(call: CallControl) -> None:
        await call.answer()
        try:
            async with asyncio.timeout(3):
                await call.dial(BOB)
        except TimeoutError:
            await call.play("goodbye.wav")

    parent, child = await story(tmp_path, brief, FarEnd())
    assert only(parent, ev.DialFinished).outcome == "answered"
    assert only(child, ev.Unbridged).other == parent[0].call_id
    assert only(parent, ev.PromptFinished).outcome == "completed"


async def test_a_whisper_comes_before_the_bridge(tmp_path: Path) -> None:
    @flow
    async def whispering(call: CallControl) -> None:
        await call.answer()
        await call.dial(BOB, whisper="one-moment.wav", music="hold.wav")

    parent, child = await story(tmp_path, whispering, FarEnd(hangs_up_after_s=20.0))
    assert topics(child, "media_started")[:4] == [
        "prompt_requested", "prompt_started", "prompt_finished", "bridged",
    ]  # fmt: skip
    music = only(parent, ev.PromptFinished)
    assert music.outcome == "interrupted"
    kinds = topics(parent)
    assert kinds.index("bridged") < kinds.index("prompt_finished")


@flow
async def connect_with_account(call: CallControl) -> str:
    await call.answer()
    return (await call.dial(BOB, account="sip:alice@pbx.example")).outcome


async def test_a_second_leg_goes_out_with_an_account(tmp_path: Path) -> None:
    refusing = FarEnd(refuses_with=407)
    caller, callee = await story(tmp_path, connect_with_account, refusing)
    placed, finished = only(callee, ev.Placed), only(caller, ev.DialFinished)
    assert (placed.account, placed.from_) == ("sip:alice@pbx.example",) * 2
    assert finished.outcome == "failed"
    assert "the account sip:alice@pbx.example were not accepted" in finished.reason


async def test_music_that_is_missing_gives_the_dial_up(tmp_path: Path) -> None:
    @flow
    async def careless(call: CallControl) -> None:
        await call.answer()
        await call.dial(BOB, music="no such file.wav")

    parent, _ = await story(tmp_path, careless, FarEnd(answers_after_s=None))
    assert only(parent, ev.FlowFailed).error_type == "InvalidAudio"


@flow
async def accept(call: CallControl) -> bool:
    return (await call.gather(1, play="menu.wav", timeout=5)).digits == "1"


@flow
async def ask_first(call: CallControl) -> str:
    await call.answer()
    dialled = await call.dial(BOB, whisper=accept)
    return dialled.outcome


@pytest.mark.parametrize(("key", "expected"), [("1", "answered"), ("2", "declined")])
async def test_a_callee_is_asked_first(tmp_path: Path, key: str, expected: str) -> None:
    callee = FarEnd(digits=((2.0, key),), hangs_up_after_s=30.0)
    parent, child = await story(tmp_path, ask_first, callee, asked=accept)
    assert only(parent, ev.FlowReturned).value == expected
    assert only(child, ev.FlowReturned).value is (expected == "answered")
    assert only(parent, ev.DialRequested).whisper == "flow accept"
    assert (tmp_path / "sources" / f"{accept.version}.py").read_text() == accept.source
    assert ("hangup_requested" in topics(child)) is (expected == "declined")


async def test_a_callee_who_leaves_while_he_is_asked(tmp_path: Path) -> None:
    parent, _ = await story(tmp_path, ask_first, FarEnd(hangs_up_after_s=1.0), asked=accept)
    assert only(parent, ev.FlowReturned).value == "declined"


async def test_what_cannot_be_dialled(tmp_path: Path) -> None:
    wrong: list[Mapping[str, Any]] = [
        {"to": "bob"}, {"to": BOB, "ring_timeout": 0}, {"to": BOB, "whisper": 5},
        {"to": BOB, "from_": "x"}, {"to": BOB, "headers": {"Via": "x"}},
    ]  # fmt: skip

    @flow
    async def careless(call: CallControl) -> None:
        await call.answer()
        for asked in wrong:
            with pytest.raises(InvalidInput):
                await call.dial(**asked)

    (parent,) = await story(tmp_path, careless, FarEnd(), calls=1)
    assert "dial_requested" not in topics(parent)


async def two_callers(
    folder: Path, first: Flow, second: Callable[[str], Flow]
) -> tuple[History, History]:
    """Let two calls be up; the second flow is made with the id of the first."""
    async with Simulation(folder, inbound=first) as simulation:
        simulation.engine.far_end("bob", FarEnd())
        simulation.engine.offer(FarEnd(answers_after_s=None))
        await simulation.until(lambda: "call.answered" in simulation.words())
        (waiting,) = simulation.switchboard.calls
        joining = second(waiting)
        simulation.dial(BOB, joining, "CA02")
        histories = {h[0].call_id: h for h in await simulation.until_closed(2)}
    for call_id, ours in ((waiting, first), ("CA02", joining)):
        assert replay(histories[call_id], ours).equal, str(replay(histories[call_id], ours))
    return histories[waiting], histories["CA02"]


@flow
async def wait(call: CallControl) -> None:
    await call.answer()
    await call.sleep(20)
    await call.until_unbridged()


async def test_two_calls_are_bridged_and_parted(tmp_path: Path) -> None:
    def join(other: str) -> Flow:
        @flow
        async def joining(call: CallControl) -> list[str]:
            await call.bridge(other)
            before = list(call.bridged)
            await call.sleep(1)
            await call.unbridge()
            return [*before, "then", *call.bridged]

        return joining

    waiting, joining = await two_callers(tmp_path, wait, join)
    assert only(joining, ev.FlowReturned).value == [waiting[0].call_id, "then"]
    assert [only(waiting, kind).other for kind in (ev.Bridged, ev.Unbridged)] == ["CA02"] * 2
    assert topics(joining)[1:6] == [
        "bridge_requested", "bridged", "timer_requested", "timer_fired", "unbridge_requested",
    ]  # fmt: skip


async def test_a_bridge_ends_with_the_other_call(tmp_path: Path) -> None:
    def join(other: str) -> Flow:
        @flow
        async def joining(call: CallControl) -> str:
            await call.bridge(other)
            await call.until_unbridged()
            return "alone"

        return joining

    @flow
    async def leave(call: CallControl) -> None:
        await call.answer()
        await call.sleep(5)

    _, joining = await two_callers(tmp_path, leave, join)
    assert only(joining, ev.FlowReturned).value == "alone"
    assert only(joining, ev.Unbridged).reason == "the call is ending"


async def test_a_call_that_is_not_up_cannot_be_bridged(tmp_path: Path) -> None:
    def join(_other: str) -> Flow:
        @flow
        async def joining(call: CallControl) -> str:
            with pytest.raises(NotAllowedNow, match="call CA99 is not up"):
                await call.bridge("CA99")
            with pytest.raises(InvalidInput):
                await call.bridge(call.id)
            return "still here"

        return joining

    _, joining = await two_callers(tmp_path, wait, join)
    assert only(joining, ev.FlowReturned).value == "still here"
    assert Call.from_history(joining).closed
