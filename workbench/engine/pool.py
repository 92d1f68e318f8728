"""The engine of real calls: it supervises worker processes and spreads legs over them.

A process carries few legs, and an assertion of its library can abort it. So legs are
spread, and a worker that is lost takes only its own legs with it.
"""

import asyncio
import errno
import ipaddress
import itertools
import logging
import socket
from collections.abc import Coroutine
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec

from workbench import sip
from workbench.clock import Clock, SystemClock
from workbench.commands import AnyCommand, Bridge, Dial, Fork, Hangup, Unbridge
from workbench.engine import Report
from workbench.engine.account import Account
from workbench.engine.crossing import Crossings
from workbench.engine.exchange import check
from workbench.engine.legs import Ending
from workbench.engine.process import WorkerProcess
from workbench.engine.registrar import Registrars, Tell, credentials
from workbench.engine.slices import Take
from workbench.engine.terms import Terms
from workbench.engine.wire import UseAccount
from workbench.errors import AddressInUse, EngineError, InvalidInput
from workbench.signals import AnySignal, Released

logger = logging.getLogger(__name__)

CLOSE_S = 6.0
"""How long workers may take to hang up and end before they are killed."""
AGAIN_S = 0.5
"""Before a listener that could not be replaced is tried again."""
REMEDY = "place calls from an address of the network, `Workbench(host=…)` or --host ADDRESS"


class Pool:
    """An `Engine` of worker processes."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        workers: int = 0,
        max_workers: int = 16,
        host: str = "127.0.0.1",
        terms: Terms = Terms(),  # noqa: B008 - frozen
        log_folder: Path | None = None,
    ) -> None:
        """Configure the pool.

        Args:
            clock: Tells the time of the signals that come from no worker.
            workers: How many are started at once and kept; others start on demand.
            max_workers: How many there may be; each carries four legs.
            host: The address that outbound calls leave from.
            terms: On which audio flows, unless a call says otherwise.
            log_folder: Where pjsip writes its log; nowhere when None.
        """
        self._clock = clock or SystemClock()
        self._kept, self._most, self._host = workers, max_workers, host
        self._terms, self._log = terms, log_folder
        self._report: Report = _nobody
        self._take: Take = lambda audio: None
        self._alive: list[WorkerProcess] = []
        self._dialling: list[WorkerProcess] = []
        self._listening: dict[WorkerProcess, tuple[str, int]] = {}
        self._legs: dict[str, WorkerProcess] = {}
        self._crossings = Crossings(self._legs)
        self._resolving: dict[str, asyncio.Task[None]] = {}
        """Legs whose host is looked up; nobody has been called yet."""
        self._accounts: dict[str, Account] = {}
        self._registrars = Registrars(self._clock, lambda: self._hire(self._host), self._route)
        self._sequence = itertools.count(1)
        self._closing = False

    @property
    def workers(self) -> dict[str, int]:
        """Return the process id of each worker by its name."""
        return {worker.name: worker.pid for worker in self._alive}

    @property
    def registering(self) -> dict[str, int]:
        """Return the process id of each worker that registers accounts, by its name."""
        return {worker.name: worker.pid for worker in self._registrars.workers}

    def worker_of(self, leg: str) -> str | None:
        """Return the name of the worker that carries a leg, None once it is released."""
        worker = self._legs.get(leg)
        return worker.name if worker else None

    async def start(self, report: Report) -> None:
        """Get ready to execute commands; signals go to `report` from now on."""
        self._report, self._closing = report, False
        for worker in [self._grow() for _ in range(self._kept)]:
            await worker.ready

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Take calls at a UDP address; port 0 picks a free one.

        Returns:
            The host and port where calls are taken.

        Raises:
            AddressInUse: something listens there already.
            EngineError: the address cannot be used on this machine.
        """
        probe(host, port)
        worker = self._hire(host, port, listen=True)
        ready = await worker.ready
        self._listening[worker] = (host, ready.port)
        return ready.host, ready.port

    def hear(self, take: Take) -> None:
        """Give the audio of all forks to `take`, on threads of their own."""
        self._take = take

    async def use_account(self, account: Account) -> None:
        """Know an account, for calls that go out with it."""
        self._accounts[account.uri] = account

    async def register(self, account: Account, tell: Tell) -> None:
        """Register an account with the address where calls are taken, and keep it so.

        Raises:
            EngineError: there is no address, and none can be opened.
        """
        await self.use_account(account)
        host, port = next(iter(self._listening.values()), ("", 0))
        if not port:
            host, port = await self.listen(self._host, 0)
        self._registrars.register(account, f"sip:{account.user}@{host}:{port}", tell)

    async def unregister(self, uri: str) -> None:
        """Take a registration back; does nothing when there is none."""
        self._registrars.unregister(uri)

    async def execute(self, command: AnyCommand) -> None:
        """Carry out a command; what comes of it is reported as signals."""
        if isinstance(command, Dial):
            self._dial(command)
        elif isinstance(command, Bridge | Unbridge):
            self._crossings.execute(command)
        elif worker := self._legs.get(command.leg):
            if isinstance(command, Fork):
                worker.read_audio(self._take)
            worker.send(command)
        elif isinstance(command, Hangup) and command.leg in self._resolving:
            self._cancel(command.leg)

    async def close(self) -> None:
        """End every leg, each with its `Released` signal, and every process."""
        self._closing = True
        self._registrars.close()
        for leg in tuple(self._resolving):
            self._cancel(leg)
        workers = list(self._alive)
        for worker in workers:
            worker.close()
        if not workers:
            return
        _, late = await asyncio.wait([worker.ended for worker in workers], timeout=CLOSE_S)
        if late:
            for worker in workers:
                worker.kill()
            await asyncio.wait(late)

    def _dial(self, command: Dial) -> None:
        try:
            check(command)
        except InvalidInput as error:
            self._release(command.leg, Ending("engine", 400, str(error)))
            return
        address = sip.parse_address(command.uri)
        if command.account:
            self._later(command.leg, self._dial_by_account(command))
            return
        if address.transport != "udp":
            reason = f"calls over {address.transport} are not there yet: call over udp"
            self._release(command.leg, Ending("engine", 503, reason))
            return
        if address.is_ip:
            self._place(command)
            return
        # A name server may take its time, and other calls have commands too.
        self._later(command.leg, self._dial_by_name(command, address))

    def _later(self, leg: str, work: Coroutine[Any, Any, None]) -> None:
        self._resolving[leg] = asyncio.get_running_loop().create_task(work)

    def _cancel(self, leg: str) -> None:
        """End a leg before its host is known."""
        self._resolving.pop(leg).cancel()
        self._release(leg, Ending("local", 487, "cancelled"))

    async def _dial_by_name(self, command: Dial, address: sip.SipAddress) -> None:
        host = await resolve(address.host)
        if self._resolving.pop(command.leg, None) is None:
            return  # hung up, and released, in the meantime
        if host is None:
            reason = f"the host {address.host} cannot be resolved"
            self._release(command.leg, Ending("engine", 503, reason))
            return
        uri = str(replace(address, host=host))
        self._place(msgspec.structs.replace(command, uri=uri))

    async def _dial_by_account(self, command: Dial) -> None:
        try:
            account = self._account(command.account)
            order = credentials(account, await self._route(account))
        except EngineError as error:
            self._resolving.pop(command.leg)
            self._release(command.leg, Ending("engine", 503, str(error)))
            return
        self._resolving.pop(command.leg)
        srtp, codecs = command.srtp or account.srtp, command.codecs or account.codecs
        self._place(msgspec.structs.replace(command, srtp=srtp, codecs=tuple(codecs)), order)

    def _account(self, uri: str) -> Account:
        if uri not in self._accounts:
            raise EngineError(f"the account {uri} is not known: give it to the bench")
        return self._accounts[uri]

    async def _route(self, account: Account) -> str:
        """Return the Route by which an account's requests go out.

        Raises:
            EngineError: there is no way there.
        """
        hop = account.hop
        if hop.transport != "udp":
            raise EngineError(f"{hop.transport} is not there yet: use an account over udp")
        if (host := await resolve(hop.host)) is None:
            raise EngineError(f"the host {hop.host} cannot be resolved")
        if out_of_reach(self._host, host):
            raise EngineError(f"{hop} is out of reach from {self._host}: {REMEDY}")
        # A proxy expects its Route; a registrar is only found by it, and need not see it.
        hidden = "" if account.proxy else ";hide"
        return f"<sip:{host}:{hop.port};lr{hidden}>"

    def _place(self, command: Dial, order: UseAccount | None = None) -> None:
        """Give a call to a worker that has a line for it."""
        if order is None and out_of_reach(self._host, sip.parse_address(command.uri).host):
            reason = f"{command.uri} is out of reach from {self._host}: {REMEDY}"
            self._release(command.leg, Ending("engine", 503, reason))
            return
        try:
            worker = self._with_free_line()
        except OSError as error:
            ending = Ending("engine", 503, f"no engine worker can be started: {error}")
            self._release(command.leg, ending)
            return
        if worker is None:
            self._release(command.leg, Ending("engine", 503, self._why_full()))
            return
        self._legs[command.leg] = worker
        worker.legs.add(command.leg)
        worker.lines.add(command.leg)
        if order is not None:
            worker.send(order)
        worker.send(command)

    def _why_full(self) -> str:
        lines = sum(worker.most_legs for worker in self._dialling)
        return "the engine is closed" if self._closing else f"all {lines} lines are taken"

    def _with_free_line(self) -> WorkerProcess | None:
        for worker in self._dialling:
            if worker.free > 0:
                return worker
        if self._closing or len(self._dialling) >= self._most:
            return None
        return self._grow()

    def _grow(self) -> WorkerProcess:
        worker = self._hire(self._host)
        self._dialling.append(worker)
        return worker

    def _hire(self, host: str, port: int = 0, *, listen: bool = False) -> WorkerProcess:
        name = f"w{next(self._sequence)}"
        worker = WorkerProcess(name, self._pass_on, self._lost, logger.error)
        worker.spawn(host, port, listen=listen, terms=self._terms, log=self._log)
        self._alive.append(worker)
        return worker

    def _pass_on(self, worker: WorkerProcess, signal: AnySignal) -> None:
        self._crossings.follow(signal)
        if isinstance(signal, Released):
            self._legs.pop(signal.leg, None)
        else:
            self._legs[signal.leg] = worker
        self._report(signal)

    def _lost(self, worker: WorkerProcess, cause: str) -> None:
        """Release the legs of a worker that has ended, and replace it if it is missed."""
        self._alive.remove(worker)
        if worker in self._dialling:
            self._dialling.remove(worker)
        ending = Ending("engine", 500, f"engine worker {worker.name} was lost ({cause})")
        for leg in sorted(worker.legs):
            self._release(leg, ending)
        if not self._closing:
            logger.warning("Engine worker %s was lost (%s).", worker.name, cause)
            self._registrars.lost(worker)
            self._replace(worker)

    def _replace(self, worker: WorkerProcess) -> None:
        address = self._listening.pop(worker, None)
        if address is not None and worker.was_ready:
            self._listen_again(address)
        elif address is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(AGAIN_S, self._listen_again, address)
        elif len(self._dialling) < self._kept and worker.was_ready:
            self._grow()

    def _listen_again(self, address: tuple[str, int]) -> None:
        if not self._closing:
            self._listening[self._hire(*address, listen=True)] = address

    def _release(self, leg: str, ending: Ending) -> None:
        self._legs.pop(leg, None)
        self._crossings.part(leg)
        self._report(Released(leg=leg, at=self._clock.now(), **asdict(ending)))


async def resolve(host: str) -> str | None:
    """Return an IPv4 address of a host, None when there is none."""
    if host.lower() in sip.LOOPBACK_NAMES:
        return "127.0.0.1"
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            host, None, family=socket.AF_INET, type=socket.SOCK_DGRAM
        )
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0]) if found else None


def out_of_reach(own: str, host: str) -> bool:
    """Tell whether an address on the network is dialled from one of this machine only."""
    if not ipaddress.IPv4Address(own).is_loopback:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind((own, 0))
        try:
            trial.connect((host, sip.DEFAULT_PORT))  # sends nothing
        except OSError as error:
            return error.errno == errno.EINVAL
    return False


def probe(host: str, port: int) -> None:
    """Try a UDP address, so that the reason why it cannot be used is known.

    Raises:
        AddressInUse: something listens there already.
        EngineError: the address cannot be used on this machine.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise AddressInUse(
                    f"The address {host}:{port} is taken, by this process or another: end what "
                    "listens there, or name another port."
                ) from error
            raise EngineError(
                f"The address {host}:{port} cannot be used ({error.strerror}): name an "
                "address of this machine."
            ) from error


def _nobody(signal: AnySignal) -> None:
    """Take signals before `start`, of which there are none."""
