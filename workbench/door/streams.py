"""Connections over TCP and TLS: taken, opened, reused, and given up in time.

A peer that sends a message byte by byte, opens connections without end or reads nothing
loses its own connections and holds up nobody.
"""

import asyncio
import itertools
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from workbench.door.framer import PONG, Framer
from workbench.door.proxy import Failed
from workbench.door.ways import Hop, Surface

MOST_CONNECTIONS = 1000
MOST_OF_A_SOURCE = 100
MOST_UNSENT = 1 << 18
"""Bytes that a peer may leave unread."""
MESSAGE_S = 10.0
"""How long a message may take from its first byte to its last."""
FIRST_S = 30.0
"""How long a connection may stay without any message at all."""
IDLE_S = 1800.0
"""How long one that had some may stay without another."""
LEAVING_S = 5.0
"""How long one that its peer has closed waits for the answers that are due."""
CONNECT_S = 8.0
HANDSHAKE_S = 8.0
SWEEP_S = 1.0

Took = Callable[[bytes, Hop], None]


class Connection(asyncio.Protocol):
    """One connection; its messages go to the streams it belongs to."""

    def __init__(self, streams: "Streams", surface: Surface, name: str = "") -> None:
        """Belong to a surface; `name` is the host that was verified, when we called."""
        self.streams, self.surface, self.name = streams, surface, name
        self.number = streams.next_number()
        self.host, self.port = "", 0
        self.transport: asyncio.Transport | None = None
        self._framer = Framer()
        self.heard, self._is_leaving, self._is_mute = 0, False, False
        self.since = asyncio.get_running_loop().time()
        """When its last message was complete, or when the one that comes now began."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the others, unless there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.host, self.port = transport.get_extra_info("peername")[:2]
        if not self.streams.join(self):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Hand over the messages that are complete."""
        was_amid = self._framer.is_amid
        messages = self._framer.feed(data)
        if messages or not was_amid:
            self.since = asyncio.get_running_loop().time()
        for message in messages:
            self._hand_over(message)
        if self._framer.pings:
            self._framer.pings = 0
            self.send(PONG)
        if self._framer.broken and not self._is_leaving:
            self._leave()

    def eof_received(self) -> bool:
        """Have what is left refused, for it is no whole message; answers may still go out."""
        self._is_leaving = True
        self.since = asyncio.get_running_loop().time()
        if rest := self._framer.rest().strip():
            self._hand_over(rest)
            return False
        return self.surface.transport == "tcp"  # TLS has no half of a connection

    def _leave(self) -> None:
        """Say no more; closed at once, the connection might take the last answer with it."""
        self._is_leaving = self._is_mute = True
        if self.transport is not None and self.transport.can_write_eof():
            self.transport.write_eof()
        elif self.transport is not None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the others."""
        self.streams.part(self)

    def send(self, data: bytes) -> None:
        """Send a message, unless the peer has stopped reading."""
        if self.transport is None or self.transport.is_closing() or self._is_mute:
            return
        if self.transport.get_write_buffer_size() > MOST_UNSENT:
            self.transport.abort()
            return
        self.transport.write(data)

    def is_late(self, now: float) -> bool:
        """Tell whether it takes too long."""
        if self._framer.is_amid and not self._is_leaving:
            return now - self.since > MESSAGE_S
        if self._is_leaving:
            return now - self.since > LEAVING_S
        return now - self.since > (IDLE_S if self.heard else FIRST_S)

    def give_up(self) -> None:
        """End it."""
        if self.transport is not None:
            self.transport.abort()

    def _hand_over(self, message: bytes) -> None:
        self.heard += 1
        self.streams.took(message, Hop(self.surface.number, self.host, self.port, self.number))


class Streams:
    """All connections, by number and by peer."""

    def __init__(self, took: Took) -> None:
        """Hand over messages to `took`."""
        self.took = took
        self.client_tls: ssl.SSLContext | None = None
        self.server_tls: ssl.SSLContext | None = None
        self._numbers = itertools.count(1)
        self._connections: dict[int, Connection] = {}
        self._of_source: Counter[str] = Counter()
        self._opening: dict[tuple[int, str, int, str], list[tuple[bytes, Failed | None]]] = {}
        """What waits for a connection that is being opened."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._loop.call_later(SWEEP_S, self._sweep)

    def next_number(self) -> int:
        """Return a number that no connection had."""
        return next(self._numbers)

    def listen(self, surface: Surface, own: socket.socket) -> None:
        """Take connections on a socket that is bound, if TLS has what it needs."""
        tls = self.server_tls if surface.transport == "tls" else None
        if surface.transport == "tls" and tls is None:
            return  # only to call from
        self._start(self._serve(surface, own, tls))

    async def _serve(
        self, surface: Surface, own: socket.socket, tls: ssl.SSLContext | None
    ) -> None:
        server = await self._loop.create_server(
            lambda: Connection(self, surface), sock=own, ssl=tls, backlog=512,
            ssl_handshake_timeout=HANDSHAKE_S if tls is not None else None,
        )  # fmt: skip
        await server.serve_forever()

    def send(self, data: bytes, hop: Hop, surface: Surface, failed: Failed | None) -> None:
        """Send over the connection that a hop names, over one there is, or over a new one."""
        connection = self._connections.get(hop.connection) or self._found(hop)
        if connection is not None:
            connection.send(data)
            return
        key = (hop.surface, hop.host, hop.port, hop.name)
        if key in self._opening:
            self._opening[key].append((data, failed))
            return
        self._opening[key] = [(data, failed)]
        self._start(self._open(key, surface))

    def join(self, connection: Connection) -> bool:
        """Count a connection in; tell whether it may stay."""
        self._connections[connection.number] = connection
        self._of_source[connection.host] += 1
        few = self._of_source[connection.host] <= MOST_OF_A_SOURCE or connection.name != ""
        return few and len(self._connections) <= MOST_CONNECTIONS

    def part(self, connection: Connection) -> None:
        """Count a connection out."""
        if self._connections.pop(connection.number, None) is not None:
            self._of_source[connection.host] -= 1
            if not self._of_source[connection.host]:
                del self._of_source[connection.host]

    def _found(self, hop: Hop) -> Connection | None:
        for connection in self._connections.values():
            at = (connection.surface.number, connection.host, connection.port)
            # A connection that a peer has opened says nothing of its name.
            if at == hop[:3] and hop.name in ("", connection.name):
                return connection
        return None

    async def _open(self, key: tuple[int, str, int, str], surface: Surface) -> None:
        _, host, port, name = key
        try:
            connection = await self._connected(surface, host, port, name)
        except (OSError, TimeoutError) as error:
            why = reason(error, surface.transport)
            for _, failed in self._opening.pop(key):
                if failed is not None:
                    failed(why)
            return
        for data, _ in self._opening.pop(key):
            connection.send(data)

    async def _connected(self, surface: Surface, host: str, port: int, name: str) -> Connection:
        tls = self.client_tls if surface.transport == "tls" else None
        own = calling_socket(surface)
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._loop.sock_connect(own, (host, port))
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self, surface, name or host), sock=own, ssl=tls,
                    server_hostname=(name or host) if tls is not None else None,
                )  # fmt: skip
        except BaseException:
            own.close()
            raise
        return connection

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in list(self._connections.values()):
            if connection.is_late(now):
                connection.give_up()
        self._loop.call_later(SWEEP_S, self._sweep)


def calling_socket(surface: Surface) -> socket.socket:
    """Return a socket to connect, bound to the surface's own port if that can be.

    Then a peer that wants to reach the surface finds the connection that it has already.
    """
    own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    own.setblocking(False)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    for port in (surface.port, 0):
        try:
            own.bind((surface.host, port))
        except OSError:
            continue
        break
    return own


def reason(error: OSError, transport: str) -> str:
    """Return in words why no connection came to be, fit for a reason phrase."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS certificate not accepted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason})"
    if isinstance(error, TimeoutError):
        return f"No connection over {transport.upper()} in time"
    return f"No connection over {transport.upper()} ({error.strerror})"
