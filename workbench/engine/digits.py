"""The pace of keypad digits that are sent: one after another, pauses between them.

RFC 4733 events of one stream must not overlap, so a digit begins only when the one
before it has left.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from workbench.clock import Clock, Timer
from workbench.commands import KEYS, KeyMethod

TONE_MS = 160
"""Length of one digit, when nothing else is said."""
GAP_S = 0.08
"""From the end of one digit to the next: two more end packets and a pause."""
DIGIT_S = TONE_MS / 1000 + GAP_S
"""From the begin of one digit of the usual length to the next."""
PAUSES = {"w": 0.5, "W": 1.0}

Press = Callable[[str, KeyMethod, int], None]
"""Begins to send a key, in some way, for so many milliseconds."""
Outcome = Literal["completed", "interrupted", "failed"]


class Finished(Protocol):
    """What is told of a sending that is over."""

    def __call__(self, sending: str, outcome: Outcome, reason: str = "") -> None:
        """Take note of how the sending ended."""


def steps(digits: str, duration_ms: int = TONE_MS) -> list[tuple[str, float]]:
    """Split digits into keys to press (empty for a pause) and seconds to wait after each.

    Raises:
        ValueError: a character is no key and no pause.
    """
    found = []
    for character in digits:
        key = character.upper()
        if character in PAUSES:
            found.append(("", PAUSES[character]))
        elif key in KEYS:
            found.append((key, duration_ms / 1000 + GAP_S))
        else:
            raise ValueError(f"{character!r} is no keypad digit: use 0-9 * # A-D, w or W.")
    return found


@dataclass
class Sending:
    """Digits on their way, and what is still to be pressed."""

    name: str
    steps: deque[tuple[str, float]]
    method: KeyMethod
    duration_ms: int


class Keypad:
    """Presses the digits of one leg at their pace, sending after sending."""

    def __init__(self, clock: Clock, press: Press, finished: Finished) -> None:
        """Press keys by `press` and tell `finished` of each sending that is over."""
        self._clock, self._press, self._finished = clock, press, finished
        self._queue: deque[Sending] = deque()
        self._timer: Timer | None = None
        self._running = False

    def add(
        self,
        sending: str,
        digits: str,
        method: KeyMethod = "rfc4733",
        duration_ms: int = TONE_MS,
    ) -> None:
        """Queue digits; they begin at once when the keypad runs and nothing is before them."""
        try:
            planned = deque(steps(digits, duration_ms))
        except ValueError as error:
            self._finished(sending, "failed", str(error))
            return
        self._queue.append(Sending(sending, planned, method, duration_ms))
        if self._running and self._timer is None:
            self._advance()

    def run(self) -> None:
        """Begin to press what is queued: audio can flow now."""
        if not self._running:
            self._running = True
            self._advance()

    def stop(self) -> None:
        """Give up all that is queued; each sending is reported as interrupted."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._running = None, False
        while self._queue:
            self._finished(self._queue.popleft().name, "interrupted")

    def _advance(self) -> None:
        self._timer = None
        while self._queue:
            sending = self._queue[0]
            if sending.steps:
                self._take(sending)
                return
            self._queue.popleft()
            self._finished(sending.name, "completed")

    def _take(self, sending: Sending) -> None:
        key, seconds = sending.steps.popleft()
        try:
            if key:
                self._press(key, sending.method, sending.duration_ms)
        except OSError as error:
            self._queue.popleft()
            self._finished(sending.name, "failed", str(error))
            seconds = 0.0
        self._timer = self._clock.call_later(seconds, self._advance)
