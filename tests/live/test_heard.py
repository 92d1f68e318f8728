"""What the ledger says was heard, beside what the far end has really recorded.

Prompts of noise are stopped at random moments: noise is like nothing but itself, so that each
frame of it is found at the far end, or is not there.
"""

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests.conftest import Rounds
from workbench import CallControl, Speech, Workbench, flow
from workbench import events as ev
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow]

RATE, STEP = 8000, 80
WINDOW = 2 * STEP
"""20 ms, looked for every 10 ms."""
WORD_MS = 260
AGREED_MS = 40
LIKE = 0.8
Mono = npt.NDArray[np.float32]


class NoiseVoice:
    """Says each word as a noise of its own, and tells where."""

    name, version = "test/noise", "1"

    def speak(self, text: str) -> tuple[Mono, int]:
        return np.concatenate([noise(word) for word in text.split()]), RATE

    def speak_words(
        self, text: str, rate: float
    ) -> tuple[Mono, int, tuple[ev.PromptWord, ...]]:
        words = tuple(
            ev.PromptWord(text=word, start_ms=at * WORD_MS, end_ms=(at + 1) * WORD_MS)
            for at, word in enumerate(text.split())
        )
        return *self.speak(text), words


def noise(word: str) -> Mono:
    chance = np.random.default_rng(zlib.crc32(word.encode()))
    return chance.normal(0, 0.1, WORD_MS * RATE // 1000).astype(np.float32)


def text(number: int) -> str:
    """Return three sentences of four words that no other number has."""
    return " ".join(f"A{number}{s} b{number}{s} c{number}{s} d{number}{s}." for s in "xyz")


class Heard(NamedTuple):
    """One prompt: what the ledger says, and what it was."""

    audio: Mono
    finished: ev.PromptFinished
    words: tuple[ev.PromptWord, ...]


def announcer(prompts: int, folder: Path) -> Any:
    @flow
    async def announce(call: CallControl) -> None:
        await call.answer()
        await call.sleep(0.5)
        for number in range(prompts):
            # A text that is new, one that is kept, and a file: each comes by its own way.
            playing = (
                call.say(text(number - number % 3))
                if number % 3 < 2
                else call.play(folder / f"{number}.wav")
            )
            async with call._beside(playing) as prompt:
                await call.sleep(call.random.uniform(0.1, 3.0))
                await call.stop()
                await prompt
            await call.sleep(0.2)
        await call.hangup()

    return announce


@flow
async def recorder(call: CallControl) -> None:
    await call.record()
    await call.sleep(600)


@pytest.fixture
def course(tmp_path: Path, rounds: Rounds) -> tuple[list[Heard], Mono]:
    """Play prompts that are stopped; return them, and what the far end recorded."""
    prompts = rounds(20, 100)
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for number in range(2, prompts, 3):
        soundfile.write(sounds / f"{number}.wav", NoiseVoice().speak(text(number))[0], RATE)
    announce = announcer(prompts, sounds)
    with Workbench(tmp_path / "bench", speech=Speech(synthesizer=NoiseVoice())) as bench:
        placed = bench.dial(bench.answer(announce), flow=recorder).wait(900)
        (said,) = (call for call in bench.calls if call.id != placed.id)
        said.wait(120)
        bench.check()
        history = said.history
        received = placed.audio()[0][:, 0].astype(np.float32)
    assert replay(history, announce).equal
    return heard_prompts(history, sounds), received


def heard_prompts(history: Iterable[ev.Event], sounds: Path) -> list[Heard]:
    found = []
    words: tuple[ev.PromptWord, ...]
    for number, event in enumerate(
        event for event in history if isinstance(event, ev.PromptFinished)
    ):
        if number % 3 == 2:
            audio, words = soundfile.read(sounds / f"{number}.wav", dtype="float32")[0], ()
        else:
            audio, _, words = NoiseVoice().speak_words(text(number - number % 3), 1.0)
        found.append(Heard(audio, event, words))
    return found


def like(part: Mono, among: Mono) -> float:
    """Return how like the likest place among others is, 1 for the same."""
    power = np.concatenate(([0.0], np.cumsum(among.astype(np.float64) ** 2)))
    loudness = np.sqrt(np.maximum(1e-9, power[len(part) :] - power[: -len(part)]))
    scores = np.correlate(among, part, "valid") / loudness / np.linalg.norm(part)
    return float(scores.max())


def begin(prompt: Heard, received: Mono, expected: int, room: int) -> int:
    """Return where a prompt begins in what was received, looked for around a sample."""
    head = prompt.audio[: min(1600, prompt.finished.played_ms * RATE // 1000)]
    if len(head) < WINDOW:
        return expected
    first = max(0, expected - room)
    around = received[first : expected + room + len(head)]
    return first + int(np.correlate(around, head, "valid").argmax())


def cut_ms(prompt: Heard, received: Mono, at: int) -> int:
    """Return how many milliseconds of a prompt are there, in steps of 10."""
    last = 0
    for first in range(0, len(prompt.audio) - WINDOW + 1, STEP):
        # A jitter buffer may have moved it by some frames.
        around = received[max(0, at + first - 1600) : at + first + WINDOW + 1600]
        if len(around) > WINDOW and like(prompt.audio[first : first + WINDOW], around) > LIKE:
            last = first + WINDOW
    return last * 1000 // RATE


def test_the_ledger_agrees_with_the_far_end(course: tuple[list[Heard], Mono]) -> None:
    prompts, received = course
    off, expected, room, before_ms = [], 2 * RATE, 2 * RATE, 0
    for prompt in (prompt for prompt in prompts if prompt.finished.spans):
        (span,) = prompt.finished.spans
        assert span[:2] == (0, prompt.finished.played_ms)
        # Both clocks run alike; a jitter buffer moves what was received by frames.
        expected += (span[2] - before_ms) * RATE // 1000 if before_ms else 0
        at = begin(prompt, received, expected, room)
        off.append(prompt.finished.played_ms - cut_ms(prompt, received, at))
        check_words(prompt, received, at)
        expected, room, before_ms = at, RATE // 2, span[2]
    assert len(off) >= len(prompts) * 0.9
    disagreed = sum(abs(each) > AGREED_MS for each in off)
    assert disagreed <= len(off) // 100, sorted(off)
    assert abs(float(np.median(off))) <= AGREED_MS / 2


def check_words(prompt: Heard, received: Mono, at: int) -> None:
    """Assert that each word that was heard is there, and that they are the first ones."""
    heard = prompt.finished.heard.split()
    assert heard == [word.text for word in prompt.words[: len(heard)]]
    for word in prompt.words[: len(heard)]:
        first, last = (ms * RATE // 1000 for ms in (word.start_ms, word.end_ms))
        around = received[max(0, at + first - 1600) : at + last + 1600]
        pieces = np.split(prompt.audio[first:last], 13)  # 20 ms each
        # A frame that a jitter buffer left out, as on a busy machine, spoils two pieces.
        assert sum(like(piece, around) > LIKE for piece in pieces) >= 11, word.text
