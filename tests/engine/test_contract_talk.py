"""What every engine must do with somebody who talks on a leg by a socket."""

import socket
from collections.abc import Iterator

import pytest

from tests.engine.stage import PoolStage, Stage
from workbench.commands import Answer, Hangup, Reject, SendDigits, StopTalk, Talk
from workbench.engine.slices import FRAME_BYTES
from workbench.signals import DigitsSent, Released, TalkFinished, TalkStarted

pytestmark = pytest.mark.anyio

FRAME = b"\x00\x10" * (FRAME_BYTES // 2)
PATIENCE_S = 20.0


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Open the person's end and the engine's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(PATIENCE_S)
    yield ours, theirs
    ours.close()


async def begin(stage: Stage, leg: str, talk: str, end: socket.socket) -> None:
    stage.engine.hand(leg, talk, end)
    await stage.do(Talk, leg, talk=talk)


async def pass_half_a_second(stage: Stage, leg: str) -> None:
    await stage.do(SendDigits, leg, sending="wait", digits="w")
    await stage.until(DigitsSent, leg, sending="wait")


def rest(ours: socket.socket) -> list[bytes]:
    """Return what comes to the end of the talk."""
    frames: list[bytes] = []
    while True:
        try:
            frame = ours.recv(2 * FRAME_BYTES)
        except ConnectionResetError:
            continue  # what was said last was not taken any more
        if not frame:
            return frames
        frames.append(frame)


async def test_frames_go_and_come_until_it_is_stopped(
    stage: Stage, pair: tuple[socket.socket, socket.socket]
) -> None:
    await stage.talk()
    await begin(stage, "a", "t1", pair[1])
    started = await stage.until(TalkStarted, "a", talk="t1")
    assert started.media_ms is not None
    for _ in range(5):
        pair[0].send(FRAME)
    await pass_half_a_second(stage, "a")
    await stage.do(StopTalk, "a", talk="t1")
    finished = await stage.until(TalkFinished, "a", talk="t1")
    assert (finished.reason, finished.frames, finished.unheard) == ("", 5, 0)
    frames = rest(pair[0])
    assert {len(frame) for frame in frames} == {FRAME_BYTES}
    assert len(frames) >= 20
    await stage.do(StopTalk, "a", talk="t1")
    await stage.do(Hangup, "a")
    await stage.until(Released, "a")
    assert len([each for each in stage.of("a") if isinstance(each, TalkFinished)]) == 1


async def test_who_closes_the_other_end_ends_it(
    stage: Stage, pair: tuple[socket.socket, socket.socket]
) -> None:
    await stage.talk()
    await begin(stage, "a", "t1", pair[1])
    await stage.until(TalkStarted, "a")
    for _ in range(3):
        pair[0].send(FRAME)
    pair[0].close()
    finished = await stage.until(TalkFinished, "a", talk="t1")
    assert (finished.reason, finished.frames) == ("its other end was closed", 3)


async def test_it_waits_for_audio_and_ends_with_the_call(
    stage: Stage, pair: tuple[socket.socket, socket.socket]
) -> None:
    far = await stage.ring()
    await begin(stage, far, "t1", pair[1])
    await stage.do(Answer, far)
    await stage.until(TalkStarted, far)
    await stage.do(Hangup, "a")
    assert (await stage.until(TalkFinished, far)).reason == "the call is ending"
    rest(pair[0])
    await stage.until(Released, far)


async def test_one_that_never_had_audio_says_so(
    stage: Stage, pair: tuple[socket.socket, socket.socket]
) -> None:
    far = await stage.ring()
    await begin(stage, far, "t1", pair[1])
    await stage.do(Reject, far)
    assert (await stage.until(TalkFinished, far, talk="t1")).reason


async def test_an_end_that_nobody_handed_over_is_told(stage: Stage) -> None:
    await stage.talk()
    await stage.do(Talk, "a", talk="t1")
    assert (await stage.until(TalkFinished, "a", talk="t1")).reason


async def test_the_end_for_a_leg_that_is_gone_is_closed(
    stage: Stage, pair: tuple[socket.socket, socket.socket]
) -> None:
    await begin(stage, "nobody", "t1", pair[1])
    assert rest(pair[0]) == []


async def test_two_talk_on_one_leg(stage: Stage) -> None:
    await stage.talk()
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
    for number, (ours, theirs) in enumerate(pairs):
        ours.settimeout(PATIENCE_S)
        await begin(stage, "a", f"t{number}", theirs)
        await stage.until(TalkStarted, "a", talk=f"t{number}")
    await stage.do(StopTalk, "a", talk="t0")
    await stage.until(TalkFinished, "a", talk="t0")
    rest(pairs[0][0])
    await pass_half_a_second(stage, "a")
    assert len(pairs[1][0].recv(2 * FRAME_BYTES)) == FRAME_BYTES
    await stage.do(Hangup, "a")
    await stage.until(TalkFinished, "a", talk="t1")
    rest(pairs[1][0])
    for ours, _ in pairs:
        ours.close()


@pytest.mark.sip
async def test_no_port_is_left(pool_stage: PoolStage) -> None:
    await pool_stage.talk()
    open_ends = []
    for number in range(1000):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(PATIENCE_S)
        open_ends.append(ours)
        await begin(pool_stage, "a", f"t{number}", theirs)
        while not (told := of_talk(pool_stage, f"t{number}")):
            await pool_stage.pass_time()
        if isinstance(told[0], TalkFinished):
            assert "audio ports of the worker are taken" in told[0].reason
            break
    assert rest(open_ends[-1]) == [], "the end that is of no use is closed"
    await pool_stage.do(StopTalk, "a", talk="t0")
    await pool_stage.until(TalkFinished, "a", talk="t0")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    await begin(pool_stage, "a", "again", theirs)
    await pool_stage.until(TalkStarted, "a", talk="again")
    for each in (*open_ends, ours):
        each.close()


def of_talk(stage: Stage, talk: str) -> list[TalkStarted | TalkFinished]:
    return [
        each
        for each in stage.of("a")
        if isinstance(each, TalkStarted | TalkFinished) and each.talk == talk
    ]
