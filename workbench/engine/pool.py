"""The engine of real calls: it supervises the door and the workers, and spreads legs.

A process carries few legs, and an assertion of its library can abort it. So legs are
spread, and a worker that is lost takes only its own legs with it. All of them are reached
through one door, the only process that speaks SIP with the network.
"""

import asyncio
import errno
import ipaddress
import socket
from collections import Counter
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from workbench import sip
from workbench.clock import Clock, SystemClock
from workbench.commands import AnyCommand, Bridge, Dial, Fork, Hangup, Unbridge
from workbench.door import wire
from workbench.door.limits import DoorLimits
from workbench.door.tls import Tls
from workbench.engine import Occupancy, Report
from workbench.engine.account import Account
from workbench.engine.admission import Admissions, up
from workbench.engine.crew import Crew, Want
from workbench.engine.crossing import Crossings
from workbench.engine.doorway import Doorway, logger
from workbench.engine.exchange import check
from workbench.engine.legs import Ending
from workbench.engine.process import WorkerProcess
from workbench.engine.registrar import Registrars, Tell, credentials
from workbench.engine.slices import Take
from workbench.engine.terms import Terms
from workbench.engine.wire import LineVacated, UseAccount
from workbench.errors import EngineError, InvalidInput
from workbench.signals import AnySignal, Offered, Released

CLOSE_S = 6.0
"""How long workers may take to hang up and end before they are killed."""
REMEDY = "place calls from an address of the network, `Workbench(host=…)` or --host ADDRESS"


class Pool:
    """An `Engine` of worker processes behind one door."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        workers: int = 0,
        max_workers: int = 16,
        host: str = "127.0.0.1",
        terms: Terms = Terms(),  # noqa: B008 - frozen
        tls: Tls = Tls(),  # noqa: B008 - frozen
        limits: DoorLimits = DoorLimits(),  # noqa: B008 - frozen
        log_folder: Path | None = None,
    ) -> None:
        """Configure the pool.

        Args:
            clock: Tells the time of the signals that come from no worker.
            workers: How many are started at once and kept; others start on demand.
            max_workers: How many there may be; each carries four legs, in or out.
            host: The address that outbound calls leave from.
            terms: On which audio flows, unless a call says otherwise.
            tls: The certificate that is shown, and whose are believed.
            limits: How many calls and messages the door takes.
            log_folder: Where pjsip writes its log; nowhere when None.
        """
        self._clock = clock or SystemClock()
        self._host = host
        self._report: Report = _nobody
        self._take: Take = lambda audio: None
        self._crew = Crew(
            most=max_workers, kept=workers, home=host, terms=terms, log=log_folder
        )
        self._door = Doorway(self._hear, tls, limits, log_folder)
        self._admissions = Admissions(self._crew, self._door.tell)
        self._legs: dict[str, WorkerProcess] = {}
        self._crossings = Crossings(self._legs)
        self._resolving: dict[str, asyncio.Task[None]] = {}
        """Legs whose host is looked up; nobody has been called yet."""
        self._wanting: dict[str, Want] = {}
        """Legs that wait for a line; nobody has been called yet either."""
        self._accounts: dict[str, Account] = {}
        self._registrars = Registrars(
            self._clock, lambda: self._crew.grow(host, carries=False), self._route
        )
        self._closing = False
        self.door_counts: Counter[str] = Counter()
        """What the door has answered, refused and dropped, by kind."""

    @property
    def workers(self) -> dict[str, int]:
        """Return the process id of each worker by its name."""
        return {worker.name: worker.pid for worker in self._crew.workers}

    @property
    def registering(self) -> dict[str, int]:
        """Return the process id of each worker that registers accounts, by its name."""
        return {worker.name: worker.pid for worker in self._registrars.workers}

    @property
    def door(self) -> int | None:
        """Return the process id of the door."""
        return self._door.pid

    @property
    def occupancy(self) -> Occupancy:
        """Return how many workers there are, and how full; from any thread."""
        return Occupancy(
            workers=self._crew.carriers,
            lines=self._crew.lines,
            taken=len(self._legs),
            door=self._door.pid is not None,
        )

    def worker_of(self, leg: str) -> str | None:
        """Return the name of the worker that carries a leg, None once it is released."""
        worker = self._legs.get(leg)
        return worker.name if worker else None

    async def start(self, report: Report) -> None:
        """Get ready to execute commands; signals go to `report` from now on."""
        self._report, self._closing, self._crew.closing = report, False, False
        self._door.open(self._host, self._admissions.known)
        self._crew.connect(self._door.inside, self._pass_on, self._up, self._lost)
        for worker in self._crew.keep():
            await worker.ready

    async def listen(self, host: str, port: int, transport: str = "udp") -> tuple[str, int]:
        """Take calls at an address over UDP, TCP or TLS; port 0 picks a free one.

        Returns:
            The host and port where calls are taken.

        Raises:
            AddressInUse: something listens there already.
            EngineError: the address cannot be used on this machine.
        """
        at = self._door.listen(host, port, transport)
        await self._crew.expect_calls(host).ready
        return at

    def hear(self, take: Take) -> None:
        """Give the audio of all forks to `take`, on threads of their own."""
        self._take = take

    def hand(self, leg: str, link: str, end: socket.socket) -> None:
        """Give the worker of a leg the end of a link, before the command that is about it."""
        if (worker := self._legs.get(leg)) is None:
            end.close()
        else:
            worker.hand(link, end)

    async def use_account(self, account: Account) -> None:
        """Know an account, for calls that go out with it."""
        self._accounts[account.uri] = account

    async def register(self, account: Account, tell: Tell) -> None:
        """Register an account with the address where calls are taken, and keep it so.

        Raises:
            EngineError: there is no address, and none can be opened.
        """
        await self.use_account(account)
        if (contact := self._door.contact(account.user, account.hop)) is None:
            await self.listen(self._host, 0)
            contact = self._door.contact(account.user, account.hop) or ""
        self._registrars.register(account, contact, tell)

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
        elif isinstance(command, Hangup):
            self._cancel(command.leg)

    async def close(self) -> None:
        """End every leg, each with its `Released` signal, and every process."""
        self._closing = self._crew.closing = True
        self._registrars.close()
        for leg in (*self._resolving, *self._wanting):
            self._cancel(leg)
        self._crew.refuse_waiting("the engine is closed")
        await self._close_workers()
        await self._door.close()

    async def _close_workers(self) -> None:
        workers = self._crew.workers
        for worker in workers:
            worker.close()
        if not workers:
            return
        _, late = await asyncio.wait([worker.ended for worker in workers], timeout=CLOSE_S)
        if late:
            for worker in workers:
                worker.kill()
            await asyncio.wait(late)

    # -- calls that go out -------------------------------------------------------------------

    def _dial(self, command: Dial) -> None:
        try:
            check(command)
        except InvalidInput as error:
            self._release(command.leg, Ending("engine", 400, str(error)))
            return
        address = sip.parse_address(command.uri)
        if command.account:
            self._later(command.leg, self._dial_by_account(command))
        elif address.is_ip:
            self._place(command, address.host)
        else:
            # A name server may take its time, and other calls have commands too.
            self._later(command.leg, self._dial_by_name(command, address))

    def _later(self, leg: str, work: Coroutine[Any, Any, None]) -> None:
        self._resolving[leg] = asyncio.get_running_loop().create_task(work)

    def _cancel(self, leg: str) -> None:
        """End a leg before anybody was called."""
        if task := self._resolving.pop(leg, None):
            task.cancel()
        elif want := self._wanting.pop(leg, None):
            self._crew.withdraw(want)
        else:
            return
        self._release(leg, Ending("local", 487, "cancelled"))

    async def _dial_by_name(self, command: Dial, address: sip.SipAddress) -> None:
        host = await resolve(address.host)
        if self._resolving.pop(command.leg, None) is None:
            return  # hung up, and released, in the meantime
        if host is None:
            reason = f"the host {address.host} cannot be resolved"
            self._release(command.leg, Ending("engine", 503, reason))
            return
        self._door.tell(wire.NameKnown(name=address.host, address=host))
        self._place(command, host)

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
        self._give(msgspec.structs.replace(command, srtp=srtp, codecs=tuple(codecs)), order)

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
        if (host := await resolve(hop.host)) is None:
            raise EngineError(f"the host {hop.host} cannot be resolved")
        if out_of_reach(self._host, host):
            raise EngineError(f"{hop} is out of reach from {self._host}: {REMEDY}")
        # A proxy expects its Route; a registrar is only found by it, and need not see it.
        hidden = "" if account.proxy else ";hidden"
        # The name stays, for its certificate to prove it.
        self._door.reach_out(self._host, hop.transport)
        self._door.tell(wire.NameKnown(name=hop.host, address=host))
        how = "" if hop.transport == "udp" else f";transport={hop.transport}"
        return f"<sip:{hop.host}:{hop.port}{how};lr{hidden}>"

    def _place(self, command: Dial, host: str) -> None:
        """Place a call, unless its host is out of reach."""
        if out_of_reach(self._host, host):
            reason = f"{command.uri} is out of reach from {self._host}: {REMEDY}"
            self._release(command.leg, Ending("engine", 503, reason))
        else:
            self._give(command)

    def _give(self, command: Dial, order: UseAccount | None = None) -> None:
        """Give a call to a worker that has a line for it."""
        leg = command.leg
        self._door.reach_out(self._host, sip.parse_address(command.uri).transport)
        want = Want(
            host=self._host, beside=self.worker_of(command.beside) or "",
            granted=lambda worker: self._send_out(command, worker, order),
            refused=lambda why: self._release(leg, Ending("engine", 503, why)),
        )  # fmt: skip
        self._wanting[leg] = want
        self._crew.want(want)

    def _send_out(self, command: Dial, worker: WorkerProcess, order: UseAccount | None) -> None:
        self._wanting.pop(command.leg, None)
        self._legs[command.leg] = worker
        worker.legs.add(command.leg)
        self._crew.take(worker, command.leg)
        if order is not None:
            worker.send(order)
        worker.send(command)

    # -- what the door and the workers tell --------------------------------------------------

    def _hear(self, note: wire.AnyNote) -> None:
        match note:
            case wire.LineWanted():
                self._admissions.admit(note)
            case wire.CallTurnedAway(call_id=call_id, tag=tag):
                self._admissions.turn_away(call_id, tag)
            case wire.Counted(counts=counts):
                self.door_counts.update(counts)
            case wire.Noticed(text=text):
                logger.warning("Front door: %s", text)

    def _up(self, worker: WorkerProcess) -> None:
        self._door.tell(up(worker))

    def _pass_on(self, worker: WorkerProcess, signal: AnySignal | LineVacated) -> None:
        if isinstance(signal, LineVacated):
            self._admissions.vacated(worker, signal)
            return
        self._crossings.follow(signal)
        if isinstance(signal, Released):
            self._legs.pop(signal.leg, None)
        else:
            self._legs[signal.leg] = worker
        if isinstance(signal, Offered):
            self._admissions.offered(worker, signal)
        self._report(signal)

    def _lost(self, worker: WorkerProcess, cause: str) -> None:
        """Release the legs of a worker that has ended."""
        self._admissions.lost(worker)
        ending = Ending("engine", 500, f"engine worker {worker.name} was lost ({cause})")
        for leg in sorted(worker.legs):
            self._release(leg, ending)
        if not self._closing:
            self._registrars.lost(worker)

    def _release(self, leg: str, ending: Ending) -> None:
        self._legs.pop(leg, None)
        self._wanting.pop(leg, None)
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


def _nobody(signal: AnySignal) -> None:
    """Take signals before `start`, of which there are none."""
