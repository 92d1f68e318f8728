"""A real caller speaks over a prompt, again and again: it stops for him, and he is heard."""

from pathlib import Path

import pytest

from tests.conftest import Rounds
from tests.live.interrupting import interrupted, reactions
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]


def test_every_prompt_stops_for_whoever_speaks_over_it(tmp_path: Path, rounds: Rounds) -> None:
    count = rounds(20, 100)
    caller, taken = interrupted(tmp_path, count)
    times = reactions(caller)
    assert len(times) >= count
    assert None not in times, "a prompt played on to the end of what was said over it"
    ends = [event for event in taken.history if isinstance(event, ev.PromptFinished)]
    assert {event.outcome for event in ends} == {"interrupted"}
    (returned,) = (event for event in taken.history if isinstance(event, ev.FlowReturned))
    assert len(returned.value) == count
    assert sum(map(bool, returned.value)) >= 0.9 * count, returned.value
