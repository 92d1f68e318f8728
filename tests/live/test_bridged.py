"""Real calls of two legs and more: the audio of each is heard by the others, and by no more."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.engine import sound
from workbench import CallControl, CallHandle, Flow, Workbench, flow
from workbench import events as ev
from workbench.call import Call
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]

SECONDS = 2.0
CALLER, CALLEE, WHISPER = 1, 2, 3
PIECE = 1600
"""Samples; a jitter buffer may leave out or repeat a frame between two pieces."""
Samples = npt.NDArray[np.int16]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    for seed in range(1, 5):
        sound.write(tmp_path / f"voice-{seed}.wav", sound.noise(SECONDS, seed))
    with Workbench(tmp_path / "store", sounds=tmp_path) as bench:
        yield bench
        bench.check()


def received(call: CallHandle) -> Samples:
    return (call.audio()[0][:, 0] * 32768).astype(np.int16)


def sent(call: CallHandle) -> Samples:
    return (call.audio()[0][:, 1] * 32768).astype(np.int16)


def heard(voice: int, among: Samples) -> float:
    """Return which share of a voice is in other audio, through however many codecs."""
    spoken = sound.noise(SECONDS, voice)
    pieces = [spoken[at : at + PIECE] for at in range(0, len(spoken) - PIECE + 1, PIECE)]
    return sum(likeness(piece, among) > 0.95 for piece in pieces) / len(pieces)


def likeness(piece: Samples, among: Samples) -> float:
    """Return the best normalised correlation of a piece anywhere in other audio."""
    sought, there = piece.astype(np.float64), among.astype(np.float64)
    power = np.cumsum(np.concatenate(([0.0], there**2)))
    loudness = np.sqrt(np.maximum(0.0, power[PIECE:] - power[:-PIECE])) + 1.0
    scores = np.correlate(there, sought, "valid") / loudness
    return float(scores.max() / np.linalg.norm(sought))


def by_user(bench: Workbench, user: str, *, inbound: bool) -> CallHandle:
    kind = ev.Offered if inbound else ev.Placed
    (found,) = (
        call
        for call in bench.calls
        if isinstance(call.history[0], kind) and f"sip:{user}@" in call.history[0].to
    )
    return found.wait(60)


def only(history: Sequence[ev.Event], kind: type[ev.Event]) -> Any:
    (event,) = (event for event in history if type(event) is kind)
    return event


def speaker(voice: int, first: float, then: float) -> Flow:
    """Speak after `first` seconds, and stay on the line for `then`."""

    @flow(name=f"speaker {voice}")
    async def speak(call: CallControl) -> None:
        await call.record()
        await call.sleep(first)
        await call.play(f"voice-{voice}.wav")
        await call.sleep(then)

    return speak


def test_caller_and_callee_hear_each_other_and_only_the_callee_the_whisper(
    bench: Workbench,
) -> None:
    address = bench.listen()
    callee = f"sip:callee@{bench.listen().removeprefix('sip:')}"

    @flow
    async def desk(call: CallControl) -> str:
        await call.answer()
        await call.record()
        dialled = await call.dial(callee, whisper=f"voice-{WHISPER}.wav")
        return f"{dialled.outcome} {dialled.sip_code}"

    caller = speaker(CALLER, SECONDS + 1.5, 30)

    @flow
    async def answerer(call: CallControl) -> None:
        await call.answer()
        await call.record()
        await call.sleep(SECONDS + 1.5)
        await call.play(f"voice-{CALLEE}.wav")
        await call.sleep(2)
        await call.hangup()

    bench.route("desk", desk)
    bench.route("callee", answerer)
    calling = bench.dial(f"sip:desk@{address.removeprefix('sip:')}", flow=caller).wait(60)
    parent = by_user(bench, "desk", inbound=True)
    child = by_user(bench, "callee", inbound=False)
    called = by_user(bench, "callee", inbound=True)

    assert only(parent.history, ev.FlowReturned).value == "answered 200"
    assert child.state.parent == parent.id
    for call, ours in ((calling, caller), (parent, desk), (called, answerer)):
        assert replay(call.history, ours).equal, str(replay(call.history, ours))
    assert all(Call.from_history(call.history).closed for call in bench.calls)

    assert heard(CALLER, received(called)) >= 0.8
    assert heard(CALLEE, received(calling)) >= 0.8
    assert heard(CALLER, received(parent)) >= 0.8
    assert heard(CALLEE, sent(parent)) >= 0.8, "what the caller hears is recorded as sent"
    assert heard(WHISPER, received(called)) >= 0.8
    assert heard(WHISPER, received(calling)) == heard(WHISPER, sent(parent)) == 0.0


def test_three_hear_each_other_in_a_conference_and_nobody_himself(bench: Workbench) -> None:
    @flow
    async def room(call: CallControl) -> int:
        await call.answer()
        await call.record()
        members = await call.join("team")
        await call.sleep(60)
        return members

    address = bench.answer(room)
    turn = SECONDS + 0.8
    voices = (1, 2, 3)
    flows = {n: speaker(n, 1.5 + (n - 1) * turn, 1.5 + (3 - n) * turn) for n in voices}
    calling = {n: bench.dial(address, flow=flows[n]) for n in voices}
    for call in bench.calls:
        call.wait(60)
    taken = [call for call in bench.calls if call.state.direction == "inbound"]
    joined = sorted(only(call.history, ev.ConferenceJoined).members for call in taken)
    assert joined == [1, 2, 3]
    for call in taken:
        assert replay(call.history, room).equal, str(replay(call.history, room))
    for listener in voices:
        for voice in voices:
            share = heard(voice, received(calling[listener]))
            assert share >= 0.8 if voice != listener else share == 0.0, (listener, voice)


def test_a_parked_caller_hears_music_and_then_who_picks_him_up(bench: Workbench) -> None:
    @flow
    async def lot(call: CallControl) -> str:
        await call.answer()
        if call.headers.get("X-Role") == "wait":
            return (await call.park("7", music=f"voice-{WHISPER}.wav", timeout=60)).outcome
        await call.sleep(3)
        return await call.pickup("7")

    address = bench.answer(lot)
    waiting = bench.dial(address, flow=speaker(CALLER, 6, 30), headers={"X-Role": "wait"})
    picking = bench.dial(address, flow=speaker(CALLEE, 6, 3), headers={"X-Role": "fetch"})
    for call in bench.calls:
        call.wait(60)
    ends = {
        call.state.headers["X-Role"]: call
        for call in bench.calls
        if call.state.direction == "inbound"
    }
    assert only(ends["wait"].history, ev.FlowReturned).value == "picked-up"
    assert only(ends["fetch"].history, ev.FlowReturned).value == ends["wait"].id
    for call in ends.values():
        assert replay(call.history, lot).equal, str(replay(call.history, lot))
    assert heard(WHISPER, received(waiting)) >= 0.8
    assert heard(WHISPER, received(picking)) == 0.0
    assert heard(CALLER, received(picking)) >= 0.8
    assert heard(CALLEE, received(waiting)) >= 0.8
