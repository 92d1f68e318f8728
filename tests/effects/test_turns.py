"""Turns in the simulation, with ears that have a script: prompts stop, go on, and replay."""

from pathlib import Path
from typing import Any

import pytest

from tests.effects.test_prompts import Voice
from tests.simulation import Simulation
from workbench import events as ev
from workbench.control import BargeIn, CallControl
from workbench.engine.loopback import FarEnd
from workbench.flow import Flow, flow
from workbench.prompts import PromptShelf
from workbench.replay import replay
from workbench.shipped import shipped
from workbench.speech.scripted import Line, Said, ScriptedEars

pytestmark = pytest.mark.anyio

STAYS = FarEnd(hangs_up_after_s=20)


async def story(folder: Path, ours: Flow, *lines: Line, far: FarEnd = STAYS) -> list[ev.Event]:
    """Return the history of a call whose far end says these lines."""
    ears, voice = ScriptedEars(*lines), Voice()
    async with Simulation(folder, inbound=ours, ears=ears, voice=voice) as simulation:
        simulation.engine.offer(far)
        ((*history,),) = await simulation.until_closed()
    assert replay(history, ours).equal, str(replay(history, ours))
    return history


def played(history: list[ev.Event]) -> list[tuple[str, int]]:
    """Return how each prompt ended, and how much of it was played."""
    ends = [event for event in history if isinstance(event, ev.PromptFinished)]
    return [(event.outcome, event.played_ms) for event in ends]


def skipped(history: list[ev.Event]) -> list[int]:
    return [event.skip_ms for event in history if isinstance(event, ev.PromptRequested)]


def returned(history: list[ev.Event]) -> Any:
    (end,) = (event for event in history if isinstance(event, ev.FlowReturned))
    return end.value


@flow
async def greet(call: CallControl) -> list[object]:
    await call.answer()
    await call.listen()
    played = await call.play("menu.wav", barge_in=True)
    return [played.outcome, played.interrupted_by, await call.hear()]


@flow
async def patient(call: CallControl) -> list[object]:
    await call.answer()
    await call.listen()
    played = await call.play("menu.wav", barge_in=BargeIn(min_ms=500))
    return [played.outcome, played.played_ms]


@flow
async def ask(call: CallControl) -> list[object]:
    await call.answer()
    answer = await call.gather(2, speech=True, play="menu.wav", accept=["sales", "42"])
    return [answer.reason, answer.choice]


@flow
async def recite(call: CallControl) -> list[object]:
    await call.answer()
    await call.listen()
    played = await call.say("One two three. Four five. Six seven eight.", barge_in=True)
    return [played.outcome, played.played_ms, played.heard]


async def test_speech_stops_a_prompt_when_it_is_noticed(tmp_path: Path) -> None:
    history = await story(tmp_path, greet, Said(text="sales please", at_ms=2000))
    assert returned(history) == ["interrupted", "speech", "sales please"]
    ((outcome, played_ms),) = played(history)
    assert outcome == "interrupted"
    assert 2000 <= played_ms <= 2200


async def test_a_noise_costs_nothing_of_the_prompt(tmp_path: Path) -> None:
    noise = Said(text="", at_ms=2000, duration_ms=200)
    history = await story(tmp_path, greet, noise, Said(text="hello", at_ms=13_000))
    assert returned(history) == ["completed", "", "hello"]
    (_, first_ms), (outcome, rest_ms) = played(history)
    assert skipped(history) == [0, first_ms]
    whole = PromptShelf(tmp_path).from_file("menu.wav", [shipped("recordings")])
    assert outcome == "completed"
    assert abs(first_ms + rest_ms - whole.duration_ms) <= 20


async def test_a_noise_that_is_too_short_does_not_even_stop_it(tmp_path: Path) -> None:
    history = await story(tmp_path, patient, Said(text="", at_ms=1000, duration_ms=300))
    assert [outcome for outcome, _ in played(history)] == ["completed"]


async def test_speech_that_is_long_enough_stops_it(tmp_path: Path) -> None:
    history = await story(tmp_path, patient, Said(text="one two three", at_ms=1000))
    ((outcome, played_ms),) = played(history)
    assert outcome == "interrupted"
    assert 1440 <= played_ms <= 1640


async def test_the_prompt_of_a_question_goes_on_where_it_stopped(tmp_path: Path) -> None:
    noise = Said(text="", at_ms=100, duration_ms=100)
    keys = FarEnd(hangs_up_after_s=20, digits=((8.0, "42"),))
    history = await story(tmp_path, ask, noise, far=keys)
    assert returned(history) == ["digits", "42"]
    skips = skipped(history)
    assert skips[0] == 0
    assert len(skips) == 2
    assert skips[1] == played(history)[0][1] > 0


async def test_a_text_that_a_noise_interrupts_is_heard_but_for_the_word_cut(
    tmp_path: Path,
) -> None:
    history = await story(tmp_path, recite, Said(text="", at_ms=1600, duration_ms=200))
    outcome, played_ms, heard = returned(history)
    assert outcome == "completed"
    assert abs(played_ms - 4000) <= 20, "two words a second"
    assert heard == "One two three. five. Six seven eight."


async def test_of_a_text_that_is_interrupted_the_begin_is_heard(tmp_path: Path) -> None:
    history = await story(tmp_path, recite, Said(text="stop", at_ms=1600))
    outcome, _, heard = returned(history)
    assert (outcome, heard) == ("interrupted", "One two three.")


async def test_whichever_comes_first_is_the_answer(tmp_path: Path) -> None:
    keys = FarEnd(hangs_up_after_s=20, digits=((8.0, "42"),))
    history = await story(tmp_path / "a", ask, Said(text="Sales.", at_ms=4000), far=keys)
    assert returned(history) == ["speech", "sales"]
    history = await story(tmp_path / "b", ask, Said(text="Sales.", at_ms=9000), far=keys)
    assert returned(history) == ["digits", "42"]


async def test_a_hang_up_over_an_interrupted_prompt_ends_all(tmp_path: Path) -> None:
    leaves = FarEnd(hangs_up_after_s=2.4)
    history = await story(tmp_path, greet, Said(text="bye", at_ms=2000), far=leaves)
    assert not [event for event in history if isinstance(event, ev.FlowReturned) if event.value]
    assert isinstance(history[-1], ev.Event)
