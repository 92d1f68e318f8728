"""The bench's side of one worker process: it is spawned, spoken to and reaped here."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from workbench.commands import AnyCommand
from workbench.engine.mediasocket import hand, read_slices
from workbench.engine.slices import Take
from workbench.engine.terms import Terms
from workbench.engine.wire import (
    AnyNotice,
    AnyOrder,
    DefectFound,
    Frames,
    LineVacated,
    RegistrationChanged,
    WorkerFailed,
    WorkerReady,
    pack,
)
from workbench.errors import AddressInUse, EngineError
from workbench.signals import AnySignal, Offered, Released

CHUNK = 1 << 16
REAP_S = 0.005
"""Between two looks whether a process that closed its socket has ended."""
STUBBORN_S = 3.0
"""How long a process may live without its socket before it is killed."""
USUAL_LEGS = 4
"""What one endpoint carries, until the worker says what its library was compiled for."""


class WorkerProcess:
    """One worker: the commands to it, the reports from it, and its death."""

    def __init__(
        self,
        name: str,
        report: Callable[["WorkerProcess", AnySignal], None],
        lost: Callable[["WorkerProcess", str], None],
        noticed: Callable[[str], None],
    ) -> None:
        """Pass signals to `report`, the cause of death to `lost`, defects to `noticed`."""
        self.name = name
        self.legs: set[str] = set()
        """Legs that are not released."""
        self.lines: set[str] = set()
        """Legs whose line is still taken, for instance by a peer that does not answer."""
        self.most_legs = USUAL_LEGS
        self.on_registration: Callable[[RegistrationChanged], None] = _nobody
        """Who is told of the accounts that it registers."""
        self._report, self._lost, self._noticed = report, lost, noticed
        self._frames, self._backlog = Frames(), bytearray()
        self._closing = self._heard = False
        self._patience = STUBBORN_S
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[WorkerReady] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()

    def spawn(
        self,
        host: str,
        port: int = 0,
        *,
        listen: bool = False,
        terms: Terms = Terms(),  # noqa: B008 - frozen
        log: Path | None = None,
    ) -> None:
        """Start the process; commands may be sent from now on."""
        options = ["--name", self.name, "--host", host, "--port", str(port)]
        options += ["--srtp", terms.srtp, "--codecs", ",".join(terms.codecs)]
        options += ["--listen"] * listen
        if log is not None:
            options += ["--log", str(log / f"{self.name}.log")]
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        self._media, their_media = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._media.setblocking(False)
        with theirs, their_media:
            self._process = start(theirs, their_media, options, log)
        self._loop.add_reader(self._socket, self._read)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def free(self) -> int:
        """Return how many more legs it can carry."""
        return 0 if self._closing else self.most_legs - len(self.lines)

    @property
    def was_ready(self) -> bool:
        """Tell whether its endpoint ever opened."""
        return self.ready.done() and self.ready.exception() is None

    def send(self, command: AnyCommand | AnyOrder) -> None:
        """Send a command; a worker that has died says so by itself."""
        if not self._closing:
            self._backlog += pack(command)
            self._flush()

    def hand(self, link: str, end: socket.socket) -> None:
        """Give the worker its end of a link, before the command that tells what it is for."""
        with suppress(OSError):  # it has died; the reader will find out
            hand(self._media, link, end)

    def read_audio(self, take: Take) -> None:
        """Take the frames of its forks, on a thread that lives as long as the worker."""
        if not self._heard:
            self._heard = True
            threading.Thread(
                target=read_slices, args=(self._media, take), name=f"workbench-{self.name}",
                daemon=True,
            ).start()  # fmt: skip

    def close(self) -> None:
        """Ask the worker to hang up and end; what it reports until then is passed on."""
        if not self._closing:
            self._closing = True
            self._flush()

    def kill(self) -> None:
        """End a process that does not end in order."""
        if self._process.poll() is None:
            self._process.kill()

    def _flush(self) -> None:
        """Write what the socket takes now; the loop calls again for the rest."""
        self._loop.remove_writer(self._socket)
        try:
            while self._backlog:
                del self._backlog[: self._socket.send(self._backlog)]
            if self._closing:
                self._socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._flush)
        except OSError:
            self._backlog.clear()  # it has died; the reader will find out

    def _read(self) -> None:
        try:
            received = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except ConnectionError:
            received = b""
        self._frames.feed(received)
        for report in self._frames.reports():
            self._receive(report)
        if not received:
            self._part()

    def _part(self) -> None:
        """Let go of the socket, for the process has."""
        self._closing = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        if not self._heard:
            self._media.close()  # else its reader does, when it has read all
        self._reap()

    def _receive(self, report: AnySignal | AnyNotice) -> None:
        match report:
            case WorkerReady(most_legs=most):
                self.most_legs = most
                self.ready.set_result(report)
            case WorkerFailed(reason=reason, in_use=in_use):
                kind = AddressInUse if in_use else EngineError
                self.ready.set_exception(kind(f"The engine cannot start: {reason}."))
            case LineVacated(leg=leg):
                self.lines.discard(leg)
            case RegistrationChanged():
                self.on_registration(report)
            case DefectFound(text=text):
                self._noticed(f"{self.name}: {text}")
            case _:
                self._keep_legs(report)
                self._report(self, report)

    def _keep_legs(self, report: AnySignal) -> None:
        if isinstance(report, Offered):
            self.legs.add(report.leg)
            self.lines.add(report.leg)
        elif isinstance(report, Released):
            self.legs.discard(report.leg)

    def _reap(self) -> None:
        code = self._process.poll()
        if code is None:
            self._patience -= REAP_S
            if self._patience < 0:
                self.kill()
            self._loop.call_later(REAP_S, self._reap)
            return
        cause = f"signal {-code}" if code < 0 else f"exit status {code}"
        if not self.ready.done():
            self.ready.set_exception(EngineError(f"Engine worker {self.name} ended: {cause}."))
        with suppress(EngineError):
            self.ready.result()  # perhaps nobody awaits it
        self._lost(self, cause)
        self.ended.set_result(None)


Process = subprocess.Popen[bytes]


def start(
    theirs: socket.socket, media: socket.socket, options: list[str], log: Path | None
) -> Process:
    """Spawn a worker with its ends of two sockets; never fork, for pjsip may be loaded."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    ends = {"--socket": theirs.fileno(), "--media": media.fileno()}
    command = [sys.executable, "-m", "workbench.engine.worker"]
    command += [word for name, end in ends.items() for word in (name, str(end))]
    output = Path(os.devnull) if log is None else log / f"{options[1]}.out"
    with output.open("ab") as sink:
        return subprocess.Popen(
            command + options,
            pass_fds=list(ends.values()),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C in a terminal goes to its whole process group: workers are not in it.
            start_new_session=True,
        )


def _nobody(notice: RegistrationChanged) -> None:
    """Take notices of a worker that registers nothing, of which there are none."""
