"""A worker process: one endpoint, its commands in and its signals out by one socket.

Spawned by `pool` as `python -m workbench.engine.worker`. It lives as long as the socket:
when the other end closes, in order or because the bench was killed, the worker hangs up
its calls and ends.
"""

import argparse
import functools
import heapq
import itertools
import math
import os
import resource
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from workbench.clock import ManualTimer, SystemClock
from workbench.commands import AnyCommand
from workbench.engine import pjsua
from workbench.engine.bell import Bell
from workbench.engine.exchange import Exchange
from workbench.engine.mediasocket import MediaSocket
from workbench.engine.ports import PortsError
from workbench.engine.terms import Terms
from workbench.engine.wire import (
    AnyNotice,
    AnyOrder,
    DefectFound,
    Frames,
    LineVacated,
    Order,
    WorkerFailed,
    WorkerReady,
    pack,
)
from workbench.signals import AnySignal

POLL_MS = 50
"""Between two polls of the library, for its own timers. SIP, digits and commands are waited
for, and delayed by nothing."""
EXPECTANT_MS = 10
"""The same while frames of a fork or the end of a prompt are to be picked up."""
PARTING_S = 2.0
"""How long calls may take to end when the bench is gone."""
CHUNK = 1 << 16
BACKLOG = 1 << 23
"""Bytes that a bench may leave unread before it counts as gone."""
DRAIN_S = 1.0
SWITCH_S = 0.0002
"""How long Python code may run before another thread gets its turn."""


class PumpClock:
    """The machine's time, with timers that run when the pump comes round."""

    def __init__(self) -> None:
        """Start without timers."""
        self._system = SystemClock()
        self._order = itertools.count()
        self._timers: list[tuple[float, int, ManualTimer]] = []

    def now(self) -> datetime:
        """Return the time of day in UTC, to the microsecond."""
        return self._system.now()

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return self._system.monotonic()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> ManualTimer:
        """Run `callback` once `seconds` are over."""
        timer = ManualTimer(callback)
        heapq.heappush(self._timers, (self.monotonic() + seconds, next(self._order), timer))
        return timer

    def idle_ms(self, most: int) -> int:
        """Return how long there is nothing to run, `most` at most."""
        if not self._timers:
            return most
        return min(most, max(0, math.ceil((self._timers[0][0] - self.monotonic()) * 1000)))

    def run_due(self) -> None:
        """Run the timers whose moment has come."""
        while self._timers and self._timers[0][0] <= self.monotonic():
            callback = heapq.heappop(self._timers)[2].callback
            if callback is not None:
                callback()


class BenchLink:
    """The worker's end of the socket; a bench that is slow never holds up a call."""

    def __init__(self, descriptor: int) -> None:
        """Take over an inherited socket."""
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._frames, self._backlog = Frames(), bytearray()
        self.bell = Bell()
        """Lets `wait` return; for other threads."""
        self.wake_for(self.bell.descriptor)
        self.closed = False

    def wake_for(self, descriptor: int) -> None:
        """Let `wait` return as soon as this socket has something to read, too."""
        self._poll.register(descriptor, select.POLLIN)

    def send(self, report: AnySignal | AnyNotice) -> None:
        """Tell the bench; once it is gone, nobody needs to know."""
        self._backlog += pack(report)
        self._flush()

    def wait(self, milliseconds: int) -> Frames:
        """Wait for commands and return what has come."""
        if self.closed:
            with suppress(KeyError):  # it would be ready for ever
                self._poll.unregister(self._socket)
        ready = [descriptor for descriptor, _ in self._poll.poll(milliseconds)]
        if self._socket.fileno() in ready:
            self._receive()
        if self.bell.descriptor in ready:
            self.bell.hush()
        self._flush()
        return self._frames

    def drain(self) -> None:
        """Write the last reports, as far as the bench takes them."""
        self._socket.settimeout(DRAIN_S)
        with suppress(OSError):
            self._socket.sendall(self._backlog)

    def _receive(self) -> None:
        try:
            received = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except ConnectionError:
            received = b""
        self.closed = not received
        self._frames.feed(received)

    def _flush(self) -> None:
        try:
            while self._backlog:
                del self._backlog[: self._socket.send(self._backlog)]
        except BlockingIOError:
            self.closed = self.closed or len(self._backlog) > BACKLOG
        except OSError:
            self._backlog.clear()
            self.closed = True


class Worker:
    """The pump: commands in, polls of the library, timers."""

    def __init__(self, link: BenchLink, name: str, media: MediaSocket, terms: Terms) -> None:
        """Wire the trunk to the bench; audio flows on `terms`."""
        self._link, self._media, self._clock = link, media, PumpClock()
        self._exchange = Exchange(
            self._clock,
            link.send,
            monotonic=self._clock.monotonic,
            vacated=lambda leg, call_id: link.send(LineVacated(leg=leg, sip_call_id=call_id)),
            take=media.put,
            discard=media.discard,
        )
        self._trunk = pjsua.PjTrunk(
            self._exchange,
            name,
            self._clock.monotonic,
            lambda: self._clock.now().timestamp(),
            lambda text: link.send(DefectFound(text=text)),
            media,
            link.send,
            terms,
            link.bell.ring,
        )
        self._exchange.connect(self._trunk)

    def open(self, host: str, door: int, log: str) -> bool:
        """Open the endpoint and tell the bench how that went."""
        try:
            at_host, at_port = self._trunk.open(host, door, log)
        except (pjsua.TrunkError, PortsError) as error:
            in_use = isinstance(error, pjsua.TrunkError) and error.in_use
            self._link.send(WorkerFailed(reason=str(error), in_use=in_use))
            return False
        self._trunk.takes_calls = True
        self._link.wake_for(self._trunk.sip_descriptor)
        most = pjsua.most_legs()
        self._link.send(WorkerReady(host=at_host, port=at_port, most_legs=most))
        return True

    def run(self) -> None:
        """Serve until the bench closes the socket, then end what is left."""
        while not self._link.closed:
            self._step()
        self._trunk.retire()
        self._exchange.hang_up_all("the bench has closed")
        deadline = self._clock.monotonic() + PARTING_S
        while self._trunk.busy and self._clock.monotonic() < deadline:
            self._step()
        self._link.drain()
        self._media.drain()

    def _step(self) -> None:
        period = EXPECTANT_MS if self._trunk.expectant else POLL_MS
        frames = self._link.wait(self._clock.idle_ms(period))
        for command in frames.commands():
            self._safely(functools.partial(self._carry_out, command))
        self._safely(self._clock.run_due)
        self._safely(self._trunk.step)
        self._media.flush()

    def _carry_out(self, command: AnyCommand | AnyOrder) -> None:
        if isinstance(command, Order):
            self._trunk.take_order(command)
        else:
            self._exchange.execute(command)

    def _safely(self, work: Callable[[], None]) -> None:
        """Let a defect that concerns one call not end the others."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - reported, and the pump must go on
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{where.filename}:{where.lineno}"
            self._link.send(DefectFound(text=f"{type(error).__name__}: {error} ({place})"))


def main() -> None:
    """Run a worker from its command line."""
    parser = argparse.ArgumentParser(prog="workbench.engine.worker")
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--media", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--door", type=int, required=True)
    parser.add_argument("--log", default="")
    parser.add_argument("--srtp", required=True)
    parser.add_argument("--codecs", required=True)
    parser.add_argument("--rtp-from", required=True)
    options = parser.parse_args()
    # Ctrl-C goes to the whole group of a terminal; the bench decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # An abort of the library must not leave a core file wherever the user works.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The library's clock thread asks for Python's lock in every frame that comes here.
    sys.setswitchinterval(SWITCH_S)
    codecs = tuple(options.codecs.split(","))
    terms = Terms(srtp=options.srtp, codecs=codecs, rtp_from=options.rtp_from)
    link, media = BenchLink(options.socket), MediaSocket(options.media)
    worker = Worker(link, options.name, media, terms)
    if worker.open(options.host, options.door, options.log):
        worker.run()
    # The library's own end takes a second and may abort; the files are closed by now.
    os._exit(0)


if __name__ == "__main__":
    main()
