"""Verbs from outside, asked on another thread while a flow runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench import events as ev
from workbench.bench import Workbench
from workbench.clock import SystemClock
from workbench.control import CallControl, Played
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import InvalidAudio, InvalidInput, NotAllowedNow
from workbench.flow import flow
from workbench.handle import CallHandle


@flow
async def listen(call: CallControl) -> str:
    played = await call.play("hold.wav", loop=0)
    return played.outcome


@flow
async def take_over(call: CallControl) -> str:
    await call.hangup("taken over")
    return "done"


@flow
async def hand_over(call: CallControl) -> None:
    await call.become(take_over)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    far_ends = {"bob": FarEnd(), "fussy": FarEnd(reinvites=(488,)), "slow": RINGS}
    with Workbench(tmp_path / "store", engine=Loopback(SystemClock(), far_ends)) as bench:
        yield bench


RINGS = FarEnd(answers_after_s=None)


def talking(bench: Workbench, user: str = "bob") -> CallHandle:
    return bench.dial(f"sip:{user}@loopback", flow=listen).wait_answered(10)


def decided(call: CallHandle) -> list[str]:
    return [
        event.TOPIC.removeprefix("call.")
        for event in call.history
        if isinstance(event, ev.Decision) and not event.flow
    ]


def test_each_verb_waits_for_its_end_and_the_flow_goes_on(bench: Workbench) -> None:
    call = talking(bench)
    call.hold()
    assert call.state.held
    call.resume()
    call.mute()
    assert call.state.muted
    call.unmute()
    recording = call.record()
    call.pause_recording()
    call.resume_recording()
    call.stop_recording()
    call.limit(3600)
    call.send_digits("1")
    call.hangup()
    history = call.wait(10).history
    assert decided(call) == [
        "hold_requested", "resume_requested", "mute_requested", "unmute_requested",
        "record_requested", "record_pause_requested", "record_resume_requested",
        "record_stop_requested", "limit_requested", "digits_requested", "hangup_requested",
    ]  # fmt: skip
    assert recording.startswith("recording-v")
    assert bench.replay(call, listen).equal
    causes = [e.caused_by for e in history if isinstance(e, ev.HoldRequested)]
    assert causes == [next(e.version for e in history if isinstance(e, ev.HoldRequested)) - 1]


def test_a_prompt_from_outside_takes_the_place_of_the_flow_s(bench: Workbench) -> None:
    call = talking(bench)
    assert call.play("one-moment.wav", wait=False) is None
    history = call.wait(30).history
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == "interrupted"
    assert bench.replay(call, listen).equal


def test_a_prompt_from_outside_is_waited_for(bench: Workbench) -> None:
    call = bench.dial("sip:bob@loopback").wait_answered(10)
    played = call.play("connecting.wav")
    assert isinstance(played, Played)
    assert played.outcome == "completed"
    call.hangup()
    call.wait(10)


def test_what_the_flow_plays_is_stopped_from_outside(bench: Workbench) -> None:
    call = talking(bench)
    call.stop()
    history = call.wait(10).history
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value == "interrupted"
    assert bench.replay(call, listen).equal


def test_another_flow_takes_over(bench: Workbench) -> None:
    call = talking(bench)
    call.replace_flow(take_over)
    assert call.wait(10).state.flow == "take_over"
    assert bench.replay(call, [listen, take_over]).equal
    assert [result.equal for result in bench.replay_all(take_over)] == [True]
    assert [result.equal for result in bench.replay_all(listen, name="listen")] == [True]


@pytest.mark.parametrize(
    ("error", "ask", "message"),
    [
        (NotAllowedNow, lambda call: call.stop_recording(), "`record` it first"),
        (NotAllowedNow, lambda call: call.redirect("sip:bob@loopback"), "is answered"),
        (InvalidInput, lambda call: call.send_digits("x"), "cannot be sent"),
        (InvalidAudio, lambda call: call.play("no such file.wav"), "no such file.wav"),
        (InvalidInput, lambda call: call.limit(-1), "seconds"),
        (InvalidInput, lambda call: call.replace_flow(None), "is not a flow"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(
    bench: Workbench, error: type[Exception], ask: Callable[[Any], Any], message: str
) -> None:
    call = bench.dial("sip:bob@loopback").wait_answered(10)
    with pytest.raises(error, match=message):
        ask(call)
    call.hangup()
    call.wait(10)


def test_only_a_caller_is_sent_away(bench: Workbench) -> None:
    call = bench.dial("sip:slow@loopback")
    with pytest.raises(NotAllowedNow, match="is one of ours"):
        call.redirect("sip:bob@loopback")
    call.hangup()
    assert call.wait(10).status == "canceled"


def test_a_flow_that_another_one_names_has_its_source_kept(bench: Workbench) -> None:
    call = bench.dial("sip:bob@loopback", flow=hand_over).wait(10)
    (asked,) = (e for e in call.history if isinstance(e, ev.FlowReplaceRequested))
    kept = bench.recordings.parent / "sources" / f"{asked.replacement_version}.py"
    assert "taken over" in kept.read_text()
    assert bench.replay(call, [hand_over, take_over]).equal


def test_a_far_end_that_refuses_a_hold_from_outside(bench: Workbench) -> None:
    call = talking(bench, "fussy")
    with pytest.raises(NotAllowedNow, match="488"):
        call.hold()
    call.hangup()
    call.wait(10)


def test_a_call_that_is_over_is_asked_nothing_more(bench: Workbench) -> None:
    call = talking(bench)
    call.hangup()
    call.wait(10)
    with pytest.raises(NotAllowedNow, match="is over"):
        call.hold()
    with pytest.raises(NotAllowedNow, match="is over"):
        call.replace_flow(take_over)


def test_the_end_of_the_call_ends_what_is_waited_for(bench: Workbench) -> None:
    call = bench.dial("sip:bob@loopback").wait_answered(10)
    call.limit(0.2)
    with pytest.raises(NotAllowedNow, match="ended before `play` was done"):
        call.play("hold.wav", loop=0)
    call.wait(10)


def test_calls_are_joined_and_parted_from_outside(bench: Workbench) -> None:
    one, other = talking(bench), talking(bench)
    one.bridge(other)
    assert (one.state.bridged, other.state.bridged) == ([other.id], [one.id])
    one.unbridge()
    assert one.state.bridged == other.state.bridged == []
    assert [one.join("team"), other.join("team")] == [1, 2]
    one.leave()
    assert other.state.rooms == ["team"]
    assert decided(one) == [
        "bridge_requested", "unbridge_requested", "join_requested", "leave_requested",
    ]  # fmt: skip
    with pytest.raises(NotAllowedNow, match="is not up"):
        one.bridge("CA99")


def test_a_call_without_a_flow_is_given_a_second_leg_and_handed_on(bench: Workbench) -> None:
    call = bench.dial("sip:bob@loopback").wait_answered(10)
    assert call.dial("sip:bob@loopback", wait=False) is None
    with pytest.raises(InvalidInput):
        call.dial("bob")
    assert call.transfer("sip:slow@loopback", timeout=10)
    call.hangup()
    assert [e.outcome for e in call.wait(10).history if isinstance(e, ev.DialFinished)]
    assert "transfer_requested" in decided(call)
