"""From the caller's first voiced frame to the silence of the prompt that he speaks over.

`tests.live.interrupting` says who speaks over what, and where it is measured.
"""

import logging
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import Ratio
from tests.live.interrupting import interrupted, reactions

ROUNDS = 20
GOALS = (("median", 50, 200.0), ("95 %", 95, 350.0))
"""Percentiles, and the milliseconds that each may take."""
NEVER_MS = 3000.0
"""Stands for a prompt that did not stop."""


def measure() -> list[Ratio]:
    """Interrupt one prompt after another in one call."""
    logging.getLogger("workbench").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        caller, _ = interrupted(Path(folder), ROUNDS)
        times = [NEVER_MS if time is None else time for time in reactions(caller)]
    return [
        _ratio(name, float(np.percentile(times, share)), goal, len(times))
        for name, share, goal in GOALS
    ]


def _ratio(name: str, value: float, goal: float, count: int) -> Ratio:
    return Ratio(
        name=f"speech to silence, {name} / {goal:.0f} ms",
        value=value / goal,
        goal=1.0,
        higher_is_better=False,
        detail=f"{value:.0f} ms, {count} interruptions",
    )
