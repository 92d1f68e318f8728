"""Which milliseconds of a prompt left on the wire, and when each stretch of them began.

A prompt that is muted, or that has to wait for its next part, leaves a hole.
"""

from collections.abc import Callable


class Spans:
    """The stretches of one prompt; told by whoever plays it, on any one thread at a time."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Take the time of each begin from `monotonic`."""
        self._monotonic = monotonic
        self._over: list[tuple[int, int, float]] = []
        self._open: tuple[int, float] | None = None
        self._silent = False

    def begin(self, position_ms: int) -> None:
        """Take note that the prompt sounds from here on; does nothing when it sounded."""
        if self._open is None and not self._silent:
            self._open = position_ms, self._monotonic()

    def end(self, position_ms: int) -> None:
        """Take note that it has sounded up to here; does nothing when it did not sound."""
        if self._open is not None:
            (start_ms, began), self._open = self._open, None
            if position_ms > start_ms:
                self._over.append((start_ms, position_ms, began))

    def hush(self, position_ms: int, *, silent: bool) -> None:
        """Take note that nothing of it leaves from here on, or that it does again."""
        if silent:
            self.end(position_ms)
        was, self._silent = self._silent, silent
        if was and not silent:
            self.begin(position_ms)

    def told(self) -> list[tuple[int, int, float]]:
        """Return the stretches that are over: first and last millisecond, and when."""
        return list(self._over)
