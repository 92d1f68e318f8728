"""TLS for a SIPp that has none: bytes go between a plain and an encrypted connection."""

import socket
import ssl
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

CHUNK = 1 << 16


class Tunnel:
    """Takes connections at a port, and carries each to another address."""

    def __init__(
        self,
        target: tuple[str, int],
        *,
        taken: ssl.SSLContext | None = None,
        opened: ssl.SSLContext | None = None,
    ) -> None:
        """Encrypt what is taken, or what is opened towards the target."""
        self.target, self._taken, self._opened = target, taken, opened
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._socket.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with suppress(OSError):
            if self._taken is not None:
                near = self._taken.wrap_socket(near, server_side=True)
            far = socket.create_connection(self.target)
            if self._opened is not None:
                far = self._opened.wrap_socket(far, server_hostname="localhost")
            threading.Thread(target=pour, args=(far, near), daemon=True).start()
            pour(near, far)


def pour(source: socket.socket, sink: socket.socket) -> None:
    """Copy until one end is closed, then close the other."""
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.close()
