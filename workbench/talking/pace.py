"""What a page may say: frames, and about as many as it hears. The call is the clock."""

FRAME_BYTES = 320
"""20 ms at 8 kHz, int16."""
MOST_AHEAD = 500
"""Frames that a page may send beyond those of the call: more is no microphone."""
STALLED = 250
"""Frames of the call without one of the page, after which it is taken to be gone."""
NO_FRAME = "the page sent what is no frame of audio"
CALL_OVER = "the call is over"


class Finished(Exception):
    """A talk is over, and why."""


class Pace:
    """Counts the frames of one talk."""

    def __init__(self) -> None:
        """Begin even."""
        self._ahead = self._quiet = 0

    def said(self) -> None:
        """Count a frame of the page.

        Raises:
            Finished: it sends more than a microphone can.
        """
        self._quiet, self._ahead = 0, self._ahead + 1
        if self._ahead > MOST_AHEAD:
            raise Finished("the page sent more frames than a microphone has")

    def heard(self, frame: bytes) -> None:
        """Count a frame of the call.

        Raises:
            Finished: it is empty, since the call is over; or the page has sent none for long.
        """
        if not frame:
            raise Finished(CALL_OVER)
        # What a page was held up it may send at once, but not all that it never said.
        self._quiet, self._ahead = self._quiet + 1, max(self._ahead - 1, -STALLED)
        if self._quiet > STALLED:
            raise Finished("the page has sent nothing for five seconds")
