"""What the ledger says was heard, beside what the far end has really recorded.

Prompts of noise are stopped at random moments: noise is like nothing but itself, so that each
frame of it is found at the far end, or is not there.
"""

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests.acceptance.rtp import Capture
from tests.conftest import Rounds
from workbench import CallControl, Speech, Workbench, flow
from workbench import events as ev
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]

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


def spoken(number: int) -> int:
    """Return which text a prompt says: every third one is kept, from a while ago."""
    return number - 4 if number % 3 == 1 and number > 4 else number


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
                call.say(text(spoken(number)))
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


class Course(NamedTuple):
    """Prompts that were stopped, and where they may be found."""

    prompts: list[Heard]
    wire: Mono
    """What was sent, packet by packet, on the axis of its timestamps."""
    recording: Mono
    """What the far end recorded, behind its jitter buffer."""


@pytest.fixture
def course(tmp_path: Path, rounds: Rounds) -> Course:
    prompts = rounds(20, 100)
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for number in range(2, prompts, 3):
        soundfile.write(sounds / f"{number}.wav", NoiseVoice().speak(text(number))[0], RATE)
    announce = announcer(prompts, sounds)
    with (
        Workbench(tmp_path / "bench", speech=Speech(synthesizer=NoiseVoice())) as bench,
        Capture(tmp_path / "rtp.pcap", []) as capture,
    ):
        placed = bench.dial(bench.answer(announce), flow=recorder).wait(900)
        (said,) = (call for call in bench.calls if call.id != placed.id)
        said.wait(120)
        bench.check()
        history = said.history
        recording = placed.audio()[0][:, 0].astype(np.float32)
    assert replay(history, announce).equal
    streams = [stream.samples().astype(np.float32) for stream in capture.streams()]
    wire = max(streams, key=lambda samples: float(np.square(samples).sum()))
    return Course(heard_prompts(history, sounds), wire, recording)


def heard_prompts(history: Iterable[ev.Event], sounds: Path) -> list[Heard]:
    found = []
    words: tuple[ev.PromptWord, ...]
    for number, event in enumerate(
        event for event in history if isinstance(event, ev.PromptFinished)
    ):
        if number % 3 == 2:
            audio, words = soundfile.read(sounds / f"{number}.wav", dtype="float32")[0], ()
        else:
            audio, _, words = NoiseVoice().speak_words(text(spoken(number)), 1.0)
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


def there(prompt: Heard, among: Mono, at: int) -> npt.NDArray[np.bool_]:
    """Tell of every 10 ms of a prompt whether the 20 ms from there are there, at its place."""
    found = []
    for first in range(0, len(prompt.audio) - WINDOW + 1, STEP):
        # A busy machine or a jitter buffer may have moved it by some frames.
        around = among[max(0, at + first - 1600) : at + first + WINDOW + RATE]
        part = prompt.audio[first : first + WINDOW]
        found.append(len(around) > WINDOW and like(part, around) > LIKE)
    return np.array(found)


def cut_ms(found: npt.NDArray[np.bool_]) -> int:
    """Return how many milliseconds of a prompt came, up to the last of them."""
    return (int(np.nonzero(found)[0][-1]) * STEP + WINDOW) * 1000 // RATE if found.any() else 0


def matched(course: Course, among: Mono) -> Iterator[tuple[Heard, npt.NDArray[np.bool_]]]:
    """Give each prompt that began, and what of it is found."""
    expected, room, before_ms = 2 * RATE, 2 * RATE, 0
    for prompt in (prompt for prompt in course.prompts if prompt.finished.spans):
        (span,) = prompt.finished.spans
        assert span[:2] == (0, prompt.finished.played_ms)
        expected += (span[2] - before_ms) * RATE // 1000 if before_ms else 0
        at = begin(prompt, among, expected, room)
        yield prompt, there(prompt, among, at)
        expected, room, before_ms = at, RATE // 2, span[2]


def test_the_ledger_agrees_with_the_wire_and_with_the_far_end(course: Course) -> None:
    off = []
    for prompt, found in matched(course, course.wire):
        off.append(prompt.finished.played_ms - cut_ms(found))
        check_words(prompt, found)
    assert len(off) >= 0.9 * len(course.prompts)
    assert share_beyond(off) <= 0.01, sorted(off)
    # What a far end loses, as on a machine that is too busy, is not the ledger's.
    off = [
        prompt.finished.played_ms - cut_ms(found)
        for prompt, found in matched(course, course.recording)
        if found[: prompt.finished.played_ms // 10 - 1].mean() > 0.9
    ]
    assert len(off) >= len(course.prompts) // 2
    assert share_beyond(off) <= 0.01, sorted(off)


def share_beyond(off: list[int]) -> float:
    return sum(abs(each) > AGREED_MS for each in off) / len(off)


def check_words(prompt: Heard, found: npt.NDArray[np.bool_]) -> None:
    """Assert that each word that was heard is there, and that they are the first ones."""
    heard = prompt.finished.heard.split()
    assert heard == [word.text for word in prompt.words[: len(heard)]]
    for word in prompt.words[: len(heard)]:
        assert found[word.start_ms // 10 : word.end_ms // 10 - 1].mean() > 0.95, word.text
