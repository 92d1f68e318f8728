"""Real calls with consumers of their raw audio: quick ones, and one that is far too slow."""

import itertools
import threading
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from tests.engine import sound
from workbench import AudioFrame, CallControl, Workbench, flow
from workbench import events as ev
from workbench.feed import MOST_WAITING, Feed
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow]

CALLS = 4
HEARD: dict[str, list[AudioFrame]] = defaultdict(list)
RELEASED = threading.Event()


@flow
async def listened(call: CallControl) -> None:
    await call.answer()
    await call.fork("all of it", HEARD[call.id].extend)
    await call.record()
    await call.play("noise.wav")


@flow
async def answered(call: CallControl) -> None:
    await call.fork("all of it", HEARD[call.id].extend)
    await call.record()
    await call.sleep(60)


def same(frames: list[AudioFrame], way: str, recorded: sound.Samples) -> bool:
    """Tell whether a recording, which began later, holds the same samples as the frames.

    When a prompt begins between two ticks of the clock, one may miss its first frame.
    """
    forked = np.array([getattr(frame, way) for frame in frames])
    kept = recorded[: len(recorded) // 160 * 160].reshape(-1, 160)
    for shift in range(100):
        length = min(len(forked) - shift, len(kept)) - 10
        ours, theirs = forked[shift : shift + length], kept[:length]
        if length > 0 and np.any(ours != theirs, axis=1).sum() <= 1:
            return True
    return False


def test_eight_calls_at_once_each_get_every_frame(tmp_path: Path) -> None:
    sound.write(tmp_path / "noise.wav", sound.noise(3.0, 1))
    with Workbench(tmp_path / "store", sounds=tmp_path) as bench:
        address = bench.answer(listened)
        placed = [bench.dial(address, flow=answered) for _ in range(CALLS)]
        for call in placed:
            call.wait(120)
        for call in bench.calls:  # not sooner: those that came in are known by now
            call.wait(120)
        bench.check()
        assert len(bench.calls) == 2 * CALLS
        for call in bench.calls:
            frames, history = HEARD[call.id], call.history
            (started,) = (e for e in history if isinstance(e, ev.ForkStarted))
            (finished,) = (e for e in history if isinstance(e, ev.ForkFinished))
            assert started.media_ms is not None
            times = [frame.media_ms for frame in frames]
            assert times == [started.media_ms + 20 * n for n in range(len(frames))]
            assert (finished.frames, finished.lost) == (len(frames), 0)
            samples, _ = call.audio()
            recorded = np.round(samples * 32768).astype(np.int16)
            for column, way in enumerate(("received", "sent")):
                assert same(frames, way, recorded[:, column]), f"{call} {way}"
            ours = (
                answered if call in placed or call.state.direction == "outbound" else listened
            )
            assert replay(history, ours).equal


def sleepy(frames: Feed) -> None:
    for frame in frames:
        HEARD["sleepy"].append(frame)
        RELEASED.wait(60)


@flow
async def held_up(call: CallControl) -> None:
    await call.answer()
    await call.fork("too slow", sleepy)
    await call.play("noise.wav")
    await call.step("let it go", RELEASED.set)
    await call.play("noise.wav")


@flow
async def patient(call: CallControl) -> None:
    await call.sleep(60)


def test_a_slow_consumer_loses_frames_and_the_call_does_not(tmp_path: Path) -> None:
    RELEASED.clear()
    sound.write(tmp_path / "noise.wav", sound.noise(5.0, 1))
    with Workbench(tmp_path / "store", sounds=tmp_path) as bench:
        placed = bench.dial(bench.answer(held_up), flow=patient).wait(120)
        (taken,) = (call for call in bench.calls if call.id != placed.id)
        taken.wait(120)
        bench.check()
        (gap,) = (e for e in taken.history if isinstance(e, ev.FramesLost))
        (finished,) = (e for e in taken.history if isinstance(e, ev.ForkFinished))
        (count,) = (e for e in placed.history if isinstance(e, ev.QualitySampled) and e.final)
    frames = HEARD["sleepy"]
    assert finished.lost == gap.frames >= 5 * 50 - MOST_WAITING - 50
    assert finished.frames == len(frames)
    jumps = [
        (before.media_ms + 20, after.media_ms - before.media_ms - 20)
        for before, after in itertools.pairwise(frames)
        if after.media_ms != before.media_ms + 20
    ]
    assert jumps == [(gap.from_media_ms, 20 * gap.frames)]
    assert (count.packets_lost, count.packets_discarded) == (0, 0)
    assert count.packets_received >= 10 * 50
    assert count.jitter_ms_rx < 20


@flow
async def patient_answer(call: CallControl) -> None:
    await call.answer()
    await call.sleep(60)


def test_a_listener_from_outside(tmp_path: Path) -> None:
    heard: list[AudioFrame] = []
    enough = threading.Event()

    async def listen(frames: Feed) -> None:
        async for frame in frames:
            heard.append(frame)
            if len(heard) == 50:
                enough.set()

    with Workbench(tmp_path / "store") as bench:
        placed = bench.dial(bench.answer(patient_answer), flow=patient).wait_answered(60)
        fork = placed.fork(listen, direction="received")
        assert enough.wait(60)
        placed.stop_fork(fork)
        placed.hangup()
        placed.wait(60)
        bench.check()
        (finished,) = (e for e in placed.history if isinstance(e, ev.ForkFinished))
    assert (finished.frames, finished.reason) == (len(heard), "")
    with Workbench(tmp_path / "store", read_only=True) as again:
        assert again.replay(placed.id, patient).equal
