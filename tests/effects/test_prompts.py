"""Spoken prompts in the simulation: part by part, and what was heard of them."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.simulation import Simulation
from workbench import CallControl, Flow, flow
from workbench import events as ev
from workbench.engine.loopback import FarEnd
from workbench.errors import CallEnded, InvalidAudio
from workbench.replay import replay

pytestmark = pytest.mark.anyio

THREE = "One two three. Four five. Six seven eight."
RATE, WORD_MS = 8000, 500


class Voice:
    """A second of noise for two words, of which it tells where they lie."""

    name, version = "test/even", "1"

    def __init__(self, dumb: str = "") -> None:
        self.asked: list[str] = []
        self._dumb = dumb
        """A sentence that it cannot say."""

    def speak(self, text: str) -> tuple[npt.NDArray[np.float32], int]:
        raise NotImplementedError

    def speak_words(
        self, text: str, rate: float
    ) -> tuple[npt.NDArray[np.float32], int, tuple[ev.PromptWord, ...]]:
        self.asked.append(text)
        if text == self._dumb:
            raise RuntimeError("the voice is gone")
        words = [
            ev.PromptWord(text=word, start_ms=WORD_MS * at, end_ms=WORD_MS * (at + 1))
            for at, word in enumerate(text.split())
        ]
        chance = np.random.default_rng(len(text))
        samples = chance.uniform(-0.5, 0.5, len(words) * WORD_MS * RATE // 1000)
        return samples.astype(np.float32), RATE, tuple(words)


class ByHand(Executor):
    """Runs what it is given when it is told to, one after another."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def step(self) -> None:
        future, work = self._waiting.popleft()
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed on, as every executor does
            future.set_exception(error)

    @property
    def idle(self) -> bool:
        return not self._waiting


def of(history: list[ev.Event], *kinds: type[ev.Event]) -> list[Any]:
    return [event for event in history if isinstance(event, kinds)]


async def story(
    folder: Path, ours: Flow, voice: Voice, script: FarEnd | None = None
) -> list[ev.Event]:
    async with Simulation(folder, inbound=ours, voice=voice) as simulation:
        simulation.engine.offer(script or FarEnd())
        ((*history,),) = await simulation.until_closed()
    assert replay(history, ours).equal, str(replay(history, ours))
    return history


async def begun(simulation: Simulation, files: ByHand) -> None:
    """Do what is to be done, and move the clock, until a prompt plays."""
    for _ in range(100):
        await simulation.settle()
        if "call.prompt_started" in simulation.words():
            return
        if files.idle:
            simulation.clock.advance_to_next()
        else:
            files.step()
    raise AssertionError(simulation.words())


@flow
async def announce(call: CallControl) -> str:
    await call.answer()
    return (await call.say(THREE)).heard


async def test_the_first_part_plays_while_the_next_is_made(tmp_path: Path) -> None:
    voice, files = Voice(), ByHand()
    async with Simulation(tmp_path, inbound=announce, voice=voice, files=files) as simulation:
        simulation.engine.offer(FarEnd())
        await begun(simulation, files)
        assert voice.asked == ["One two three."]
        while not files.idle:
            files.step()
            await simulation.settle()
        assert "call.prompt_finished" not in simulation.words()
        ((*history,),) = await simulation.until_closed()
    parts = of(history, ev.PromptPrepared)
    assert [(part.part, part.parts, part.text, part.start_ms) for part in parts] == [
        (1, 3, "One two three.", 0),
        (2, 3, "Four five.", 1500),
        (3, 3, "Six seven eight.", 2500),
    ]
    (started,), (finished,) = of(history, ev.PromptStarted), of(history, ev.PromptFinished)
    assert (started.audio, started.duration_ms) == (parts[0].audio, None)
    assert (finished.outcome, finished.played_ms, finished.late_ms) == ("completed", 4000, 0)
    assert finished.heard == THREE
    assert of(history, ev.FlowReturned)[0].value == THREE
    assert replay(history, announce).equal


@flow
async def say_twice(call: CallControl) -> None:
    await call.answer()
    await call.say(THREE)
    await call.say(THREE)


async def test_what_was_said_before_is_there_at_once(tmp_path: Path) -> None:
    voice = Voice()
    history = await story(tmp_path, say_twice, voice)
    assert len(voice.asked) == 3
    again = of(history, ev.PromptPrepared)[3:]
    (_, started), (_, finished) = of(history, ev.PromptStarted), of(history, ev.PromptFinished)
    assert [(part.parts, part.text, part.duration_ms) for part in again] == [(1, THREE, 4000)]
    assert (started.audio, started.duration_ms) == (again[0].audio, 4000)
    assert finished.heard == THREE


async def test_a_part_that_comes_late_leaves_silence(tmp_path: Path) -> None:
    files = ByHand()
    async with Simulation(tmp_path, inbound=announce, voice=Voice(), files=files) as simulation:
        simulation.engine.offer(FarEnd())
        await begun(simulation, files)
        simulation.clock.advance(2.5)
        while not files.idle:
            files.step()
            await simulation.settle()
        ((*history,),) = await simulation.until_closed()
    (finished,) = of(history, ev.PromptFinished)
    assert (finished.outcome, finished.played_ms, finished.late_ms) == ("completed", 4000, 1000)
    assert [span[:2] for span in finished.spans] == [(0, 1500), (1500, 4000)]
    assert finished.spans[1][2] - finished.spans[0][2] == 2500
    assert finished.heard == THREE


@flow
async def announce_or_tell(call: CallControl) -> list[str]:
    await call.answer()
    try:
        await call.say(THREE)
    except InvalidAudio as error:
        return [str(error), *call.heard]
    return []


async def test_a_part_that_cannot_be_made_ends_the_prompt_after_those_before(
    tmp_path: Path,
) -> None:
    history = await story(tmp_path, announce_or_tell, Voice(dumb="Four five."))
    (finished,) = of(history, ev.PromptFinished)
    assert (finished.outcome, finished.played_ms) == ("failed", 1500)
    assert finished.reason == "the voice is gone"
    assert of(history, ev.FlowReturned)[0].value == ["the voice is gone", "One two three."]


async def test_a_first_part_that_cannot_be_made_fails_at_once(tmp_path: Path) -> None:
    history = await story(tmp_path, announce_or_tell, Voice(dumb="One two three."))
    (finished,) = of(history, ev.PromptFinished)
    assert (finished.outcome, finished.played_ms, finished.heard) == ("failed", 0, "")
    assert not of(history, ev.PromptStarted)


@flow
async def announce_until_key(call: CallControl) -> str:
    await call.answer()
    async with call_task(call) as said:
        await call.sleep(2.2)
        await call.stop()
        return str((await said).heard)


def call_task(call: CallControl) -> Any:
    return call._beside(call.say(THREE))


async def test_of_what_is_stopped_whole_words_were_heard(tmp_path: Path) -> None:
    history = await story(tmp_path, announce_until_key, Voice())
    (finished,) = of(history, ev.PromptFinished)
    assert (finished.outcome, finished.heard) == ("interrupted", "One two three. Four")
    assert 2000 <= finished.played_ms < 2500
    assert of(history, ev.FlowReturned)[0].value == "One two three. Four"


@flow
async def announce_to_the_end(call: CallControl) -> list[str]:
    try:
        await call.answer()
        await call.say("[pause 0.5s] One two.")
        await call.say(THREE)
    except CallEnded:
        return list(call.heard)
    return []


async def test_of_what_the_end_cuts_whole_words_were_heard(tmp_path: Path) -> None:
    script = FarEnd(hangs_up_after_s=4.3)
    history = await story(tmp_path, announce_to_the_end, Voice(), script)
    assert of(history, ev.FlowReturned)[0].value == ["One two.", "One two three. Four five."]


@flow
async def change_its_mind(call: CallControl) -> str:
    await call.answer()
    async with call._beside(call.say(f"{THREE} And so on. And so on and on.")):
        await call.sleep(0.7)
        return (await call.say("Nine ten.")).heard


async def test_a_prompt_that_is_replaced_is_made_no_further(tmp_path: Path) -> None:
    voice, files = Voice(), ByHand()
    async with Simulation(
        tmp_path, inbound=change_its_mind, voice=voice, files=files
    ) as simulation:
        simulation.engine.offer(FarEnd())
        await begun(simulation, files)
        simulation.clock.advance(1)
        for _ in range(100):
            await simulation.settle()
            if not files.idle:
                files.step()
            elif not simulation.closed:
                simulation.clock.advance_to_next()
        history = simulation.log.history(simulation.closed[0])
    assert voice.asked[:2] == ["One two three.", "Four five."]
    assert "And so on and on." not in voice.asked
    first, second = of(history, ev.PromptFinished)
    assert (first.outcome, first.heard) == ("interrupted", "One two")
    assert second.heard == "Nine ten."


@flow
async def announce_muted(call: CallControl) -> str:
    await call.answer()
    async with call_task(call) as said:
        await call.sleep(0.6)
        await call.mute()
        await call.sleep(1.6)
        await call.unmute()
        return str((await said).heard)


async def test_muted_words_were_not_heard(tmp_path: Path) -> None:
    history = await story(tmp_path, announce_muted, Voice())
    (finished,) = of(history, ev.PromptFinished)
    assert finished.played_ms == 4000
    assert finished.heard == "One Six seven eight."


@flow
async def say_nothing(call: CallControl) -> str:
    await call.answer()
    try:
        await call.say("<speak><audio src='a.wav'/></speak>")
    except ValueError as error:
        return str(error)
    return ""


async def test_what_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    history = await story(tmp_path, say_nothing, Voice())
    assert "line 1, column 8: <audio> is not spoken" in of(history, ev.FlowReturned)[0].value
    assert not of(history, ev.PromptRequested)
