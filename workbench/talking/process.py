"""The process that serves pages: beside the kernel, so that a busy cell silences nobody.

Spawned by the bench as `python -m workbench.talking.process`. It lives as long as the socket
to the bench: when that closes, in order or because the bench was killed, it ends.
"""

import asyncio
import os
import resource
import signal
import socket
from collections import deque

import click

from workbench.framing import Frames
from workbench.talking.booth import Booth
from workbench.talking.wire import FromBench, FromBooths, Open, Over, Shut, from_bench, packed

CHUNK = 1 << 16
MOST_SOCKETS = 16


class Booths:
    """All talks of a bench."""

    def __init__(self, bench: socket.socket) -> None:
        """Take orders from a socket, by which sockets come too."""
        self._bench = bench
        self._bench.setblocking(False)
        self._frames, self._ends = Frames(), deque[socket.socket]()
        self._booths: dict[str, Booth] = {}
        self._loop = asyncio.get_running_loop()
        self._left: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> None:
        """Serve until the bench lets go of the socket."""
        async with asyncio.TaskGroup() as self._tasks:
            self._loop.add_reader(self._bench, self._read)
            await self._left
            for booth in self._booths.values():
                booth.shut("the bench was closed")

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._bench, CHUNK, MOST_SOCKETS)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        self._ends += [socket.socket(fileno=each) for each in descriptors]
        self._frames.feed(data)
        for body in self._frames.bodies():
            self._take(from_bench(body))
        if not data:
            self._loop.remove_reader(self._bench)
            self._left.set_result(None)

    def _take(self, order: FromBench) -> None:
        match order:
            case Open():
                booth = Booth(order, self._ends.popleft(), self._tell)
                self._booths[order.talk] = booth
                self._tasks.create_task(self._serve(order.talk, booth))
            case Shut(talk=talk):
                if talk in self._booths:
                    self._booths[talk].shut("the talk was ended")

    async def _serve(self, talk: str, booth: Booth) -> None:
        try:
            reason = await booth.run()
        except Exception as error:  # noqa: BLE001 - one talk must not end the others
            reason = f"{type(error).__name__}: {error}"
        del self._booths[talk]
        self._tell(Over(talk=talk, reason=reason))

    def _tell(self, message: FromBooths) -> None:
        try:
            self._bench.send(packed(message))
        except OSError:
            os._exit(1)  # the bench is gone, or reads nothing


async def serve(descriptor: int) -> None:
    """Serve pages for the bench at the other end of an inherited socket."""
    await Booths(socket.socket(fileno=descriptor)).run()


@click.command()
@click.option("--socket", "descriptor", type=int, required=True)
def main(descriptor: int) -> None:
    """Serve pages for the bench at the other end of an inherited socket."""
    # Ctrl-C goes to the whole group of a terminal; the bench decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asyncio.run(serve(descriptor))


if __name__ == "__main__":
    main()
