"""A trap: UDP sockets that keep every datagram, of which one says that it is busy."""

import re
import selectors
import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple, Self

LARGEST = 1 << 16
PAUSE_S = 0.05


class Caught(NamedTuple):
    """One datagram."""

    at: tuple[str, int]
    text: str


class Trap:
    """Open on one address that may be called and on others that may not."""

    def __init__(self, forbidden: Iterable[str] = ("127.0.0.1", "127.0.0.2")) -> None:
        self.caught: list[Caught] = []
        self._selector = selectors.DefaultSelector()
        self._open = _bound("127.0.0.1")
        self._sockets = [self._open, *map(_bound, forbidden)]
        for each in self._sockets:
            self._selector.register(each, selectors.EVENT_READ)
        self.allowed, *self.forbidden = map(_address, self._sockets)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trap")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        self._selector.close()
        for each in self._sockets:
            each.close()

    def _run(self) -> None:
        while not self._done.is_set():
            for key, _ in self._selector.select(PAUSE_S):
                assert isinstance(key.fileobj, socket.socket)
                self._take(key.fileobj)

    def _take(self, opened: socket.socket) -> None:
        datagram, sender = opened.recvfrom(LARGEST)
        text = datagram.decode("utf-8", "surrogateescape")
        self.caught.append(Caught(_address(opened), text))
        if text.startswith("INVITE "):
            opened.sendto(busy(text).encode("utf-8", "surrogateescape"), sender)


def busy(invite: str) -> str:
    """Write the 486 that answers an INVITE (RFC 3261, section 8.2.6)."""
    kept = [
        line for line in invite.split("\r\n") if re.match(r"(Via|From|Call-ID|CSeq):", line)
    ]
    [to] = [line for line in invite.split("\r\n") if line.startswith("To:")]
    lines = ["SIP/2.0 486 Busy Here", *kept, f"{to};tag=trap", "Content-Length: 0", "", ""]
    return "\r\n".join(lines)


def _address(opened: socket.socket) -> tuple[str, int]:
    host, port = opened.getsockname()
    return host, port


def _bound(host: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((host, 0))
    return opened
