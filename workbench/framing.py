"""Messages on a local socket between two of our processes: each after its length in 4 bytes."""

from collections.abc import Iterator

LENGTH = 4
LONGEST = 1 << 20


def framed(body: bytes) -> bytes:
    """Return a message as it goes over the socket."""
    return len(body).to_bytes(LENGTH, "big") + body


class Frames:
    """Cuts a stream of bytes into message bodies."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._buffer = bytearray()

    def feed(self, received: bytes) -> None:
        """Add what has come."""
        self._buffer += received

    def bodies(self) -> Iterator[bytes]:
        """Yield each message that is complete.

        Raises:
            ValueError: a message is longer than any of ours.
        """
        while len(self._buffer) >= LENGTH:
            size = int.from_bytes(self._buffer[:LENGTH], "big")
            if size > LONGEST:
                raise ValueError(f"A message of {size} bytes between two processes.")
            if len(self._buffer) < LENGTH + size:
                return
            body = bytes(self._buffer[LENGTH : LENGTH + size])
            del self._buffer[: LENGTH + size]
            yield body
