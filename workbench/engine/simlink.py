"""Links of a simulated line: silence for whoever talks, whose own frames are counted."""

import socket
from typing import Any

from workbench.clock import Clock, Timer
from workbench.engine.crosslink import CrossLink
from workbench.engine.line import LineError, LinkCount
from workbench.engine.slices import FRAME_BYTES, FRAME_MS

SILENCE = bytes(FRAME_BYTES)

Ends = dict[str, socket.socket]
"""Our ends of links that were handed to the engine, by their names."""


class Linkable:
    """The part of a simulated line that somebody may talk on."""

    leg: str
    _clock: Clock
    _observer: Any
    _ends: Ends
    _links: dict[str, tuple[CrossLink, Timer]]

    def link(self, link: str, *, hears: bool, heard: bool) -> LinkCount:
        """Take a frame every 20 ms and give one of silence, both ways or none.

        Raises:
            LineError: no end was handed over: all simulated legs are in one process.
        """
        if (end := self._ends.pop(link, None)) is None:
            raise LineError("a simulated leg has no other process to be linked to")
        joined = CrossLink(end)
        self._links[link] = joined, self._later(link)
        return joined.count

    def unlink(self, link: str) -> None:
        """Let go of the end; does nothing the second time."""
        joined, timer = self._links.pop(link, (None, None))
        if joined is not None and timer is not None:
            timer.cancel()
            joined.close()

    def _later(self, link: str) -> Timer:
        return self._clock.call_later(FRAME_MS / 1000, lambda: self._tick(link))

    def _tick(self, link: str) -> None:
        joined, _ = self._links[link]
        joined.speak()
        joined.hear(SILENCE)
        self._links[link] = joined, self._later(link)
        if joined.gone:
            self._observer.link_gone(self.leg, link)
