"""A live call between two benches, which what happens to one of them must not disturb."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from workbench import CallControl, CallHandle, Workbench, flow
from workbench import events as ev
from workbench.door.limits import DoorLimits
from workbench.engine.pool import Pool

RATE = 8000
LONGEST_S = 60
LOUD = 0.05
WINDOW = RATE // 10
PATIENCE_S = 60


@flow
async def hold_on(call: CallControl) -> None:
    """Record, and stay until we hang up."""
    await call.answer()
    await call.record()
    await call.play("beep.wav")
    await call.sleep(3600)


@flow
async def take(call: CallControl) -> None:
    """Answer a caller; the one we know gets the tone, others are sent away soon."""
    if "friend" in call.from_:
        await call.answer()
        await call.play("tone.wav")
    await call.answer()
    await call.sleep(0.05)
    await call.hangup()


class Live:
    """A bench that is attacked, and the call that it has meanwhile."""

    def __init__(self, bench: Workbench, pool: Pool, address: str, call: CallHandle) -> None:
        self.bench, self.pool, self.call = bench, pool, call
        host, port = address.removeprefix("sip:").partition(";")[0].rsplit(":", 1)
        self.at = (host, int(port))
        self.workers = dict(pool.workers)
        self.door = pool.door

    @property
    def media_port(self) -> int:
        """Where the attacked bench receives the call's audio."""
        (ours,) = [c for c in self.bench.calls if "friend" in str(c)]
        text = "\n".join(str(event) for event in ours.history)
        return int(re.findall(r"m=audio (\d+)", text)[-1])

    def check_alive(self) -> None:
        """Assert that no process was lost."""
        assert self.pool.door == self.door
        assert self.workers.items() <= self.pool.workers.items()


@contextmanager
def live_call(
    folder: Path, transport: str = "udp", *, seconds: int = LONGEST_S
) -> Iterator[Live]:
    """Hold a call while the test attacks, then check that nothing has happened to it."""
    tone = 0.4 * np.sin(2 * np.pi * 400 * np.arange(RATE * seconds) / RATE)
    soundfile.write(folder / "tone.wav", tone, RATE)
    soundfile.write(folder / "beep.wav", tone[: 2 * RATE], RATE)
    beeped, begun = threading.Event(), threading.Event()
    limits = DoorLimits(
        calls_a_source=1e6, burst_a_source=1e6, calls=1e6, burst=1e6, messages_a_source=1e6
    )
    pool = Pool(workers=2, limits=limits)
    with (
        Workbench(folder / "attacked", engine=pool, sounds=[folder]) as bench,
        Workbench(folder / "friend", sounds=[folder]) as friend,
    ):
        udp = bench.answer(take)
        attacked = bench.listen(f"127.0.0.1:0;transport={transport}")
        bench.subscribe(lambda event: note(event, ev.PromptStarted, begun))
        friend.subscribe(lambda event: note(event, ev.PromptFinished, beeped))
        call = friend.dial(udp.replace("sip:", "sip:x@"), flow=hold_on, from_="sip:friend@x.y")
        call.wait_answered(PATIENCE_S)
        assert begun.wait(PATIENCE_S)
        assert beeped.wait(PATIENCE_S)
        live = Live(bench, pool, udp if transport == "udp" else attacked, call)
        yield live
        live.check_alive()
        call.hangup()
        call.wait(PATIENCE_S)
        assert "completed" in str(call)
        (taken,) = [c for c in bench.calls if "friend" in str(c)]
        taken.wait(PATIENCE_S)
        assert "completed" in str(taken)
        check_continuous(call)


def note(event: ev.Event, kind: type[ev.Event], noted: threading.Event) -> None:
    """Note that something has happened."""
    if isinstance(event, kind):
        noted.set()


def check_continuous(call: CallHandle) -> None:
    """Assert that the tone was heard from its beginning to the end, without a gap."""
    samples, rate = call.audio()
    assert rate == RATE
    heard = np.abs(samples[:, 0])
    windows = heard[: len(heard) // WINDOW * WINDOW].reshape(-1, WINDOW).max(axis=1)
    loud = np.flatnonzero(windows > LOUD)
    assert len(loud) > 3, "the tone was heard"
    between = windows[loud[0] : loud[-1] + 1]
    assert (between > LOUD).all(), np.flatnonzero(between <= LOUD)
