"""Raw audio on its way from an engine to a consumer: some frames of 20 ms, one after another.

It goes beside signals and events, and is never recorded.
"""

from collections.abc import Callable

import msgspec

FRAME_MS = 20
FRAME_BYTES = 320
"""160 samples of 16 bits at 8000 Hz."""


class Slice(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Frames of one fork."""

    leg: str
    fork: str
    sequence: int
    """How many frames of the fork came before; a jump means that some are lost."""
    media_ms: int
    """Where the first of them begins, on the leg's audio clock."""
    received: bytes = b""
    """What the far end said; empty when it was not asked for."""
    sent: bytes = b""
    """What it was sent."""
    last: bool = False
    """Nothing follows."""

    @property
    def frames(self) -> int:
        """Return how many frames there are."""
        return max(len(self.received), len(self.sent)) // FRAME_BYTES


Take = Callable[[Slice], None]
"""Takes slices, in order and on any thread, and returns at once."""
