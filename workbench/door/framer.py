"""Messages cut from a stream by their Content-Length (RFC 3261, section 18.3).

A peer may cut its bytes where it likes, and may be hostile: what has no length, or is too
large, is handed over as it is, for the screen to refuse, and the stream is over.
"""

import re

from workbench.door.syntax import MESSAGE_LIMIT

END = b"\r\n\r\n"
PING, PONG = b"\r\n\r\n", b"\r\n"
"""The keep-alive of RFC 5626, section 3.5.1."""
LARGEST = MESSAGE_LIMIT + 4096
_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t]*(?=\r\n)", re.I)


class Framer:
    """Cuts one stream."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._buffer = bytearray()
        self._searched = 0
        self.broken = False
        """Whether nothing more can be cut from this stream."""
        self.pings = 0

    @property
    def is_amid(self) -> bool:
        """Tell whether a message has begun and is not complete."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Add what came; return the messages that are complete."""
        if self.broken:
            return []
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def rest(self) -> bytes:
        """Return what came of a message whose end never will."""
        return bytes(self._buffer)

    def _next(self) -> bytes | None:
        self._strip()
        at = self._buffer.find(END, max(0, self._searched - len(END)))
        if at < 0:
            self._searched = len(self._buffer)
            return self._all() if len(self._buffer) > LARGEST else None
        lengths = _LENGTH.findall(self._buffer, 0, at + 2)
        if len(lengths) != 1 or (size := at + len(END) + int(lengths[0])) > LARGEST:
            return self._all()
        if len(self._buffer) < size:
            return None
        message = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._searched = 0
        return message

    def _strip(self) -> None:
        """Take line ends between messages away (section 7.5); two of them are a ping."""
        while self._buffer[:2] == PONG:
            if self._buffer[:4] == PING:
                self.pings += 1
                del self._buffer[:4]
            else:
                if len(self._buffer) == len(PONG):
                    return  # perhaps half of a ping
                del self._buffer[:2]

    def _all(self) -> bytes:
        self.broken = True
        message = bytes(self._buffer[:LARGEST])
        self._buffer.clear()
        return message
