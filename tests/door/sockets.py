"""Raw sockets that throw messages at the door and collect its answers."""

import re
import socket
import uuid
from contextlib import suppress
from typing import Self

PATIENCE_S = 20.0
LARGEST = 1 << 16
CODE = re.compile(rb"SIP/2\.0 (\d{3}) ")


def probe() -> tuple[bytes, bytes]:
    """Return an OPTIONS that the door answers at once, and how its answer is known."""
    name = uuid.uuid4().hex.encode()
    text = (
        b"OPTIONS sip:probe@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK"
        + name + b"\r\nFrom: <sip:p@127.0.0.1>;tag=p\r\nTo: <sip:p@127.0.0.1>\r\nCall-ID: "
        + name + b"\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )  # fmt: skip
    return text, name


class UdpThrower:
    """Throws datagrams."""

    def __init__(self, to: tuple[str, int]) -> None:
        self._to = to
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def send(self, message: bytes) -> None:
        self.socket.sendto(message, self._to)

    def settle(self) -> list[bytes]:
        """Wait until the door has read all that was sent; return what it answered."""
        text, name = probe()
        self.send(text)
        received = []
        while name not in (answer := self.socket.recv(LARGEST)):
            received.append(answer)
        return received

    def throw(self, message: bytes, *, final: bool) -> list[int]:
        self.settle()
        self.send(message)
        codes = [code(answer) for answer in self.settle()]
        while final and not any(each >= 200 for each in codes):
            codes.append(code(self.socket.recv(LARGEST)))
        return codes


class TcpThrower:
    """Throws each message at a connection of its own."""

    def __init__(self, to: tuple[str, int]) -> None:
        self._to = to

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave nothing open."""

    def throw(self, message: bytes, *, final: bool) -> list[int]:
        with socket.create_connection(self._to, PATIENCE_S) as connection:
            text, name = probe()
            connection.sendall(message if final else message + text)
            with suppress(OSError):  # the door has closed it first
                connection.shutdown(socket.SHUT_WR)
            received = b""
            while True:
                data = heard(connection)
                received += data
                codes = [int(each) for each in CODE.findall(received.partition(name)[0])]
                if name in received:
                    codes.pop()  # the answer to the probe
                if not data or name in received or any(each >= 200 for each in codes):
                    return codes


def heard(connection: socket.socket) -> bytes:
    """Return what comes; nothing from a connection that is closed or torn down."""
    try:
        return connection.recv(LARGEST)
    except ConnectionResetError:
        return b""


def code(answer: bytes) -> int:
    match = CODE.match(answer)
    assert match is not None, answer
    return int(match[1])
