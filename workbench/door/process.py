"""The process of the door: one loop, its sockets, and the link to the pool.

Spawned by the pool as `python -m workbench.door.process`. It lives as long as the link:
when the other end closes, in order or because the bench was killed, it ends.
"""

import argparse
import asyncio
import os
import resource
import signal
import socket
import traceback
from collections import Counter, deque
from dataclasses import replace
from typing import Any

from workbench.clock import SystemClock
from workbench.door.calls import Calls
from workbench.door.limits import DoorLimits, Limiter
from workbench.door.proxy import Proxy
from workbench.door.sockets import Sockets
from workbench.door.ways import Hop, Surface, Ways
from workbench.door.wire import (
    AnyNote,
    AnyOrder,
    Begin,
    CallOver,
    Counted,
    DoorReady,
    Frames,
    Leave,
    LineDenied,
    LineGiven,
    NameKnown,
    Noticed,
    Serve,
    WorkerDown,
    WorkerUp,
    pack,
)

CHUNK = 1 << 16
MOST_SOCKETS = 16
TELL_S = 1.0
"""Between two reports of what was counted, and two looks for what is over."""
PARTING_S = 3.0
"""How long workers may take to hang up when the bench is gone."""
LOOK_S = 0.05
BACKLOG = 1 << 23
"""Bytes that a bench may leave unread before it counts as gone."""


class PoolLink:
    """The door's end of the socket to the pool, by which sockets come too."""

    def __init__(self, descriptor: int) -> None:
        """Take over an inherited socket."""
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._frames, self._backlog = Frames(), bytearray()
        self.received: deque[socket.socket] = deque()
        """Sockets that came with an order, in the order of the orders."""
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()

    def serve(self, take: Any) -> None:
        """Hand each order to `take`."""
        self._take = take
        self._loop.add_reader(self._socket, self._read)

    def send(self, note: AnyNote) -> None:
        """Tell the pool; once it is gone, nobody needs to know."""
        self._backlog += pack(note)
        self._flush()

    def _flush(self) -> None:
        self._loop.remove_writer(self._socket)
        try:
            while self._backlog:
                del self._backlog[: self._socket.send(self._backlog)]
        except BlockingIOError:
            if len(self._backlog) > BACKLOG:
                self._close()
            self._loop.add_writer(self._socket, self._flush)
        except OSError:
            self._close()

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, CHUNK, MOST_SOCKETS)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        self.received += [socket.socket(fileno=each) for each in descriptors]
        self._frames.feed(data)
        for order in self._frames.orders():
            self._take(order)
        if not data:
            self._close()

    def _close(self) -> None:
        self._backlog.clear()
        self._loop.remove_reader(self._socket)
        if not self.closed.done():
            self.closed.set_result(None)


class Door:
    """Orders in, notes out; between them the proxy and its sockets."""

    def __init__(self, link: PoolLink) -> None:
        """Wire it all up."""
        self._link, self._ways = link, Ways()
        self._calls = Calls(SystemClock().monotonic)
        self._counts: Counter[str] = Counter()
        self._pids: dict[str, int] = {}
        self._leaving = False
        self._sockets = Sockets(self._ways, self._from_network, self._from_worker)
        self._proxy = Proxy(
            self._ways, self._calls, send=self._sockets.send, ask=link.send, count=self._count,
            limiter=self._limiter(DoorLimits()),
        )  # fmt: skip

    def _limiter(self, limits: DoorLimits) -> Limiter:
        tell = lambda text: self._link.send(Noticed(text=text))  # noqa: E731
        return Limiter(limits, SystemClock().monotonic, tell)

    async def run(self) -> None:
        """Serve until the pool says so, or is gone and so are the workers."""
        self._link.serve(self._take)
        self._link.send(DoorReady())
        while not self._link.closed.done():
            await asyncio.wait([self._link.closed], timeout=TELL_S)
            self._calls.sweep()
            self._tell()
        if not self._leaving:
            await self._see_workers_out()

    async def _see_workers_out(self) -> None:
        """Bring the last BYEs out; no call comes in any more."""
        for number, surface in self._ways.surfaces.items():
            self._ways.surfaces[number] = replace(surface, takes_calls=False)
        for _ in range(int(PARTING_S / LOOK_S)):
            if not any(map(is_alive, self._pids.values())):
                return
            await asyncio.sleep(LOOK_S)

    def _tell(self) -> None:
        if self._counts:
            self._link.send(Counted(counts=dict(self._counts)))
            self._counts.clear()

    def _count(self, what: str) -> None:
        self._counts[what] += 1

    def _take(self, order: AnyOrder) -> None:  # noqa: C901 - a flat table
        match order:
            case Begin(secret=secret, tls=tls, limits=limits):
                self._ways.secret = secret
                self._sockets.streams.client_tls = tls.client()
                self._sockets.streams.server_tls = tls.server()
                self._proxy.limiter = self._limiter(limits)
            case Serve():
                self._serve(order)
            case WorkerUp(worker=worker, port=port, pid=pid):
                self._proxy.worker_up(worker, port)
                self._pids[worker] = pid
            case WorkerDown(worker=worker):
                self._ways.remove_worker(worker)
                self._calls.lost(worker)
                self._pids.pop(worker, None)
            case LineGiven():
                self._proxy.line_given(order)
            case LineDenied():
                self._proxy.line_denied(order)
            case CallOver(call_id=call_id, worker=worker):
                self._calls.over(call_id, worker)
            case NameKnown(name=name, address=address):
                self._sockets.names.learn(name, address)
            case Leave():
                self._leaving = True

    def _serve(self, order: Serve) -> None:
        surface = Surface(
            order.surface, order.transport, order.host, order.port, order.takes_calls
        )
        self._ways.surfaces[order.surface] = surface
        self._sockets.add(surface, self._link.received.popleft())

    def _from_network(self, data: bytes, came: Hop) -> None:
        try:
            self._proxy.from_network(data, came)
        except Exception as error:  # noqa: BLE001 - one message must not end the others
            self._defect(error)

    def _from_worker(self, data: bytes, came: Hop) -> None:
        try:
            self._proxy.from_worker(data, came.port)
        except Exception as error:  # noqa: BLE001 - the same
            self._defect(error)

    def _defect(self, error: Exception) -> None:
        self._count("defects")
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename}:{where.lineno}"
        self._link.send(Noticed(text=f"{type(error).__name__}: {error} ({place})"))


def is_alive(pid: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def serve(descriptor: int) -> None:
    """Run the door on an inherited link."""
    await Door(PoolLink(descriptor)).run()
    os._exit(0)  # a look-up that still runs in its thread is not waited for


def main() -> None:
    """Run the door from its command line."""
    parser = argparse.ArgumentParser(prog="workbench.door.process")
    parser.add_argument("--socket", type=int, required=True)
    options = parser.parse_args()
    # Ctrl-C goes to the whole group of a terminal; the bench decides when the door ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asyncio.run(serve(options.socket))


if __name__ == "__main__":
    main()
