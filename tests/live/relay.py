"""A relay of RTP that loses and delays packets by a programme, in a process of its own.

Run as a script it takes four sockets that its parent has opened (`Relay` does). Of every
hundred packets it loses exactly the programmed share, at places that a seed chooses.
"""

import argparse
import heapq
import random
import select
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

BLOCK = 100
LARGEST = 2048
Address = tuple[str, int]


class Relay:
    """Two pairs of ports: what comes in at one side leaves from the other."""

    def __init__(self, *, loss_pct: int = 0, jitter_ms: int = 0, seed: int = 1) -> None:
        """Open the ports; packets pass once `join` has said where to."""
        self.left, self.right = pair_of_ports(), pair_of_ports()
        self._programme = [f"{loss_pct}", f"{jitter_ms}", f"{seed}"]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        for each in (*self.left, *self.right):
            each.close()

    @property
    def left_port(self) -> int:
        return int(self.left[0].getsockname()[1])

    @property
    def right_port(self) -> int:
        return int(self.right[0].getsockname()[1])

    def join(self, left: Address, right: Address) -> None:
        """Pass what comes in at the left on to `right`, and the other way round."""
        sockets = [*self.left, *self.right]
        descriptors = [each.fileno() for each in sockets]
        command = [sys.executable, __file__, *map(str, descriptors)]
        command += [str(left[1]), str(right[1]), *self._programme]
        self._process = subprocess.Popen(command, pass_fds=descriptors)


def pair_of_ports() -> tuple[socket.socket, socket.socket]:
    """Return sockets at two ports in a row, for RTP and RTCP (RFC 3550, section 11)."""
    while True:
        rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        rtp.bind(("127.0.0.1", 0))
        rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            rtcp.bind(("127.0.0.1", rtp.getsockname()[1] + 1))
        except OSError:
            rtp.close()
            rtcp.close()
        else:
            return rtp, rtcp


class Direction:
    """One way of RTP: which packets are lost, and how late each other one is."""

    def __init__(self, loss_pct: int, jitter_ms: int, seed: int) -> None:
        self._chance = random.Random(seed)
        self._loss, self._jitter_s = loss_pct, jitter_ms / 1000
        self._left: list[bool] = []

    def delay(self) -> float | None:
        """Return how late the next packet is, None when it is lost."""
        if not self._left:
            self._left = [True] * self._loss + [False] * (BLOCK - self._loss)
            self._chance.shuffle(self._left)
        lost = self._left.pop()
        return None if lost else self._chance.uniform(0.0, self._jitter_s)


def relay(sockets: list[socket.socket], peers: list[int], ways: list[Direction]) -> None:
    """Pass packets on for ever; sockets are RTP and RTCP of the left, then of the right."""
    routes: dict[int, tuple[int, int, Direction | None]] = {
        0: (2, peers[1], ways[0]),
        1: (3, peers[1] + 1, None),
        2: (0, peers[0], ways[1]),
        3: (1, peers[0] + 1, None),
    }
    waiting: list[tuple[float, int, int, int, bytes]] = []
    order = 0
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, through, port, content = heapq.heappop(waiting)
            sockets[through].sendto(content, ("127.0.0.1", port))
        patience = waiting[0][0] - now if waiting else None
        for ready in select.select(sockets, [], [], patience)[0]:
            through, port, way = routes[sockets.index(ready)]
            try:
                content = ready.recv(LARGEST)
            except OSError:
                continue
            late = 0.0 if way is None else way.delay()
            if late is not None:
                order += 1
                due = time.monotonic() + late
                heapq.heappush(waiting, (due, order, through, port, content))


def main() -> None:
    """Run the relay from its command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("numbers", type=int, nargs=9)
    numbers = parser.parse_args().numbers
    sockets = [socket.socket(fileno=descriptor) for descriptor in numbers[:4]]
    loss_pct, jitter_ms, seed = numbers[6:]
    ways = [Direction(loss_pct, jitter_ms, seed + side) for side in range(2)]
    relay(sockets, numbers[4:6], ways)


if __name__ == "__main__":
    main()
