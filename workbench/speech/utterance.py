"""The audio of one utterance, in pieces that a recogniser can take, and the words of each."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.speech import Recognized
from workbench.speech.endpoint import FRAME_MS

SAMPLES_A_MS = 8
LONGEST_MS = 14_000
"""Of one piece: embedded recognisers make words up in longer ones."""
LOOK_BACK_MS = 3_000
"""How far back the quietest moment is looked for, to cut a long piece there."""

Samples = npt.NDArray[np.int16]


class Piece:
    """Some audio to recognise."""

    def __init__(self, start_ms: int, frames: list[Samples]) -> None:
        """Begin with frames of 20 ms, the first of which lies at `start_ms`."""
        self.start_ms = start_ms
        self.frames = frames
        self.heard: Recognized | None = None
        """What it said, once that is final."""

    @property
    def end_ms(self) -> int:
        """Where it ends on the audio clock."""
        return self.start_ms + len(self.frames) * FRAME_MS

    @property
    def samples(self) -> Samples:
        """The audio, int16 at 8 kHz, shape (n,)."""
        return np.concatenate(self.frames) if self.frames else np.zeros(0, np.int16)

    def split(self) -> "Piece":
        """Cut at the quietest moment near the end; return what comes after it."""
        levels = [float(np.abs(frame.astype(np.int32)).mean()) for frame in self.frames]
        back = LOOK_BACK_MS // FRAME_MS
        smooth = np.convolve(levels[-back:], np.ones(5) / 5, "same")
        at = len(levels) - back + int(np.argmin(smooth[:-5]))
        later = Piece(self.start_ms + at * FRAME_MS, self.frames[at:])
        del self.frames[at:]
        return later


class Utterance:
    """What somebody says between two silences."""

    def __init__(self, name: str, start_ms: int, first: Piece) -> None:
        """Begin, with some audio from before it."""
        self.name, self.start_ms, self.end_ms = name, start_ms, 0
        self.pieces = [first]
        self.asked_ms = start_ms
        """Up to where it was asked for words last."""
        self.guessed_ms = 0
        """Where it was taken to end when its final words were asked for early."""
        self.guess: Recognized | Exception | None = None
        """What came of that."""
        self.text = ""
        """What it seemed to say last."""
        self.state: Literal["open", "ended"] = "open"

    @property
    def open(self) -> Piece:
        """The piece that grows."""
        return self.pieces[-1]

    def hear(self, frame: Samples) -> Piece | None:
        """Take the next frame; return a piece that is complete with it."""
        self.open.frames.append(frame)
        if self.open.end_ms - self.open.start_ms < LONGEST_MS:
            return None
        whole = self.open
        self.pieces.append(whole.split())
        return whole

    def said(self, last: str = "") -> str:
        """Return the text of the pieces that are final, and of the last one."""
        final = [piece.heard.text for piece in self.pieces if piece.heard]
        return " ".join(filter(None, [*final, last]))

    @property
    def complete(self) -> bool:
        """Whether all of it has been recognised."""
        return self.state == "ended" and all(piece.heard for piece in self.pieces)
