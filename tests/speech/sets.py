"""The labelled sets beside this module: prompts with their words; how words are compared."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

HERE = Path(__file__).parent
RATE = 8000

Samples = npt.NDArray[np.int16]


class Prompt(NamedTuple):
    """A recording of which every word is known."""

    name: str
    text: str
    samples: Samples
    """Mono, 8 kHz."""


def prompts() -> list[Prompt]:
    """Return the set for word error rates."""
    rows = lines_of(HERE / "prompts" / "prompts.jsonl")
    return [
        Prompt(row["file"], row["text"], read(HERE / "prompts" / row["file"])) for row in rows
    ]


def lines_of(path: Path) -> Iterator[dict[str, str]]:
    """Give the objects of a file that has one a line."""
    yield from map(json.loads, path.read_text().splitlines())


def read(path: Path) -> Samples:
    """Return the samples of a file of the sets."""
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE, f"{path} has {rate} Hz"
    return np.asarray(samples)


def words(text: str) -> list[str]:
    """Return what counts of a text: its words, small, without marks."""
    return re.findall(r"[a-z0-9']+", text.lower().replace("-", " "))


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """Return the words that are wrong, missing or too many, and the words that were said."""
    wanted = words(said)
    row = list(range(len(wanted) + 1))
    for at, word in enumerate(words(heard), 1):
        before, row[0] = row[0], at
        for column, other in enumerate(wanted, 1):
            best = min(row[column] + 1, row[column - 1] + 1, before + (word != other))
            before, row[column] = row[column], best
    return row[-1], len(wanted)
