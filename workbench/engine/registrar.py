"""Registrations over worker processes: who registers what, and when it is tried again.

A worker registers only a few accounts, since its library carries no more. When one is lost,
another takes over its accounts.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from workbench.clock import Clock
from workbench.engine.account import Account, Registration, explained
from workbench.engine.process import WorkerProcess
from workbench.engine.wire import Register, RegistrationChanged, Unregister, UseAccount
from workbench.errors import EngineError

logger = logging.getLogger(__name__)

MOST_ACCOUNTS = 6
"""A worker registers; pjsua carries eight accounts a process, and aborts at the ninth."""
FIRST_RETRY_S = 2.0
LAST_RETRY_S = 300.0
LONGEST_S = 3600.0
"""However long a registrar wants to be left alone."""
REFUSALS = frozenset({400, 401, 403, 404, 405, 407, 410, 420, 484, 604})
"""A registrar that means it: to ask again soon with the same words would only annoy it."""

pause = asyncio.sleep

Tell = Callable[[Registration], None]
Hire = Callable[[], WorkerProcess]
Reach = Callable[[Account], Awaitable[str]]
"""Gives the Route to an account's registrar; raises `EngineError` where there is none."""


@dataclass(eq=False)
class Enrolled:
    """An account that is to be registered."""

    account: Account
    contact: str
    tell: Tell
    registration: Registration
    attempts: int = 0
    worker: WorkerProcess | None = None
    work: set[asyncio.Task[None]] = field(default_factory=set)
    """What is about to ask; at most one."""

    def change(self, **fields: object) -> None:
        """Tell how it stands."""
        self.registration = self.registration.changed(**fields)
        self.tell(self.registration)

    def cancel(self) -> None:
        """Ask no more."""
        for task in self.work:
            task.cancel()


class Registrars:
    """The accounts of a pool that are registered, each at one of its workers."""

    def __init__(self, clock: Clock, hire: Hire, reach: Reach) -> None:
        """Take workers from `hire`; find the way to a registrar by `reach`."""
        self._clock, self._hire, self._reach = clock, hire, reach
        self._enrolled: dict[str, Enrolled] = {}
        self._workers: dict[WorkerProcess, int] = {}
        """How many accounts each registers."""

    @property
    def workers(self) -> list[WorkerProcess]:
        """Return the workers that register."""
        return list(self._workers)

    def register(self, account: Account, contact: str, tell: Tell) -> None:
        """Register an account, and keep it registered until it is taken back."""
        self._forget(account.uri)
        registration = Registration(uri=account.uri, state="registering")
        enrolled = Enrolled(account, contact, tell, registration)
        self._enrolled[account.uri] = enrolled
        enrolled.change()
        self._ask(enrolled, 0.0)

    def unregister(self, uri: str) -> None:
        """Take a registration back; nobody waits for the answer."""
        if (enrolled := self._forget(uri)) is not None:
            enrolled.change(state="unregistered", until=None, sip_code=0, reason="")

    def lost(self, worker: WorkerProcess) -> None:
        """Let others take over the accounts of a worker that has ended."""
        if self._workers.pop(worker, None) is None:
            return
        for enrolled in self._enrolled.values():
            if enrolled.worker is worker:
                enrolled.worker, enrolled.attempts = None, 0
                reason = f"engine worker {worker.name} was lost"
                enrolled.change(state="registering", until=None, sip_code=0, reason=reason)
                self._ask(enrolled, 0.0)

    def close(self) -> None:
        """Try nothing again; the workers take everything back when they end."""
        for enrolled in self._enrolled.values():
            enrolled.cancel()
            enrolled.tell(enrolled.registration.changed(state="unregistered", until=None))
        self._enrolled.clear()

    def _forget(self, uri: str) -> Enrolled | None:
        enrolled = self._enrolled.pop(uri, None)
        if enrolled is not None:
            enrolled.cancel()
            if enrolled.worker is not None:
                enrolled.worker.send(Unregister(uri=uri))
                self._workers[enrolled.worker] -= 1
        return enrolled

    def _ask(self, enrolled: Enrolled, after_s: float) -> None:
        enrolled.cancel()
        task = asyncio.get_running_loop().create_task(self._send(enrolled, after_s))
        enrolled.work.add(task)
        task.add_done_callback(enrolled.work.discard)

    async def _send(self, enrolled: Enrolled, after_s: float) -> None:
        await pause(after_s)
        account = enrolled.account
        try:
            route = await self._reach(account)
            worker = self._worker_of(enrolled)
        except (EngineError, OSError) as error:
            self._failed(enrolled, 503, str(error))
            return
        worker.send(credentials(account, route))
        worker.send(Register(uri=account.uri, contact=enrolled.contact))

    def _worker_of(self, enrolled: Enrolled) -> WorkerProcess:
        if enrolled.worker is None:
            free = (worker for worker, count in self._workers.items() if count < MOST_ACCOUNTS)
            worker = next(free, None) or self._hired()
            self._workers[worker] += 1
            enrolled.worker = worker
        return enrolled.worker

    def _hired(self) -> WorkerProcess:
        worker = self._hire()
        worker.on_registration = self._changed
        self._workers[worker] = 0
        return worker

    def _changed(self, notice: RegistrationChanged) -> None:
        enrolled = self._enrolled.get(notice.uri)
        if enrolled is None:
            return
        if notice.sip_code // 100 == 2 and notice.expires_s:
            enrolled.attempts = 0
            until = self._clock.now() + timedelta(seconds=notice.expires_s)
            code, reason = notice.sip_code, notice.reason
            enrolled.change(state="registered", until=until, sip_code=code, reason=reason)
        else:
            self._failed(enrolled, notice.sip_code, notice.reason, notice.retry_after_s)

    def _failed(
        self, enrolled: Enrolled, sip_code: int, reason: str, retry_after_s: int = 0
    ) -> None:
        again_s = retry_s(enrolled.attempts, sip_code, retry_after_s)
        enrolled.attempts += 1
        why = explained(reason, sip_code, enrolled.account.uri)
        uri = enrolled.account.uri
        logger.warning("%s is not registered (%d %s).", uri, sip_code, why)
        enrolled.change(state="failed", until=None, sip_code=sip_code, reason=why)
        self._ask(enrolled, again_s)


def credentials(account: Account, route: str) -> UseAccount:
    """Return an account as a worker needs it."""
    return UseAccount(
        uri=account.uri,
        username=account.username,
        password=account.secret.reveal(),
        realm=account.realm,
        registrar=str(account.registrar_at),
        route=route,
        expires_s=account.expires_s,
    )


def retry_s(attempts: int, sip_code: int, retry_after_s: int = 0) -> float:
    """Return in how many seconds to ask again after so many failures in a row."""
    if retry_after_s:
        return min(float(retry_after_s), LONGEST_S)
    if sip_code in REFUSALS:
        return LAST_RETRY_S
    # Spread, or all that one registrar lost would come back in the same moment.
    spread = random.uniform(0.8, 1.2)
    return min(FIRST_RETRY_S * 2.0 ** min(attempts, 16), LAST_RETRY_S) * spread
