"""Where speech begins and ends: probabilities of frames in, beginnings and ends out."""

from typing import Literal

FRAME_MS = 20
LIKELY, UNLIKELY = 0.5, 0.35
"""Speech begins above the first and is over below the second."""
BEGIN_MS = 60
"""Of likely speech that make a beginning; less is a click."""

Change = Literal["start", "end"] | None


class Endpointer:
    """Follows one direction of a call."""

    def __init__(self, silence_ms: int) -> None:
        """Take so much silence for the end."""
        self.silence_ms = silence_ms
        """That ends speech; may be changed at any time."""
        self.speaking = False
        self.start_ms = self.end_ms = 0
        """Of the speech that goes on, or was last: its beginning, and its last likely frame."""
        self._likely_ms = 0

    def hear(self, probability: float, media_ms: int) -> Change:
        """Take the frame that begins at `media_ms`; return what it changes."""
        if not self.speaking:
            return self._wait_for_speech(probability, media_ms)
        over_ms = media_ms + FRAME_MS
        if probability >= UNLIKELY:
            self.end_ms = over_ms
        elif over_ms - self.end_ms >= self.silence_ms:
            return self.stop()
        return None

    def _wait_for_speech(self, probability: float, media_ms: int) -> Change:
        if probability < LIKELY:
            self._likely_ms = 0
            return None
        if not self._likely_ms:
            self.start_ms = media_ms
        self._likely_ms += FRAME_MS
        if self._likely_ms < BEGIN_MS:
            return None
        self.speaking, self._likely_ms = True, 0
        self.end_ms = media_ms + FRAME_MS
        return "start"

    def stop(self) -> Change:
        """Take it that nothing follows."""
        change: Change = "end" if self.speaking else None
        self.speaking, self._likely_ms = False, 0
        return change
