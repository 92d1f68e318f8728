"""Registrations over workers: placed, told, tried again, taken over."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from workbench.clock import ManualClock
from workbench.engine import registrar
from workbench.engine.account import Account, Registration
from workbench.engine.registrar import (
    LAST_RETRY_S,
    LONGEST_S,
    MOST_ACCOUNTS,
    Registrars,
    retry_s,
)
from workbench.engine.wire import Register, RegistrationChanged, Unregister, UseAccount
from workbench.errors import EngineError

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class FakeWorker:
    """Takes orders and answers as it is told."""

    def __init__(self, name: str) -> None:
        self.name, self.sent = name, list[Any]()
        self.on_registration: Any = None

    def send(self, order: Any) -> None:
        self.sent.append(order)

    def answer(self, uri: str, sip_code: int, expires_s: int = 0, reason: str = "x") -> None:
        self.on_registration(
            RegistrationChanged(uri=uri, sip_code=sip_code, reason=reason, expires_s=expires_s)
        )


class Stage:
    """Registrars with workers that a test answers for."""

    def __init__(self) -> None:
        self.workers: list[FakeWorker] = []
        self.told: list[Registration] = []
        self.reachable = True
        hire: Any = self.hire
        self.registrars = Registrars(ManualClock(), hire, self.reach)

    def hire(self) -> FakeWorker:
        self.workers.append(FakeWorker(f"w{len(self.workers) + 1}"))
        return self.workers[-1]

    async def reach(self, account: Account) -> str:
        if not self.reachable:
            message = "the host pbx.example cannot be resolved"
            raise EngineError(message)
        return f"<sip:192.0.2.1:{account.hop.port};lr>"

    async def register(self, user: str = "alice") -> str:
        account = Account(uri=f"sip:{user}@pbx.example", password="secret")
        self.registrars.register(account, f"sip:{user}@192.0.2.2:5060", self.told.append)
        await settle()
        return account.uri

    @property
    def states(self) -> list[str]:
        return [registration.state for registration in self.told]


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    async def at_once(seconds: float) -> None:
        waits.append(seconds)

    waits: list[float] = []
    monkeypatch.setattr(registrar, "pause", at_once)
    stage = Stage()
    yield stage
    stage.registrars.close()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_account_is_made_known_then_registered(stage: Stage) -> None:
    uri = await stage.register()
    (worker,) = stage.workers
    assert [type(order) for order in worker.sent] == [UseAccount, Register]
    assert worker.sent[1].contact == "sip:alice@192.0.2.2:5060"
    worker.answer(uri, 200, 300)
    assert stage.states == ["registering", "registered"]
    until = stage.told[-1].until
    assert until is not None
    assert (until - ManualClock().now()).total_seconds() == 300


async def test_what_failed_is_tried_again_until_it_succeeds(stage: Stage) -> None:
    uri = await stage.register()
    (worker,) = stage.workers
    worker.answer(uri, 503)
    await settle()
    worker.answer(uri, 200, 300)
    assert stage.states == ["registering", "failed", "registered"]
    assert [type(order) for order in worker.sent].count(Register) == 2


async def test_a_registrar_out_of_reach_is_told(stage: Stage) -> None:
    stage.reachable = False
    await stage.register()
    assert "failed" in stage.states
    assert stage.told[-1].reason == "the host pbx.example cannot be resolved"
    assert not stage.workers


async def test_accounts_are_spread_and_taken_over(stage: Stage) -> None:
    uris = [await stage.register(f"user{number}") for number in range(MOST_ACCOUNTS + 1)]
    first, second = stage.workers
    for uri in uris[:-1]:
        first.answer(uri, 200, 300)
    lost: Any = first
    stage.registrars.lost(lost)
    await settle()
    # One had room left; the others need a third worker.
    assert len(stage.workers) == 3
    again = [
        order.uri for w in stage.workers[1:] for order in w.sent if isinstance(order, Register)
    ]
    assert sorted(again) == sorted(uris)
    assert second.sent


async def test_what_is_taken_back_is_not_tried_again(stage: Stage) -> None:
    uri = await stage.register()
    (worker,) = stage.workers
    worker.answer(uri, 200, 300)
    stage.registrars.unregister(uri)
    assert isinstance(worker.sent[-1], Unregister)
    worker.answer(uri, 200)
    await settle()
    assert stage.states == ["registering", "registered", "unregistered"]
    assert isinstance(worker.sent[-1], Unregister)


def test_failures_are_tried_again_later_and_later() -> None:
    delays = [retry_s(attempts, 503) for attempts in range(20)]
    assert 1.6 <= delays[0] <= 2.4
    assert 12.8 <= delays[3] <= 19.2
    assert 0.8 * LAST_RETRY_S <= min(delays[9:]) <= max(delays) <= 1.2 * LAST_RETRY_S


def test_a_refusal_is_not_repeated_soon_and_retry_after_is_heeded() -> None:
    assert retry_s(0, 403) == LAST_RETRY_S
    assert retry_s(0, 503, 7) == 7
    assert retry_s(0, 503, 10**6) == LONGEST_S
