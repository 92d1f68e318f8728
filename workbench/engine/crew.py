"""The workers of a pool and who gets their lines: one place, so that no line is given twice.

A worker that is asked for too much at once aborts, so it gets only so many media streams in
half a second; what must wait for a worker to start, or for its turn, waits here.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workbench.clock import SystemClock
from workbench.engine.process import WorkerProcess
from workbench.engine.terms import Terms
from workbench.engine.wire import LineVacated
from workbench.signals import AnySignal

logger = logging.getLogger(__name__)

MOST_STREAMS = 28
"""Media streams of a worker, live or just ended: each takes two of its 64 sockets, which are
kept for half a second after the stream's end."""
PARKED_S = 0.6
STREAMS_A_LINE = 2
"""What a call that is up is reckoned to have at least, for a re-INVITE may add one."""
READY_LINES = 4
"""How many lines are kept free where calls come in."""
PATIENCE_S = 8.0
"""How long a call waits for a worker that starts, or for its turn."""
TURN_S = 0.05
MOST_WAITING = 200


@dataclass(kw_only=True)
class Want:
    """A leg that needs a line."""

    host: str
    """Where its audio has to be."""
    granted: Callable[[WorkerProcess], None]
    refused: Callable[[str], None]
    streams: int = 1
    beside: str = ""
    """A worker that should have it, if it has a line."""
    apart: str = ""
    """A worker that should not have it, if there is another."""
    ready: bool = False
    """Whether the worker has to be ready, and not only to start."""
    deadline: float = 0.0

    def rank(self, worker: WorkerProcess) -> tuple[bool, bool, int]:
        """Order workers by how well they fit, the least loaded first."""
        return worker.name != self.beside, worker.name == self.apart, -worker.free


@dataclass
class Load:
    """What a worker has to bear."""

    streams: dict[str, int] = field(default_factory=dict)
    """Of each line that is taken."""
    opened: deque[tuple[float, int]] = field(default_factory=deque)
    """When how many streams were begun, of late."""
    carries: bool = True
    """Whether it carries legs, and does not only register."""
    is_up: bool = False
    """Whether the door knows the worker."""

    def room(self, now: float) -> int:
        """Return how many more streams the worker bears at this moment."""
        while self.opened and self.opened[0][0] <= now - PARKED_S:
            self.opened.popleft()
        live = sum(max(STREAMS_A_LINE, number) for number in self.streams.values())
        return MOST_STREAMS - live - sum(number for _, number in self.opened)


class Crew:
    """The workers, least loaded first, and who waits for one."""

    def __init__(
        self, *, most: int, kept: int, home: str, terms: Terms, log: Path | None
    ) -> None:
        """Have at most so many workers, and keep some at the address that calls go out from."""
        self._most, self._kept, self._home = most, kept, home
        self._terms, self._log = terms, log
        self._monotonic = SystemClock().monotonic
        self._sequence = itertools.count(1)
        self._load: dict[WorkerProcess, Load] = {}
        self._waiting: deque[Want] = deque()
        self._turn: asyncio.TimerHandle | None = None
        self._hosts: set[str] = set()
        """Where calls come in, so that some lines are kept free."""
        self.closing = False

    def connect(
        self,
        door: int,
        report: Callable[[WorkerProcess, AnySignal | LineVacated], None],
        ready: Callable[[WorkerProcess], None],
        lost: Callable[[WorkerProcess, str], None],
    ) -> None:
        """Let workers speak with the door at a port, and tell what becomes of them."""
        self._door, self._report, self._ready, self._lost = door, report, ready, lost

    @property
    def workers(self) -> list[WorkerProcess]:
        """Return all that live, the oldest first."""
        return list(self._load)

    @property
    def carriers(self) -> int:
        """Return how many workers carry legs."""
        return len(self._carriers())

    @property
    def lines(self) -> int:
        """Return how many lines all workers have together."""
        return sum(worker.most_legs for worker in self._carriers())

    def keep(self) -> list[WorkerProcess]:
        """Start the workers that are kept."""
        return [self.grow(self._home) for _ in range(min(self._kept, self._most))]

    def expect_calls(self, host: str) -> WorkerProcess:
        """Keep lines free for calls that come in at a host; return a worker that has them."""
        self._hosts.add(host)
        for worker in self._carriers(host):
            return worker
        return self.grow(host)

    def want(self, want: Want) -> None:
        """Grant a line now or soon, or refuse it."""
        want.deadline = self._monotonic() + PATIENCE_S
        if not self._serve(want):
            self._waiting.append(want)
            self._take_turns()

    def withdraw(self, want: Want) -> None:
        """Forget who does not want a line any more."""
        if want in self._waiting:
            self._waiting.remove(want)

    def take(self, worker: WorkerProcess, line: str, streams: int = 1) -> None:
        """Let a leg have a line of a worker."""
        worker.lines.add(line)
        if (load := self._load.get(worker)) is not None:
            load.streams[line] = streams
            load.opened.append((self._monotonic(), streams))

    def rename(self, worker: WorkerProcess, line: str, leg: str) -> None:
        """Let the leg have the line that was taken for it."""
        worker.lines.discard(line)
        worker.lines.add(leg)
        if (load := self._load.get(worker)) is not None:
            load.streams[leg] = load.streams.pop(line, 1)

    def vacate(self, worker: WorkerProcess, line: str) -> None:
        """Take a line back."""
        worker.lines.discard(line)
        if (load := self._load.get(worker)) is not None:
            load.streams.pop(line, None)
        self.serve_waiting()

    def _carriers(self, host: str = "") -> list[WorkerProcess]:
        # At once: a wallboard looks from another thread.
        known = list(self._load.items())
        return [w for w, load in known if load.carries and host in ("", w.host)]

    def grow(self, host: str, *, carries: bool = True) -> WorkerProcess:
        """Start a worker; one that carries nothing is for registrations."""
        worker = WorkerProcess(
            f"w{next(self._sequence)}", host, self._report, self._gone, logger.error
        )
        worker.spawn(self._door, self._terms, self._log)
        self._load[worker] = Load(carries=carries)
        worker.ready.add_done_callback(lambda _: self._is_ready(worker))
        return worker

    def refuse_waiting(self, why: str) -> None:
        """Refuse all who wait."""
        while self._waiting:
            self._waiting.popleft().refused(why)

    def serve_waiting(self) -> None:
        """Grant lines to those who wait, in their order."""
        for _ in range(len(self._waiting)):
            want = self._waiting.popleft()
            if not self._serve(want):
                self._waiting.append(want)

    def _take_turns(self) -> None:
        if self._turn is None and self._waiting:
            loop = asyncio.get_running_loop()
            self._turn = loop.call_later(TURN_S, self._next_turn)

    def _next_turn(self) -> None:
        self._turn = None
        self.serve_waiting()
        self._take_turns()

    def _serve(self, want: Want) -> bool:
        """Return whether this want is settled."""
        try:
            worker = self._find(want)
        except OSError as error:
            want.refused(f"no engine worker can be started: {error}")
            return True
        if worker is not None:
            want.granted(worker)
            self._keep_ahead(want.host)
            return True
        if self._may_wait(want):
            return False
        want.refused(self._why_full())
        return True

    def _find(self, want: Want) -> WorkerProcess | None:
        now = self._monotonic()
        free = [w for w in self._carriers(want.host) if w.free > 0]
        fit = [w for w in free if self._load[w].room(now) >= want.streams]
        able = [w for w in fit if self._load[w].is_up] or ([] if want.ready else fit)
        if able:
            return min(able, key=want.rank)
        if self._is_short(want.host, sum(worker.free for worker in free)):
            grown = self.grow(want.host)
            return None if want.ready else grown
        return None

    def _is_short(self, host: str, free: int) -> bool:
        """Tell whether there should and can be one more worker."""
        waiting = sum(want.host == host for want in self._waiting)
        return free <= waiting and not self.closing and len(self._carriers()) < self._most

    def _may_wait(self, want: Want) -> bool:
        """Tell whether a line may come free for a want without a call's end."""
        if self.closing or self._monotonic() >= want.deadline:
            return False
        free = any(worker.free > 0 for worker in self._carriers(want.host))
        return free and len(self._waiting) < MOST_WAITING

    def _why_full(self) -> str:
        if self.closing:
            return "the engine is closed"
        free = any(worker.free > 0 for worker in self._carriers())
        return "no worker had a turn in time" if free else f"all {self.lines} lines are taken"

    def _keep_ahead(self, host: str) -> None:
        free = sum(worker.free for worker in self._carriers(host))
        if host in self._hosts and free < READY_LINES and len(self._carriers()) < self._most:
            self.grow(host)

    def _is_ready(self, worker: WorkerProcess) -> None:
        if worker.was_ready and worker in self._load:
            self._ready(worker)
            self._load[worker].is_up = True
            self.serve_waiting()

    def _gone(self, worker: WorkerProcess, cause: str) -> None:
        carried = self._load.pop(worker).carries
        self._lost(worker, cause)
        if self.closing:
            return
        logger.warning("Engine worker %s was lost (%s).", worker.name, cause)
        if carried and worker.was_ready:
            self._replace(worker.host)

    def _replace(self, host: str) -> None:
        missed = host == self._home and len(self._carriers(host)) < self._kept
        if missed or host in self._hosts:
            self.grow(host)
        self.serve_waiting()
