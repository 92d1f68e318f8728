"""Taps the audio of one line for a fork: frames from the clock's thread, slices for the bench.

The clock's thread only puts a frame down; whoever pumps the library picks frames up. So a
consumer that is slow, and one that hangs, are never noticed by the call.
"""

from collections import deque

from workbench.commands import Fork
from workbench.engine.line import Direction, LineError
from workbench.engine.patch import Patch
from workbench.engine.ports import Port, PortPool
from workbench.engine.slices import FRAME_MS, Slice, Take

MOST_AT_ONCE = 25
"""Frames in one slice."""
BOTH: tuple[Direction, Direction] = ("received", "sent")


class ForkTap:
    """One fork of one line."""

    def __init__(
        self, leg: str, command: Fork, media_ms: int, patch: Patch, ports: PortPool, take: Take
    ) -> None:
        """Begin to collect frames, of which the first lies at `media_ms`.

        Raises:
            LineError: no port is free.
        """
        self._leg, self._fork, self._began = leg, command.fork, media_ms
        self._patch, self._pool, self._take = patch, ports, take
        self._frames = 0
        ways = BOTH if command.direction == "both" else (command.direction,)
        self._queues: dict[Direction, deque[bytes]] = {way: deque() for way in ways}
        self._ports: dict[Direction, Port] = {}
        try:
            for way in ways:
                self._ports[way] = ports.lend()
        except LineError:
            self._give_back()
            raise
        for way, port in self._ports.items():
            patch.listen(port.slot, way)
            port.hear(self._queues[way].append)

    @property
    def played_ms(self) -> int:
        """Return how much audio was given away."""
        return self._frames * FRAME_MS

    @property
    def running(self) -> bool:
        """Tell whether there may be more to flush."""
        return bool(self._ports)

    def flush(self) -> None:
        """Give away what has been collected."""
        while (count := min(MOST_AT_ONCE, *map(len, self._queues.values()))) > 0:
            self._give(count)

    def stop(self) -> None:
        """Give away the rest; does nothing the second time."""
        if self._ports:
            for port in self._ports.values():
                self._patch.unlisten(port.slot)
            self._give_back()
            self.flush()
            self._give(0, last=True)

    def _give(self, count: int, *, last: bool = False) -> None:
        audio = {
            way: b"".join(queue.popleft() for _ in range(count))
            for way, queue in self._queues.items()
        }
        self._take(
            Slice(
                leg=self._leg,
                fork=self._fork,
                sequence=self._frames,
                media_ms=self._began + self.played_ms,
                received=audio.get("received", b""),
                sent=audio.get("sent", b""),
                last=last,
            )
        )
        self._frames += count

    def _give_back(self) -> None:
        for port in self._ports.values():
            self._pool.take_back(port)
        self._ports.clear()
