"""Bridges between legs of different workers: each worker gets its half of a link.

A bridge within one worker is that worker's own affair. Over both, whoever asks for a bridge
need not know where its legs live.
"""

import itertools
import socket
from collections.abc import Mapping

from workbench.commands import Bridge, Link, Unbridge
from workbench.engine.process import WorkerProcess
from workbench.signals import AnySignal, Bridged, Released, Unbridged


class Crossings:
    """Which legs are joined over the border of two workers."""

    def __init__(self, workers: Mapping[str, WorkerProcess]) -> None:
        """Find the worker of a leg in `workers`."""
        self._workers = workers
        self._others: dict[str, set[str]] = {}
        self._sequence = itertools.count(1)

    def execute(self, command: Bridge | Unbridge) -> None:
        """Carry out a bridge in the worker of its legs, or as a link between their two."""
        ours = self._workers.get(command.leg)
        theirs = self._workers.get(command.other)
        if ours is None:
            return
        if theirs is None or theirs is ours:
            ours.send(command)  # where the other leg is gone, the worker says so
        elif isinstance(command, Unbridge):
            ours.send(command)
            theirs.send(Unbridge(leg=command.other, other=command.leg))
        else:
            self._link(command, ours, theirs)

    def _link(self, command: Bridge, ours: WorkerProcess, theirs: WorkerProcess) -> None:
        leg, other, hears, heard = command.leg, command.other, command.hears, command.heard
        link = f"link-{next(self._sequence)}"
        ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.hand(link, ends[0])
        theirs.hand(link, ends[1])
        ours.send(Link(leg=leg, other=other, link=link, hears=hears, heard=heard))
        theirs.send(Link(leg=other, other=leg, link=link, hears=heard, heard=hears))

    def follow(self, signal: AnySignal) -> None:
        """Take note of what a worker has joined; what one parts, the other parts too."""
        if isinstance(signal, Bridged) and self._crosses(signal.leg, signal.other):
            self._others.setdefault(signal.leg, set()).add(signal.other)
        elif isinstance(signal, Unbridged):
            self._others.get(signal.leg, set()).discard(signal.other)
            # Without a reason it was asked for, and both were told.
            if signal.reason and self._crosses(signal.leg, signal.other):
                self._unbridge(signal.other, signal.leg)
        elif isinstance(signal, Released):
            self._others.pop(signal.leg, None)

    def part(self, leg: str) -> None:
        """Part a leg whose worker was lost."""
        for other in self._others.pop(leg, ()):
            self._unbridge(other, leg)

    def _crosses(self, leg: str, other: str) -> bool:
        return self._workers.get(leg) is not self._workers.get(other)

    def _unbridge(self, leg: str, other: str) -> None:
        if (worker := self._workers.get(leg)) is not None:
            worker.send(Unbridge(leg=leg, other=other))
