"""What carries audio in and out of a worker: a socket beside that of the commands.

The bench hands the ends of links through it, as open sockets without a name, so that nobody
else on the machine can find or open them.
"""

import socket

from workbench.engine.line import LineError

LONGEST = 64
MOST_ENDS = 1
"""Sockets in one message."""


class MediaSocket:
    """The worker's end; it is read when somebody wants what was handed over."""

    def __init__(self, descriptor: int) -> None:
        """Take over an inherited socket."""
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._ends: dict[str, socket.socket] = {}

    def end_of(self, link: str) -> socket.socket:
        """Return our end of a link, which then belongs to whoever asks.

        Raises:
            LineError: none was handed over.
        """
        self._receive()
        if (end := self._ends.pop(link, None)) is None:
            raise LineError(f"the worker was given no end of {link}")
        return end

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _receive(self) -> None:
        try:
            while True:
                name, descriptors, _, _ = socket.recv_fds(self._socket, LONGEST, MOST_ENDS)
                if not name:
                    return  # the bench has closed
                for descriptor in descriptors:
                    self._ends[name.decode()] = socket.socket(fileno=descriptor)
        except OSError:
            return  # nothing more is there


def hand(through: socket.socket, link: str, end: socket.socket) -> None:
    """Give a worker its end of a link, and let go of it here."""
    with end:
        socket.send_fds(through, [link.encode()], [end.fileno()])
