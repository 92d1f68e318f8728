"""Wakes the pump of a worker from another thread of the process."""

import os
from contextlib import suppress


class Bell:
    """A descriptor that is readable from the ring until the hush."""

    def __init__(self) -> None:
        """Open it silent."""
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        """Let whoever waits for the descriptor wake; safe on any thread."""
        os.eventfd_write(self.descriptor, 1)

    def hush(self) -> None:
        """Be silent again, whether or not it was rung."""
        with suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)
