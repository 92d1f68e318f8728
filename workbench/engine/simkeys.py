"""Keys of a simulated call: they arrive as they were sent, tones only where one listens."""

from collections.abc import Callable
from typing import Any

from workbench.clock import Clock
from workbench.engine.line import Method


class Keyed:
    """The part of a simulated line that presses keys, and hears them."""

    leg: str
    _clock: Clock
    _observer: Any
    _reach: Callable[..., None]
    _detects = False

    def press(self, digit: str, method: Method, duration_ms: int) -> None:
        """Send one keypad digit."""
        self._reach(lambda far: far._hear_key(digit, method, duration_ms))

    def conceal(self, *, concealed: bool) -> None:
        """Go on with the silence."""

    def detect_digits(self) -> None:
        """Report tones from now on."""
        self._detects = True

    def _hear_key(self, digit: str, method: Method, duration_ms: int) -> None:
        if method == "inband" and not self._detects:
            return
        self._observer.digit_received(self.leg, digit, method)
        self._clock.call_later(
            duration_ms / 1000,
            lambda: self._observer.digit_ended(self.leg, digit, method, duration_ms),
        )
