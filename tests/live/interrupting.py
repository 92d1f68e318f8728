"""A caller who interrupts: real recorded speech over a prompt that never ends.

Both sides are calls of ours over real SIP. All is measured in the recording at the caller's
end, by sample: what he sent and what he was played, through the codec and both jitter buffers.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from workbench import CallControl, CallHandle, Flow, Speech, Workbench, flow
from workbench import events as ev
from workbench.replay import replay
from workbench.shipped import shipped
from workbench.speech import Recognized

RATE, FRAME = 8000, 160
ROUNDS = "X-Rounds"
"""The header that says how often the caller interrupts."""
PROMPT = "murmur.wav"
FLOOR = 24
"""Noise of the prompt that its pauses keep, in units of 16 bits: where it is, it plays."""
SPEECH = ("agent-pass", "conf-full", "priv-recordintro", "transfer", "vm-delete")
"""Real voices of tests/speech/prompts, a part of each."""
CLIP_S = 1.4
LONGEST_S = 3
Samples = npt.NDArray[np.float64]


@flow
async def talk(call: CallControl) -> list[str]:
    """Play to the caller until he speaks, hear him out, and play on."""
    await call.answer()
    await call.listen()
    said = []
    for _ in range(int(call.headers[ROUNDS])):
        await call.play(PROMPT, loop=0, barge_in=True)
        said.append(await call.hear(timeout=5))
    await call.sleep(1)
    return said


@flow
async def interrupt(call: CallControl) -> None:
    """Speak over what is played, at random moments."""
    await call.record()
    await call.sleep(5)
    while True:
        await call.sleep(call.random.uniform(0.8, 1.8))
        await call.play(f"speech-{call.random.randrange(len(SPEECH))}.wav")
        await call.sleep(2.2)


@flow
async def announce(call: CallControl) -> list[object]:
    """Play a prompt that may be interrupted."""
    await call.answer()
    await call.listen()
    played = await call.play("menu.wav", barge_in=True)
    return [played.outcome, played.played_ms]


@flow
async def cough(call: CallControl) -> None:
    """Make a noise that is no words, to whoever listens so."""
    await call.record()
    await call.sleep(4)
    await call.play("speech-0.wav")
    await call.sleep(60)


class Wordless:
    """A recogniser that takes all speech for noise."""

    name, version = "wordless", "1"

    def recognize(
        self, audio: npt.NDArray[np.float32], hints: Sequence[str] = ()
    ) -> Recognized:
        """Find no words."""
        return Recognized(text="")


def interrupted(folder: Path, rounds: int) -> tuple[CallHandle, CallHandle]:
    """Let a caller interrupt so often; return his call and the one that he spoke to."""
    return called(folder, talk, interrupt, rounds=rounds)


def called(
    folder: Path, talk: Flow, interrupt: Flow, *, rounds: int = 1, speech: Speech | None = None
) -> tuple[CallHandle, CallHandle]:
    """Let one flow call the other; return the caller's call and the callee's."""
    write_sounds(folder)
    with Workbench(folder / "store", sounds=[folder], speech=speech) as bench:
        headers = {ROUNDS: str(rounds)}
        placed = bench.dial(bench.answer(talk), flow=interrupt, headers=headers)
        placed.wait(60 + 8 * rounds)
        (taken,) = (call for call in bench.calls if call.id != placed.id)
        taken.wait(30)
        bench.check()
    shut = Workbench(folder / "store", read_only=True)
    caller, callee = shut.call(placed.id), shut.call(taken.id)
    for call, ours in ((caller, interrupt), (callee, talk)):
        again = replay(call.history, ours)
        assert again.equal, str(again)
    return caller, callee


def write_sounds(folder: Path) -> None:
    """Write the prompt, which is never silent, and the caller's clips."""
    menu = soundfile.read(shipped("recordings") / "menu.wav")[0]
    noise = np.random.default_rng(1).choice((-FLOOR, FLOOR), len(menu)) / 32768
    soundfile.write(folder / PROMPT, menu * 0.5 + noise, RATE)
    prompts = Path(__file__).parents[1] / "speech" / "prompts"
    for number, name in enumerate(SPEECH):
        samples, rate = soundfile.read(prompts / f"{name}.flac")
        soundfile.write(folder / f"speech-{number}.wav", samples[: round(CLIP_S * rate)], rate)


def reactions(caller: CallHandle) -> list[float | None]:
    """Return from each first voiced frame to the last sample of the prompt, in milliseconds.

    None where the prompt played on. Speech while none played is left out.
    """
    samples = caller.audio()[0].astype(np.float64)
    (stored,) = (event for event in caller.history if isinstance(event, ev.RecordingStored))
    times = []
    for event in caller.history:
        if isinstance(event, ev.PromptStarted) and event.media_ms is not None:
            at = (event.media_ms - stored.start_media_ms) * RATE // 1000 - FRAME
            first = first_voiced(samples[:, 1], at)
            if plays(samples[:, 0], first - 2 * FRAME):
                times.append(reaction_ms(samples[:, 0], first))
    return times


def plays(heard: Samples, at: int) -> bool:
    """Tell whether the prompt is to be heard in the next two frames."""
    return bool((np.abs(heard[at : at + 2 * FRAME]) * 32768 > FLOOR / 3).any())


def reaction_ms(heard: Samples, first: int) -> float | None:
    """Return how long the prompt goes on from `first`, until three frames are silent."""
    loud = np.abs(heard[first : first + LONGEST_S * RATE]) * 32768 > FLOOR / 3
    for at in range(0, len(loud) - 3 * FRAME, 8):
        if not loud[at : at + 3 * FRAME].any():
            return at * 1000 / RATE
    return None


def first_voiced(sent: Samples, at: int) -> int:
    """Return the first sample of the first of two frames within 20 dB of the loud ones."""
    begin = max(0, at)
    clip = sent[begin : begin + round(CLIP_S * RATE)]
    frames = clip[: len(clip) // FRAME * FRAME].reshape(-1, FRAME)
    levels = np.sqrt((frames**2).mean(axis=1))
    voiced = levels > np.percentile(levels, 95, method="lower") / 10
    pairs = itertools.pairwise(voiced)
    return begin + FRAME * next(number for number, pair in enumerate(pairs) if all(pair))


def share_heard(prompt: Samples, heard: Samples) -> float:
    """Return which share of a prompt's loud pieces of 100 ms is anywhere in what was heard."""
    length, size = RATE // 10, len(heard) + RATE // 10
    power = np.cumsum(np.concatenate(([0.0], heard**2)))
    loudness = np.sqrt(np.maximum(0.0, power[length:] - power[:-length])) + 1e-6
    spectrum = np.fft.rfft(heard, size)
    pieces = prompt[: len(prompt) // length * length].reshape(-1, length)
    loud = [piece for piece in pieces if np.std(piece) > np.std(prompt) / 3]
    scores = [
        np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, size)), size)[: len(loudness)]
        / loudness / np.linalg.norm(piece)
        for piece in loud
    ]  # fmt: skip
    return sum(float(score.max()) > 0.9 for score in scores) / len(loud)
