"""How long a person's frames take to the far end, and back, and what a busy bench does to them.

The limit is measured beside it, in the same worker: a phone whose call is bridged with the same
far end. All three are written by hand: two sockets for RTP, and the socket of the talk. On
the way back both are behind one jitter buffer, which so counts for neither.

`python -m benchmarks.talk_delay FD` is the person of the second half: it says a frame for each
that comes, and prints the milliseconds between those.
"""

import asyncio
import json
import logging
import random
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from benchmarks import Ratio
from tests.acceptance.rtp import FRAME, SILENCE, decoded
from tests.engine.raw_rtp import FRAME_S, RtpPeer, audio_at, packet
from tests.engine.raw_sip import Address, RawPeer
from tests.engine.stage import PoolStage
from workbench import CallControl, Workbench, flow
from workbench import events as ev
from workbench.clock import SystemClock
from workbench.commands import Bridge, Dial, Talk
from workbench.signals import Answered, Bridged, TalkStarted

MARKED, APART, CODES = 100, 12, 8
"""Frames of each sender that can be told from others, one of so many, in so many ways."""
DRIFT_S = 0.0004
ROUNDS, SAID = 5, 150
"""Talks beside a bench that rests, and as many beside one that computes; frames of each."""
HEADER, LONGEST = 12, 2048
PART = FRAME // 8
"""Samples by which a frame is known."""
Delays = dict[float, float]
"""How many milliseconds the frames took that left at these moments."""
clock = SystemClock()


def measure() -> list[Ratio]:
    """Measure delays, then gaps."""
    logging.getLogger("workbench").setLevel(logging.ERROR)
    said, phone_said, heard, phone_heard = asyncio.run(_delays())
    return [
        # A frame more is kept back of a person than of a phone whose network is as good.
        _compared("frame to RTP packet", said, phone_said, goal=2.0),
        _compared("RTP packet to frame", heard, phone_heard, goal=1.2),
        *_beside_a_busy_bench(),
    ]


def _compared(name: str, took: Delays, limit_took: Delays, goal: float) -> Ratio:
    ours, limit = list(took.values()), list(limit_took.values())
    frames = f"{len(ours)} and {len(limit)} frames"
    return Ratio(
        name=f"{name} / by a bridged phone", value=median(ours) / median(limit), goal=goal,
        higher_is_better=False,
        detail=f"{median(ours):.0f} ms, {median(limit):.0f} ms, {frames}",
    )  # fmt: skip


# -- delays ----------------------------------------------------------------------------------


class Marks:
    """Frames of one sender that are loud, each in its own way, and when they left."""

    def __init__(self, first: int) -> None:
        """Use the µ-law codes from `first` on, which no other sender uses."""
        self._first, self._count = first, 0
        self._left: dict[int, float] = {}

    def next(self) -> bytes:
        """Return the payload of the next one, which leaves now."""
        code = self._first + self._count % CODES
        self._count += 1
        self._left[code] = clock.monotonic()
        return bytes([code]) * FRAME

    def began(self, payload: bytes) -> float | None:
        """Return when the frame left of which this has the begin, if it is one of these.

        A jitter buffer does not keep frames whole.
        """
        heard = (left for code, left in self._left.items() if payload.count(code) >= PART)
        return next(heard, None)


class End(NamedTuple):
    """A far end that is written by hand."""

    rtp: RtpPeer
    to: Address
    """Where its audio is taken."""

    def say(self, number: int, payload: bytes) -> None:
        """Send a packet."""
        self.rtp.send(self.to, [packet(number, payload)])


async def _delays() -> tuple[Delays, ...]:
    """Return how long frames took: of the person, of the phone, to the person, to the phone."""
    stage = PoolStage(workers=1)
    await stage.open()
    with ExitStack() as open_now:
        far = await _called(stage, open_now, "a")
        phone = await _called(stage, open_now, "b")
        await stage.do(Bridge, "a", other="b")
        await stage.until(Bridged, "a")
        person, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        open_now.enter_context(person)
        stage.engine.hand("a", "t", theirs)
        await stage.do(Talk, "a", talk="t")
        await stage.until(TalkStarted, "a")
        delays = await _exchanged(person, phone, far)
        await stage.close()
    return delays


async def _called(stage: PoolStage, open_now: ExitStack, leg: str) -> End:
    """Call a far end, which answers."""
    sip, rtp = open_now.enter_context(RawPeer()), open_now.enter_context(RtpPeer())
    sip.audio_port = rtp.port
    await stage.do(Dial, leg, uri=f"sip:bob@{sip.name}", beside="" if leg == "a" else "a")
    invite = await sip.heard("INVITE")
    sip.respond(invite, "200 OK", with_sdp=True)
    await stage.until(Answered, leg)
    return End(rtp, audio_at(invite))


async def _exchanged(person: socket.socket, phone: End, far: End) -> tuple[Delays, ...]:
    """Let all three speak at once, and mark their frames one after another."""
    by_person, by_phone, by_far = Marks(0x90), Marks(0xA0), Marks(0xB0)
    said, phone_said = _listen(far.rtp.socket, _of_packet, by_person, by_phone)
    (heard,) = _listen(person, _of_frame, by_far)
    (phone_heard,) = _listen(phone.rtp.socket, _of_packet, by_far)
    chance, loop = random.Random(1), asyncio.get_running_loop()
    due = loop.time()
    for number in range(MARKED * APART):
        turn = number % APART
        person.send(_linear(by_person.next() if turn == 0 else SILENCE))
        phone.say(number, by_phone.next() if turn == APART // 3 else SILENCE)
        far.say(number, by_far.next() if turn == 2 * APART // 3 else SILENCE)
        # By and by at every place between two ticks of the worker's clock.
        due += FRAME_S + chance.uniform(-DRIFT_S, DRIFT_S)
        await asyncio.sleep(max(0.0, due - loop.time()))
    return said, phone_said, heard, phone_heard


def _listen(
    end: socket.socket, payload: Callable[[bytes], bytes], *senders: Marks
) -> tuple[Delays, ...]:
    """Take what comes at once, on a thread; return what is known by and by of each sender."""
    end.setblocking(True)
    heard: tuple[Delays, ...] = tuple({} for _ in senders)

    def run() -> None:
        with suppress(OSError):  # it is closed
            while message := end.recv(LONGEST):
                for marks, known in zip(senders, heard, strict=True):
                    if (left := marks.began(payload(message))) is not None:
                        known.setdefault(left, (clock.monotonic() - left) * 1000)

    threading.Thread(target=run, daemon=True).start()
    return heard


def _linear(payload: bytes) -> bytes:
    return np.round(decoded(payload) * 32768).astype("<i2").tobytes()


CODE_OF = {_linear(bytes([code])): code for code in range(255, 127, -1)}
"""The µ-law codes of samples."""


def _of_packet(message: bytes) -> bytes:
    return message[HEADER:]


def _of_frame(frame: bytes) -> bytes:
    samples = (frame[at : at + 2] for at in range(0, len(frame), 2))
    return bytes(CODE_OF.get(sample, SILENCE[0]) for sample in samples)


# -- beside a bench that computes ------------------------------------------------------------


@flow
async def stay(call: CallControl) -> None:
    """Stay on the line."""
    await call.answer()
    await call.sleep(600)


def _beside_a_busy_bench() -> list[Ratio]:
    gaps: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder, Workbench(Path(folder)) as bench:
        call = bench.dial(bench.answer(stay), flow=stay).wait_answered(60)
        for number in range(2 * ROUNDS):
            with call.talk() as extension:
                gaps.append(_said(extension.socket, computes=number % 2 == 1))
        call.hangup()
        history = call.wait(60).history
    # One is late in each: that behind the last.
    talks = [event for event in history if isinstance(event, ev.TalkFinished)]
    late = sum(max(0, talk.late - 1) for talk in talks[1::2])
    rested, busy = (np.percentile(gaps[first::2], 95, axis=1) for first in (0, 1))
    longest = max(max(heard) for heard in gaps[1::2])
    return [
        Ratio(
            name="95 % of gaps, bench computes / rests", value=float(np.median(busy / rested)),
            goal=1.5, higher_is_better=False,
            detail=f"{np.median(busy):.1f} ms, {np.median(rested):.1f} ms, "
            f"the longest {longest:.0f} ms",
        ),
        Ratio(
            name="frames late while it computes / said", value=late / (ROUNDS * SAID),
            goal=0.02, higher_is_better=False, detail=f"{late} of {ROUNDS * SAID}",
        ),
    ]  # fmt: skip


def _said(end: socket.socket, *, computes: bool) -> list[float]:
    """Let a process talk, and compute meanwhile or not; return the gaps that it heard."""
    command = [sys.executable, "-m", "benchmarks.talk_delay", str(end.fileno())]
    with subprocess.Popen(
        command, pass_fds=[end.fileno()], stdout=subprocess.PIPE, text=True
    ) as person:
        while computes and person.poll() is None:
            sum(range(100_000))
        gaps: list[float] = json.loads(person.communicate()[0])
    return gaps


def main(descriptor: int) -> None:
    """Be the person: say a frame for each that comes."""
    end = socket.socket(fileno=descriptor)
    end.setblocking(False)
    with suppress(BlockingIOError):  # nothing more has come before
        while True:
            end.recv(LONGEST)
    end.setblocking(True)
    came = []
    for _ in range(SAID):
        end.send(end.recv(LONGEST))
        came.append(clock.monotonic())
    print(json.dumps(list(np.diff(came) * 1000)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
