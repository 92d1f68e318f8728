"""Calls with an account, against a far end that asks for credentials when it pleases."""

import asyncio
import contextlib
import re
from collections.abc import Iterator

import pytest

from tests.engine.raw_sip import PATIENCE_S, RawPeer, header, sequence_of
from tests.engine.stage import PoolStage
from workbench.commands import Dial, Hangup, Hold
from workbench.engine.account import Account, Registration
from workbench.engine.registrar import MOST_ACCOUNTS
from workbench.signals import Answered, Held, HoldFailed, Released

pytestmark = [pytest.mark.anyio, pytest.mark.sip]

LOOK_S = 0.1
"""Between two looks whether a registration is known to stand."""
REFUSED = "407 Proxy Authentication Required"


@pytest.fixture
def peer() -> Iterator[RawPeer]:
    with RawPeer() as peer:
        yield peer


def account(peer: RawPeer) -> Account:
    return Account(uri="sip:alice@pbx.test", password="secret", registrar=peer.name)


def challenge(nonce: str) -> str:
    return f'Proxy-Authenticate: Digest realm="pbx.test", nonce="{nonce}", algorithm=MD5\r\n'


async def invite_after(peer: RawPeer, before: int) -> str:
    """Wait for an INVITE with a higher CSeq, as for each that is sent anew."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for message in peer._received:
                if message.startswith("INVITE ") and sequence_of(message) > before:
                    return message
            await peer._hear()


async def challenged(peer: RawPeer, before: int, nonce: str) -> str:
    """Challenge the next INVITE; return the one that answers it."""
    invite = await invite_after(peer, before)
    peer.respond(invite, REFUSED, extra=challenge(nonce))
    again = await invite_after(peer, sequence_of(invite))
    assert f'nonce="{nonce}"' in header(again, "Proxy-Authorization")
    return again


async def test_a_re_invite_may_be_challenged_too(pool_stage: PoolStage, peer: RawPeer) -> None:
    ours = account(peer)
    await pool_stage.pool.use_account(ours)
    await pool_stage.do(Dial, "a", uri=f"sip:bob@{peer.name}", account=ours.uri)
    invite = await challenged(peer, 0, "first")
    assert "Route" not in re.findall(r"^(\w+):", invite, re.MULTILINE)
    peer.respond(invite, "200 OK", with_sdp=True)
    await pool_stage.until(Answered, "a")
    await pool_stage.do(Hold, "a", hold="h1")
    again = await challenged(peer, sequence_of(invite), "second")
    peer.respond(again, "200 OK", with_sdp=True)
    await pool_stage.until(Held, "a")
    assert not [signal for signal in pool_stage.of("a") if isinstance(signal, HoldFailed)]
    await pool_stage.do(Hangup, "a")
    await pool_stage.until(Released, "a")


async def test_a_hold_whose_credentials_are_refused_fails(
    pool_stage: PoolStage, peer: RawPeer
) -> None:
    ours = account(peer)
    await pool_stage.pool.use_account(ours)
    await pool_stage.do(Dial, "a", uri=f"sip:bob@{peer.name}", account=ours.uri)
    invite = await invite_after(peer, 0)
    peer.respond(invite, "200 OK", with_sdp=True)
    await pool_stage.until(Answered, "a")
    await pool_stage.do(Hold, "a", hold="h1")
    again = await challenged(peer, sequence_of(invite), "nonce")
    peer.respond(again, REFUSED, extra=challenge("nonce"))
    await pool_stage.until(HoldFailed, "a")
    await pool_stage.do(Hangup, "a")
    await pool_stage.until(Released, "a")


async def test_a_registrar_with_far_too_many_routes_kills_nobody(
    pool_stage: PoolStage, peer: RawPeer
) -> None:
    told: list[Registration] = []
    await pool_stage.pool.register(account(peer), told.append)
    register = await peer.heard("REGISTER")
    assert header(register, "Contact").endswith(f"<sip:alice@127.0.0.1:{pool_stage.port}>")
    before = dict(pool_stage.pool.registering)
    peer.respond(register, "200 OK", extra="Service-Route: <sip:127.0.0.1;lr>\r\n" * 40)
    await pool_stage.talk("b")
    await pool_stage.do(Hangup, "b")
    await pool_stage.until(Released, "b")
    assert pool_stage.pool.registering == before


async def accept(peer: RawPeer, uris: list[str], told: dict[str, list[Registration]]) -> None:
    """Accept registrations until all that have room are registered; refuse nobody."""
    seen = 0
    async with asyncio.timeout(PATIENCE_S):
        while any(told[uri][-1].state == "registering" for uri in uris):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(peer._hear(), LOOK_S)
            for message in peer._received[seen:]:
                if any(uri in message for uri in uris) and "\r\nExpires: 300" in message:
                    peer.respond(message, "200 OK", extra="Expires: 300\r\n")
            seen = len(peer._received)


async def test_accounts_that_come_and_go_while_nobody_confirms_it_kill_nobody(
    pool_stage: PoolStage, peer: RawPeer
) -> None:
    told: dict[str, list[Registration]] = {}
    before: dict[str, int] = {}
    for generation in range(3):
        uris = [f"sip:user{generation}{number}@pbx.test" for number in range(MOST_ACCOUNTS)]
        for uri in uris:
            coming = Account(uri=uri, password="secret", registrar=peer.name)
            await pool_stage.pool.register(coming, told.setdefault(uri, []).append)
        await accept(peer, uris, told)
        before = before or dict(pool_stage.pool.registering)
        for uri in uris:
            await pool_stage.pool.unregister(uri)
    await pool_stage.talk("b")
    await pool_stage.do(Hangup, "b")
    await pool_stage.until(Released, "b")
    assert pool_stage.pool.registering == before
    assert len(before) == 1
    assert all(standings[-1].state == "unregistered" for standings in told.values())
