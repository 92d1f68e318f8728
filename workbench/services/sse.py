"""Server-sent events (WHATWG HTML, section 9.2.6), as far as chat models use them: data."""

from collections.abc import Iterator

from workbench.errors import ServiceGarbled

LONGEST_EVENT = 256_000
"""Bytes of one event."""


class SseReader:
    """Cuts a stream of bytes into the data of its events."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._rest = b""
        self._data: list[str] = []
        self._size = 0

    def read(self, chunk: bytes) -> Iterator[str]:
        """Yield the data of every event that is whole now.

        Raises:
            ServiceGarbled: an event is no UTF-8, or too long.
        """
        # CR LF may come in two chunks: a CR at the end waits for what follows.
        whole = self._rest + chunk
        held = whole.endswith(b"\r")
        *lines, self._rest = (whole[:-1] if held else whole).replace(b"\r\n", b"\n").replace(
            b"\r", b"\n"
        ).split(b"\n")  # fmt: skip
        self._rest += b"\r" * held
        for line in lines:
            if (event := self._take(line)) is not None:
                yield event
        if self._size + len(self._rest) > LONGEST_EVENT:
            raise ServiceGarbled(f"The service sends an event of over {LONGEST_EVENT} bytes.")

    def _take(self, line: bytes) -> str | None:
        if not line:
            event = "\n".join(self._data) if self._data else None
            self._data, self._size = [], 0
            return event
        name, _, value = line.partition(b":")
        if name == b"data":
            self._size += len(value)
            self._data.append(_text(value.removeprefix(b" ")))
        return None


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ServiceGarbled("The service sends an event that is no UTF-8.") from None
