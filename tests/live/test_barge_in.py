"""A real caller speaks over a prompt, again and again: it stops for him, and he is heard."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import Rounds
from tests.live.interrupting import (
    Wordless,
    announce,
    called,
    cough,
    interrupted,
    reactions,
    share_heard,
)
from workbench import Speech
from workbench import events as ev
from workbench.shipped import shipped

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]


def test_every_prompt_stops_for_whoever_speaks_over_it(tmp_path: Path, rounds: Rounds) -> None:
    count = rounds(20, 100)
    caller, taken = interrupted(tmp_path, count)
    times = reactions(caller)
    assert len(times) >= 0.9 * count, "few of what was said fell into a prompt"
    assert None not in times, "a prompt played on to the end of what was said over it"
    ends = [event for event in taken.history if isinstance(event, ev.PromptFinished)]
    assert {event.outcome for event in ends} == {"interrupted"}
    (returned,) = (event for event in taken.history if isinstance(event, ev.FlowReturned))
    assert len(returned.value) == count
    assert sum(map(bool, returned.value)) >= 0.9 * count, returned.value


def test_a_noise_costs_the_caller_nothing_of_the_prompt(tmp_path: Path) -> None:
    caller, taken = called(tmp_path, announce, cough, speech=Speech(recognizer=Wordless()))
    prompts = [event for event in taken.history if isinstance(event, ev.PromptRequested)]
    ends = [event for event in taken.history if isinstance(event, ev.PromptFinished)]
    assert [event.outcome for event in ends][-1] == "completed"
    assert len(prompts) >= 2, "the noise was not noticed"
    menu = soundfile.read(shipped("recordings") / "menu.wav")[0]
    (returned,) = (event for event in taken.history if isinstance(event, ev.FlowReturned))
    outcome, played_ms = returned.value
    assert outcome == "completed"
    assert abs(played_ms - len(menu) / 8) <= 40 * len(prompts)
    heard = caller.audio()[0][:, 0].astype(np.float64)
    assert share_heard(menu, heard) > 0.9
    assert share_heard(menu, heard[: len(menu) // 2]) < 0.6, "what is not there is not found"
