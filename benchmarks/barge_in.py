"""From the caller's first voiced frame to the silence of the prompt that he speaks over.

Two calls of ours over real SIP. The caller plays real recorded speech at random moments over a
prompt that never ends; both are seen in the recording at the caller's end, by sample: what
he sent and what he was played, through the codec and both jitter buffers.
"""

import logging
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks import Ratio
from workbench import CallControl, CallHandle, Workbench, flow
from workbench import events as ev
from workbench.shipped import shipped

ROUNDS = 20
MEDIAN_MS, MOST_MS = 200.0, 350.0
RATE, FRAME = 8000, 160
PROMPT = "murmur.wav"
FLOOR = 24
"""Noise of the prompt that its pauses keep, in units of 16 bits: where it is, it plays."""
SPEECH = ("agent-pass", "conf-full", "priv-recordintro", "transfer", "vm-delete")
"""Real voices of tests/speech/prompts, a part of each."""
CLIP_S = 1.4
Samples = npt.NDArray[np.float64]


@flow
async def talk(call: CallControl) -> None:
    """Play to the caller until he speaks, hear him out, and play on."""
    await call.answer()
    await call.listen()
    for _ in range(ROUNDS):
        await call.play(PROMPT, loop=0, barge_in=True)
        await call.hear(timeout=5)
    await call.sleep(1)


@flow
async def interrupt(call: CallControl) -> None:
    """Speak over what is played, at random moments."""
    await call.record()
    await call.sleep(3)
    while True:
        await call.sleep(call.random.uniform(0.8, 1.8))
        await call.play(f"speech-{call.random.randrange(len(SPEECH))}.wav")
        await call.sleep(2.2)


def measure() -> list[Ratio]:
    """Interrupt one prompt after another in one call."""
    logging.getLogger("workbench").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        times = reactions(Path(folder))
    shares = (("median", 50, MEDIAN_MS), ("95 %", 95, MOST_MS))
    return [_ratio(name, float(np.percentile(times, share)), goal, len(times))
            for name, share, goal in shares]  # fmt: skip


def reactions(folder: Path) -> list[float]:
    """Return the milliseconds of each interruption."""
    write_sounds(folder)
    with Workbench(folder / "store", sounds=[folder]) as bench:
        placed = bench.dial(bench.answer(talk), flow=interrupt).wait(60 + 8 * ROUNDS)
        for call in bench.calls:
            call.wait(30)
        bench.check()
        return measured(placed)


def write_sounds(folder: Path) -> None:
    """Write the prompt, which is never silent, and the caller's clips."""
    menu = soundfile.read(shipped("recordings") / "menu.wav")[0]
    noise = np.random.default_rng(1).choice((-FLOOR, FLOOR), len(menu)) / 32768
    soundfile.write(folder / PROMPT, menu * 0.5 + noise, RATE)
    prompts = Path(__file__).parents[1] / "tests" / "speech" / "prompts"
    for number, name in enumerate(SPEECH):
        samples, rate = soundfile.read(prompts / f"{name}.flac")
        soundfile.write(folder / f"speech-{number}.wav", samples[: round(CLIP_S * rate)], rate)


def measured(call: CallHandle) -> list[float]:
    """Return from each first voiced frame to the last sample of the prompt, in milliseconds."""
    samples = call.audio()[0].astype(np.float64)
    (stored,) = (event for event in call.history if isinstance(event, ev.RecordingStored))
    begins = [
        event.media_ms - stored.start_media_ms
        for event in call.history
        if isinstance(event, ev.PromptStarted) and event.media_ms is not None
    ]
    found = [reaction_ms(samples, begin) for begin in begins]
    return [time for time in found if time is not None]


def reaction_ms(samples: Samples, begin_ms: int) -> float | None:
    """Return how long the prompt went on; None when it did not play just then."""
    first = first_voiced(samples[:, 1], begin_ms * RATE // 1000 - FRAME)
    heard = np.abs(samples[:, 0]) * 32768 > FLOOR / 3
    if first is None or not heard[first - 2 * FRAME : first].any():
        return None
    quiet = (first + at for at in range(0, 3 * RATE, 8))
    end = next((at for at in quiet if not heard[at : at + 3 * FRAME].any()), None)
    return None if end is None else (end - first) * 1000 / RATE


def first_voiced(sent: Samples, at: int) -> int | None:
    """Return the first sample of the first of two frames within 20 dB of the loud ones."""
    clip = sent[max(0, at) : at + round(CLIP_S * RATE)]
    frames = clip[: len(clip) // FRAME * FRAME].reshape(-1, FRAME)
    levels = np.sqrt((frames**2).mean(axis=1))
    voiced = levels > np.percentile(levels, 95, method="lower") / 10
    runs = np.flatnonzero(voiced[:-1] & voiced[1:])
    return max(0, at) + int(runs[0]) * FRAME if len(runs) else None


def _ratio(name: str, value: float, goal: float, count: int) -> Ratio:
    return Ratio(
        name=f"speech to silence, {name} / {goal:.0f} ms",
        value=value / goal,
        goal=1.0,
        higher_is_better=False,
        detail=f"{value:.0f} ms, {count} interruptions",
    )
