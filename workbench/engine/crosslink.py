"""Audio between a leg and one of another worker, or who talks, by a socket of their own.

One frame a message. Both ends run on the clock threads of their libraries: neither waits for
the other, and as both clocks are the machine's, a short queue is enough.
"""

import socket
from collections import deque
from contextlib import suppress

from workbench.engine.line import LineError, LinkCount
from workbench.engine.mediasocket import MediaSocket
from workbench.engine.patch import Patch
from workbench.engine.ports import FRAME_BYTES, Port, PortPool

PRIME = 2
"""Frames that are kept back before the first is played: what may come late."""
MOST = 4
"""Frames beyond which the oldest are left out, so that a delay does not stay for ever."""
CLEARED = 64
"""Frames read at once, after this end was held up."""


class CrossLink:
    """One end of a link: an ear for what its leg says, a voice of what the other leg says."""

    def __init__(self, end: socket.socket) -> None:
        """Speak through a connected socket of datagrams."""
        self._socket = end
        self._socket.setblocking(False)
        self._waiting: deque[bytes] = deque()
        self._priming = True
        self._last: bytes | None = None
        self._ended = False
        self.count = LinkCount()

    @property
    def gone(self) -> bool:
        """Tell whether the other end was closed, and all that it said has been spoken."""
        return self._ended and not self._waiting

    def hear(self, frame: bytes) -> None:
        """Send a frame to the other end."""
        try:
            self._socket.send(frame)
        except BlockingIOError:  # its queue is full
            self.count.unheard += 1
        except OSError:
            return  # it is gone

    def speak(self) -> bytes | None:
        """Return the next frame of the other end; an old one once, then silence, when late."""
        self._receive()
        if self._priming and len(self._waiting) < PRIME and not self._ended:
            return None
        self._priming = False
        while len(self._waiting) > MOST:
            self._waiting.popleft()
            self.count.lost += 1
        if self._waiting:
            self._last = self._waiting.popleft()
            return self._last
        return self._run_dry()

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _run_dry(self) -> bytes | None:
        repeated, self._last = self._last, None
        if repeated is None:
            self._priming = True
        else:
            self.count.late += 1
        return repeated

    def _receive(self) -> None:
        with suppress(OSError):  # nothing is there
            for _ in range(CLEARED):
                frame = self._socket.recv(FRAME_BYTES)
                self._ended = not frame
                if len(frame) == FRAME_BYTES:
                    self._waiting.append(frame)
                    self.count.frames += 1
                elif self._ended:
                    return


class Links:
    """The links of one line."""

    def __init__(self, patch: Patch, ports: PortPool, media: MediaSocket) -> None:
        """Connect at `patch`, lend ports of `ports`, and find the ends of links at `media`."""
        self._patch, self._ports, self._media = patch, ports, media
        self._open: dict[str, tuple[CrossLink, Port]] = {}

    def link(self, name: str, *, hears: bool, heard: bool) -> LinkCount:
        """Join the line to who is at the other end of a link.

        Raises:
            LineError: the link has no end here, or no port is free.
        """
        end = CrossLink(self._media.end_of(name))
        try:
            port = self._ports.lend()
        except LineError:
            end.close()
            raise
        self._open[name] = end, port
        if heard:
            port.hear(end.hear)
            self._patch.listen(port.slot, "received")
        if hears:
            port.speak(end.speak)
            self._patch.add(port.slot, "link")
        return end.count

    def gone(self) -> list[str]:
        """Return the links whose other end was closed."""
        return [name for name, (end, _) in self._open.items() if end.gone]

    def unlink(self, name: str) -> None:
        """Part the line from that end; does nothing the second time."""
        end, port = self._open.pop(name, (None, None))
        if end is not None and port is not None:
            self._patch.unlisten(port.slot)
            self._patch.dismiss(port.slot)
            self._ports.take_back(port)
            end.close()
