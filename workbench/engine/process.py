"""The bench's side of one worker process: its commands, its reports, the lines it has."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from workbench.commands import AnyCommand
from workbench.engine.child import Child
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

USUAL_LEGS = 4
"""What one endpoint carries, until the worker says what its library was compiled for."""


class WorkerProcess(Child):
    """One worker: the commands to it, the reports from it, and its death."""

    def __init__(
        self,
        name: str,
        host: str,
        report: Callable[["WorkerProcess", AnySignal | LineVacated], None],
        lost: Callable[["WorkerProcess", str], None],
        noticed: Callable[[str], None],
    ) -> None:
        """Pass signals to `report`, the cause of death to `lost`, defects to `noticed`."""
        super().__init__(name)
        self.host = host
        """The address that its audio is at."""
        self.legs: set[str] = set()
        """Legs that are not released."""
        self.lines: set[str] = set()
        """Legs whose line is still taken, for instance by a peer that does not answer."""
        self.most_legs = USUAL_LEGS
        self.port = 0
        """Where it speaks SIP with the door, once it is ready."""
        self._report, self._lost, self._noticed = report, lost, noticed
        self._frames, self._heard = Frames(), False
        self.on_registration: Callable[[RegistrationChanged], None] = _nobody
        """Who is told of the accounts that it registers."""
        self.ready: asyncio.Future[WorkerReady] = self._loop.create_future()

    def spawn(self, door: int, terms: Terms, log: Path | None = None) -> None:
        """Start the process, whose SIP goes through the door at a port."""
        options = ["--name", self.name, "--host", self.host, "--door", str(door)]
        options += ["--srtp", terms.srtp, "--codecs", ",".join(terms.codecs)]
        options += ["--rtp-from", terms.rtp_from]
        if log is not None:
            options += ["--log", str(log / f"{self.name}.log")]
        self._media, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._media.setblocking(False)
        with theirs:
            options += ["--media", str(theirs.fileno())]
            self.start("workbench.engine.worker", options, log, theirs.fileno())

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
        self.write(pack(command))

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

    def receive(self, data: bytes) -> None:
        """Take reports."""
        self._frames.feed(data)
        for report in self._frames.reports():
            self._receive(report)

    def _receive(self, report: AnySignal | AnyNotice) -> None:
        match report:
            case WorkerReady(most_legs=most, port=port):
                self.most_legs, self.port = most, port
                self.ready.set_result(report)
            case WorkerFailed(reason=reason, in_use=in_use):
                kind = AddressInUse if in_use else EngineError
                self.ready.set_exception(kind(f"The engine cannot start: {reason}."))
            case LineVacated(leg=leg):
                self.lines.discard(leg)
                self._report(self, report)
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

    def lost(self, cause: str) -> None:
        """Tell of the death, to whoever waits for the worker too."""
        if not self._heard:
            self._media.close()  # else its reader does, when it has read all
        if not self.ready.done():
            self.ready.set_exception(EngineError(f"Engine worker {self.name} ended: {cause}."))
        with suppress(EngineError):
            self.ready.result()  # perhaps nobody awaits it
        self._lost(self, cause)


def _nobody(notice: RegistrationChanged) -> None:
    """Take notices of a worker that registers nothing, of which there are none."""
