"""What carries audio in and out of a worker: a socket beside that of the commands.

The bench hands the ends of links through it, as open sockets without a name, so that nobody
else on the machine can find or open them. The frames of forks come back through it.
"""

import select
import socket
from collections import deque
from contextlib import suppress

import msgspec

from workbench.engine.line import LineError
from workbench.engine.slices import Slice, Take

LONGEST_NAME = 64
LONGEST_SLICE = 1 << 16
MOST_ENDS = 1
"""Sockets in one message."""
MOST_WAITING = 3000
"""Slices that the bench may leave unread before the oldest are lost."""
DRAIN_S = 1.0

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Slice)


class MediaSocket:
    """The worker's end; it never waits."""

    def __init__(self, descriptor: int) -> None:
        """Take over an inherited socket."""
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._ends: dict[str, socket.socket] = {}
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)

    def end_of(self, link: str) -> socket.socket:
        """Return our end of a link, which then belongs to whoever asks.

        Raises:
            LineError: none was handed over.
        """
        self._receive()
        if (end := self._ends.pop(link, None)) is None:
            raise LineError(f"the worker was given no end of {link}")
        return end

    def discard(self, link: str) -> None:
        """Close our end of a link that nobody will ask for."""
        self._receive()
        if (end := self._ends.pop(link, None)) is not None:
            end.close()

    def put(self, audio: Slice) -> None:
        """Send a slice to the bench as soon as it takes it."""
        self._waiting.append(_encoder.encode(audio))
        self.flush()

    def flush(self) -> None:
        """Send what the bench takes now; once it is gone, nobody needs the rest."""
        try:
            while self._waiting:
                self._socket.send(self._waiting[0])
                self._waiting.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._waiting.clear()

    def drain(self) -> None:
        """Send the last slices, as far as the bench takes them."""
        self._socket.settimeout(DRAIN_S)
        with suppress(TimeoutError):
            self.flush()

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _receive(self) -> None:
        try:
            while True:
                name, descriptors, _, _ = socket.recv_fds(self._socket, LONGEST_NAME, MOST_ENDS)
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


def read_slices(through: socket.socket, take: Take) -> None:
    """Take what a worker sends until it is gone; then end what it has left open."""
    poll = select.poll()
    poll.register(through, select.POLLIN)
    begun: dict[tuple[str, str], Slice] = {}
    while True:
        poll.poll()
        try:
            message = through.recv(LONGEST_SLICE)
        except BlockingIOError:
            continue
        except OSError:
            break
        if not message:
            break
        audio = _decoder.decode(message)
        begun[audio.leg, audio.fork] = audio
        if audio.last:
            del begun[audio.leg, audio.fork]
        take(audio)
    through.close()
    for audio in begun.values():
        take(msgspec.structs.replace(audio, received=b"", sent=b"", last=True))
