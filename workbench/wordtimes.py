"""Where the words of a spoken text lie in its audio, when the voice does not tell.

Estimated from how long the words are written, and rather late than early: a word that is said
to be over has been heard.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.events import PromptWord

FRAME_MS = 20
QUIET = 0.01
"""Of the loudest frame; below it nothing is said."""
LATER_MS = 200
LATER_SHARE = 0.1
"""Of the whole text: how far a word may lie behind its even share, by measurement."""
DIGIT_LETTERS = 4
"""A digit is as long as a word of so many letters."""


def audible(audio: npt.NDArray[np.float32], rate: int) -> tuple[int, int]:
    """Return the milliseconds between which something is heard; (0, 0) when nothing is."""
    size = rate * FRAME_MS // 1000
    whole = audio[: len(audio) - len(audio) % size].reshape(-1, size)
    levels = np.sqrt((whole.astype(np.float64) ** 2).mean(axis=1))
    loud = np.nonzero(levels > QUIET * levels.max(initial=0.0))[0]
    if not len(loud):
        return 0, 0
    return int(loud[0]) * FRAME_MS, (int(loud[-1]) + 1) * FRAME_MS


def estimated(
    words: Sequence[str], audio: npt.NDArray[np.float32], rate: int
) -> tuple[PromptWord, ...]:
    """Share out what is heard among the words, by their letters.

    Args:
        words: in their order.
        audio: mono samples of all of them.
        rate: samples a second.
    """
    first_ms, last_ms = audible(audio, rate)
    lengths = np.array([1 + _letters(word) for word in words], np.float64)
    ends = first_ms + np.cumsum(lengths) / lengths.sum() * (last_ms - first_ms)
    later_ms = LATER_MS + LATER_SHARE * (last_ms - first_ms)
    starts = np.concatenate([[first_ms], ends[:-1]])
    return tuple(
        PromptWord(text=word, start_ms=int(start), end_ms=int(min(last_ms, end + later_ms)))
        for word, start, end in zip(words, starts, ends, strict=True)
    )


def _letters(word: str) -> int:
    return sum(DIGIT_LETTERS if each.isdigit() else each.isalpha() for each in word)
