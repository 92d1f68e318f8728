"""The pace of keypad digits that are sent: one after another, pauses between them.

RFC 4733 events of one stream must not overlap, so a digit begins only when the one
before it has left.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from workbench.clock import Clock, Timer
from workbench.commands import KEYS

TONE_MS = 160
"""Length of one digit."""
DIGIT_S = 0.24
"""From the begin of one digit to the next: tone, two more end packets and a gap."""
PAUSES = {"w": 0.5, "W": 1.0}

Outcome = Literal["completed", "interrupted", "failed"]


class Finished(Protocol):
    """What is told of a sending that is over."""

    def __call__(self, sending: str, outcome: Outcome, reason: str = "") -> None:
        """Take note of how the sending ended."""


def steps(digits: str) -> list[tuple[str, float]]:
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
            found.append((key, DIGIT_S))
        else:
            raise ValueError(f"{character!r} is no keypad digit: use 0-9 * # A-D, w or W.")
    return found


@dataclass
class Sending:
    """Digits on their way, and what is still to be pressed."""

    name: str
    steps: deque[tuple[str, float]]


class Keypad:
    """Presses the digits of one leg at their pace, sending after sending."""

    def __init__(self, clock: Clock, press: Callable[[str], None], finished: Finished) -> None:
        """Press keys by `press` and tell `finished` of each sending that is over."""
        self._clock, self._press, self._finished = clock, press, finished
        self._queue: deque[Sending] = deque()
        self._timer: Timer | None = None
        self._running = False

    def add(self, sending: str, digits: str) -> None:
        """Queue digits; they begin at once when the keypad runs and nothing is before them."""
        try:
            planned = deque(steps(digits))
        except ValueError as error:
            self._finished(sending, "failed", str(error))
            return
        self._queue.append(Sending(sending, planned))
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
                self._press(key)
        except OSError as error:
            self._queue.popleft()
            self._finished(sending.name, "failed", str(error))
            seconds = 0.0
        self._timer = self._clock.call_later(seconds, self._advance)
