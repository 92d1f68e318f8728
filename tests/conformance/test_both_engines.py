"""Every verb on both engines: the same flow gives the same course of events.

One row a verb; `test_every_verb_has_a_row` fails for a verb without one. The real engine runs
two workers behind the front door; the simulation runs beside it on the same clock.
"""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from workbench import CallControl, Flow, Workbench, flow
from workbench import events as ev
from workbench.clock import SystemClock
from workbench.engine import Engine
from workbench.engine.loopback import Loopback
from workbench.engine.pool import Pool
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow]

HERE = "X-Here"
"""The header by which a flow learns where its bench takes calls."""
TELLING = (
    "by", "status", "sip_code", "q850_cause", "outcome", "digit", "digits", "method", "prompt",
    "recording", "sending", "timer", "step", "value", "gather", "max_digits", "seconds", "name",
    "cause", "codec", "clock_rate", "error_type", "room", "slot", "fork", "way", "members",
    "concealment", "secret",
    "detection", "answered_by", "category", "detector",
    "listening", "talk",
)  # fmt: skip
"""Fields that must be equal: not times, addresses, names of calls, or words for people."""


@flow
async def stay(call: CallControl) -> None:
    await call.answer()
    await call.sleep(60)


@flow
async def ring(call: CallControl) -> None:
    await call.ring()
    await call.sleep(0.3)
    await call.answer()
    await call.sleep(0.3)


@flow
async def progress(call: CallControl) -> str:
    await call.progress()
    return (await call.play("one-moment.wav")).outcome


@flow
async def reject(call: CallControl) -> None:
    await call.reject(486, cause=17, reason="engaged")


@flow
async def redirect(call: CallControl) -> None:
    await call.redirect(f"sip:other@{call.headers[HERE]}")


@flow
async def limit(call: CallControl) -> None:
    await call.answer()
    await call.limit(1)
    await call.sleep(60)


@flow
async def stop(call: CallControl) -> str:
    await call.answer()
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(call.play("hold.wav", loop=0))
        await call.sleep(0.5)
        await call.stop()
    return playing.result().outcome


@flow
async def say(call: CallControl) -> str:
    await call.answer()
    return (await call.say("Hello.")).outcome


@flow
async def gather(call: CallControl) -> str:
    await call.answer()
    digits = (await call.gather(2, timeout=20)).digits
    await call.sleep(0.5)  # whoever presses is to be done
    return digits


@flow
async def hear(call: CallControl) -> str:
    await call.answer()
    # Begun and ended by itself, a listening has no fixed place among prompts and the end.
    await call.listen()
    await call.play("one-moment.wav", barge_in=True)
    heard = await call.hear(timeout=0.5)
    await call.stop_listening()
    return heard


@flow
async def gather_secret(call: CallControl) -> Any:
    await call.answer()
    await call.record()
    pin = await call.gather(4, timeout=20, secret=True)
    await call.sleep(1.5)
    return await call.step("reverse", reverse, pin.secret)


def reverse(digits: str) -> str:
    return digits[::-1]


@flow
async def press(call: CallControl) -> None:
    await call.sleep(0.5)
    await call.send_digits("4w2")
    await call.sleep(60)


@flow
async def press_pin(call: CallControl) -> None:
    await call.sleep(1)
    await call.send_digits("2581")
    await call.sleep(60)


@flow
async def hear_tones(call: CallControl) -> str:
    await call.answer()
    await call.detect_digits()
    digits = (await call.gather(2, timeout=20)).digits
    await call.sleep(0.5)  # as above
    return digits


@flow
async def sound_tones(call: CallControl) -> None:
    await call.sleep(1)
    await call.send_digits("42", method="inband")
    await call.sleep(60)


@flow
async def record(call: CallControl) -> None:
    await call.answer()
    await call.record()
    await call.sleep(0.3)
    await call.pause_recording()
    await call.sleep(0.3)
    await call.resume_recording()
    await call.sleep(0.3)
    await call.stop_recording()
    await call.sleep(0.5)


@flow
async def hold(call: CallControl) -> None:
    await call.answer()
    await call.sleep(0.3)
    await call.hold(music=None)
    await call.sleep(0.5)
    await call.resume()
    await call.sleep(0.3)


@flow
async def mute(call: CallControl) -> None:
    await call.answer()
    await call.mute()
    await call.sleep(0.3)
    await call.unmute()
    await call.sleep(0.3)


@flow
async def step(call: CallControl) -> Any:
    await call.answer()
    return await call.step("count", len, [1, 2, 3])


def count() -> Iterator[int]:
    yield from (1, 2, 3)


@flow
async def stream(call: CallControl) -> list[int]:
    await call.answer()
    return [number async for number in call.stream("count", count)]


@flow
async def become(call: CallControl) -> None:
    await call.answer()
    await call.become(leave)


@flow
async def leave(call: CallControl) -> None:
    await call.sleep(0.3)
    await call.hangup("enough", cause=31)


@flow
async def fork(call: CallControl) -> None:
    await call.answer()
    listening = await call.fork("ear", listen_to)
    await call.sleep(0.5)
    await call.stop_fork(listening)


@flow
async def listen(call: CallControl) -> None:
    await call.answer()
    listening = await call.listen()
    await call.sleep(0.3)
    await call.stop_listening(listening)


def listen_to(frames: Any) -> None:
    """Take the audio and do nothing with it."""
    for _ in frames:
        pass


def is_third(call: CallControl) -> bool:
    return "sip:third@" in call.to


@flow
async def decline(call: CallControl) -> None:
    referral = await call.referral()
    await call.refuse_refer(referral, 603)
    await call.sleep(60)


@flow
async def give_up(call: CallControl) -> str:
    await call.answer()
    await call.sleep(0.3)
    return (await call.transfer(f"sip:third@{call.headers[HERE]}")).outcome


@flow
async def dial(call: CallControl) -> str:
    if is_third(call):
        await call.answer()
        await call.sleep(1.5)
        return "third"
    await call.answer()
    async with asyncio.TaskGroup() as group:
        dialling = group.create_task(call.dial(f"sip:third@{call.headers[HERE]}"))
        await call.sleep(0.7)
        await call.unbridge()
        await call.until_unbridged()
    return dialling.result().outcome


@flow
async def join(call: CallControl) -> int:
    await call.answer()
    members = await call.join("team")
    await call.sleep(0.3)
    await call.leave("team")
    await call.sleep(0.3)
    return members


@flow
async def park(call: CallControl) -> str:
    await call.answer()
    return (await call.park("7", timeout=1)).outcome


@flow
async def wait_in_slot(call: CallControl) -> str:
    await call.answer()
    return (await call.park("8", timeout=20)).outcome


@flow
async def pick_up(call: CallControl) -> None:
    await call.sleep(0.5)
    async with asyncio.TaskGroup() as group:
        group.create_task(call.pickup("8"))
        await call.sleep(1)
        await call.unbridge()
    await call.sleep(60)


waiting: list[str] = []
"""Ids of calls that want to be bridged."""


@flow
async def be_bridged(call: CallControl) -> None:
    await call.answer()
    await call.step("tell who I am", waiting.append, call.id)
    await call.sleep(60)


@flow
async def join_both(call: CallControl) -> None:
    await call.sleep(0.5)
    other = await call.step("find the other", waiting.pop)
    await call.bridge(other)
    await call.sleep(0.3)
    await call.unbridge()
    await call.sleep(0.3)


@flow
async def accept(call: CallControl) -> None:
    referral = await call.referral()
    await call.accept_refer(referral)
    await call.sleep(60)


@flow
async def hand_on(call: CallControl) -> str:
    if is_third(call):
        await call.answer()
        await call.sleep(1)
        return "third"
    await call.answer()
    await call.sleep(0.3)
    return (await call.transfer(f"sip:third@{call.headers[HERE]}")).outcome


@flow
async def ask_who_answers(call: CallControl) -> str:
    await call.listen()
    found = await call.detect_machine(initial_silence=0.7)
    await call.stop_listening()
    return found.answered_by


class Row(NamedTuple):
    """Two flows, and the verbs that they show."""

    verbs: str
    callee: Flow
    caller: Flow = stay


ROWS = (
    Row("ring answer sleep", ring),
    Row("progress play", progress),
    Row("reject", reject),
    Row("redirect", redirect),
    Row("limit", limit),
    Row("stop", stop),
    Row("say", say),
    Row("gather send_digits", gather, press),
    Row("hear", hear),
    Row("gather", gather_secret, press_pin),
    Row("detect_digits", hear_tones, sound_tones),
    Row("record pause_recording resume_recording stop_recording", record),
    Row("hold resume", hold),
    Row("mute unmute", mute),
    Row("step", step),
    Row("stream", stream),
    Row("become hangup", become),
    Row("fork stop_fork", fork),
    Row("listen stop_listening", listen),
    Row("detect_machine", stay, ask_who_answers),
    Row("transfer referral refuse_refer", give_up, decline),
    Row("dial unbridge until_unbridged", dial),
    Row("join leave", join),
    Row("park", park),
    Row("pickup", wait_in_slot, pick_up),
    Row("bridge", be_bridged, join_both),
    Row("accept_refer", hand_on, accept),
)
ELSEWHERE = {"transfer_to": ("tests/effects/test_transfers.py", "tests/live/test_handed_on.py")}
"""A verb of three calls, whose order is free: where it is shown, simulated and for real."""
NO_DECISION = {"now"}


def verbs() -> set[str]:
    return {
        name
        for name, value in vars_of(CallControl).items()
        if not name.startswith("_") and callable(value)
    } - NO_DECISION


def vars_of(kind: type) -> dict[str, Any]:
    return {name: getattr(kind, name) for name in dir(kind)}


def test_every_verb_has_a_row() -> None:
    shown = {verb for row in ROWS for verb in row.verbs.split()}
    assert verbs() == shown | ELSEWHERE.keys()
    root = Path(__file__).parents[2]
    for verb, paths in ELSEWHERE.items():
        for path in paths:
            assert f"call.{verb}(" in (root / path).read_text(), (verb, path)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.verbs.replace(" ", "-"))
def test_both_engines_tell_the_same(tmp_path: Path, row: Row) -> None:
    real = performed(tmp_path / "real", Pool(), row)
    simulated = performed(tmp_path / "simulated", Loopback(SystemClock()), row)
    assert real == simulated


def performed(folder: Path, engine: Engine, row: Row) -> list[list[Any]]:
    """Return what was observed and decided on each call, in an order of their own."""
    with Workbench(folder, engine=engine) as bench:
        address = bench.answer(row.callee)
        here = address.removeprefix("sip:").rpartition("@")[2]
        bench.dial(f"sip:service@{here}", flow=row.caller, headers={HERE: here}).wait(60)
        histories = [call.wait(60).history for call in bench.calls]
        bench.check()
    for history in histories:
        assert_replays(history, row)
    return sorted((told(history) for history in histories), key=str)


def test_who_talks_from_outside_is_told_the_same(tmp_path: Path) -> None:
    real = talked(tmp_path / "real", Pool())
    assert real == talked(tmp_path / "simulated", Loopback(SystemClock()))


def talked(folder: Path, engine: Engine) -> list[Any]:
    """Return the history of a call on which somebody said three frames."""
    over = threading.Event()
    with Workbench(folder, engine=engine) as bench:
        call = bench.dial(bench.answer(stay), flow=stay).wait_answered(60)
        bench.subscribe(
            lambda event: over.set() if isinstance(event, ev.TalkFinished) else None
        )
        extension = call.talk("browser")
        for _ in range(3):
            extension.socket.send(bytes(320))
        extension.socket.close()
        assert over.wait(60)
        call.hangup()
        history = call.wait(60).history
        bench.check()
    assert replay(history, stay).equal
    (finished,) = (event for event in history if isinstance(event, ev.TalkFinished))
    assert (finished.frames, finished.lost, finished.unheard) == (3, 0, 0)
    return told(history)


def assert_replays(history: Sequence[ev.Event], row: Row) -> None:
    if any(isinstance(event, ev.FlowReplaced) for event in history):
        return  # two flows, one after the other: shown in test_replaced_flow
    if any(isinstance(event, ev.FlowStarted) for event in history):
        ours = row.callee if isinstance(history[0], ev.Offered) else row.caller
        assert replay(history, ours).equal, str(replay(history, ours))


def told(history: Sequence[ev.Event]) -> list[Any]:
    return [
        (event.TOPIC.removeprefix("call."), telling(event))
        for event in history
        if event.KIND is not ev.Kind.NOTED
    ]


def telling(event: ev.Event) -> dict[str, Any]:
    fields = msgspec.structs.asdict(event)
    if event.KIND is ev.Kind.OBSERVED:
        fields.pop("seconds", None)  # measured, where a flow's are asked for
    return {name: comparable(fields[name]) for name in TELLING if name in fields}


def comparable(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("CA"):
        return "the id of a call"
    return round(value, 6) if isinstance(value, float) else value
