"""What only processes can do: die, be replaced, share calls and leave nothing behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.engine.raw_sip import SDP, Address, RawPeer, header
from tests.engine.stage import PATIENCE_S, PoolStage
from workbench.commands import Answer, Dial, Hangup, Play, Record, Reject
from workbench.errors import AddressInUse, EngineError
from workbench.signals import (
    Answered,
    DigitReceived,
    EarlyMedia,
    MediaMeasured,
    MediaStarted,
    Offered,
    PromptFinished,
    PromptStarted,
    RecordingStarted,
    Released,
    Ringing,
)

pytestmark = [pytest.mark.anyio, pytest.mark.sip]

ROOT = Path(__file__).parents[2]
BENCH = """
import asyncio, sys
from workbench.commands import Answer
from workbench.engine.pool import Pool
from workbench.signals import Offered

async def main():
    pool, offers = Pool(), asyncio.Queue()
    await pool.start(lambda signal: offers.put_nowait(signal))
    _, port = await pool.listen("127.0.0.1", 0)
    print(port, pool.door, *pool.workers.values(), flush=True)
    while True:
        signal = await offers.get()
        if isinstance(signal, Offered):
            await pool.execute(Answer(leg=signal.leg))

asyncio.run(main())
"""


@pytest.fixture
def raw_peer() -> Iterator[RawPeer]:
    """Open a peer that speaks SIP by hand."""
    with RawPeer() as peer:
        yield peer


async def gone(pid: int) -> None:
    """Wait for a process to end."""
    waiting = asyncio.to_thread(psutil.wait_procs, processes([pid]), PATIENCE_S)
    _, alive = await waiting
    assert not alive


def processes(pids: list[int]) -> list[psutil.Process]:
    """Return those of the processes that still exist."""
    return [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]


async def answered(stage: PoolStage, peer: RawPeer, to: Address) -> tuple[str, str, str]:
    """Have a call of a peer answered; return its leg, the INVITE and the 200."""
    invite = peer.request("INVITE", to, with_sdp=True)
    peer.send(invite, to)
    leg = (await stage.until(Offered)).leg
    await stage.do(Answer, leg)
    ok = await peer.response(invite, 200)
    peer.acknowledge(invite, to, ok)
    await stage.until(Answered, leg)
    return leg, invite, ok


async def test_a_lost_worker_takes_only_its_own_legs(pool_stage: PoolStage) -> None:
    pool = pool_stage.pool
    far = [await pool_stage.talk(f"a{number}") for number in range(4)]
    legs = {leg: pool.worker_of(leg) for leg in ["a0", "a1", "a2", "a3", *far]}
    doomed = legs["a0"]
    assert doomed is not None
    lost = {leg for leg, worker in legs.items() if worker == doomed}
    os.kill(pool.workers[doomed], signal.SIGKILL)
    for leg in lost:
        released = await pool_stage.until(Released, leg)
        assert (released.by, released.sip_code) == ("engine", 500)
        assert released.reason == f"engine worker {doomed} was lost (signal 9)"
    assert doomed not in pool.workers
    assert len(lost) < len(legs)
    for leg in legs.keys() - lost:
        assert pool.worker_of(leg) == legs[leg]
    for leg in legs.keys() - lost:
        await pool_stage.do(Hangup, leg)
        assert (await pool_stage.until(Released, leg)).by in ("local", "remote")


async def test_lost_workers_are_replaced_where_calls_come_in(pool_stage: PoolStage) -> None:
    far = await pool_stage.talk("a")
    before = dict(pool_stage.pool.workers)
    for pid in before.values():
        os.kill(pid, signal.SIGABRT)
    lost = await pool_stage.until(Released, far)
    assert lost.reason.endswith("was lost (signal 6)")
    await pool_stage.until(Released, "a")
    again = await pool_stage.talk("b")
    assert pool_stage.pool.worker_of(again) not in before


async def test_a_call_outlives_the_door(pool_stage: PoolStage, raw_peer: RawPeer) -> None:
    to = (pool_stage.host, pool_stage.port)
    leg, invite, ok = await answered(pool_stage, raw_peer, to)
    door = pool_stage.pool.door
    assert door is not None
    os.kill(door, signal.SIGKILL)
    await gone(door)
    # This peer does not even follow the Record-Route: the new door is told its call.
    bye = raw_peer.within(invite, ok, "BYE")
    raw_peer.send(bye, to)
    assert await raw_peer.response(bye, 200)
    assert (await pool_stage.until(Released, leg)).by == "remote"
    assert pool_stage.pool.door not in (door, None)
    await pool_stage.talk("a")


async def test_both_ends_hang_up_through_a_new_door(pool_stage: PoolStage) -> None:
    legs = {f"a{number}": await pool_stage.talk(f"a{number}") for number in range(2)}
    assert pool_stage.pool.door is not None
    os.kill(pool_stage.pool.door, signal.SIGKILL)
    await pool_stage.do(Hangup, "a0")
    await pool_stage.do(Hangup, legs["a1"])
    assert (await pool_stage.until(Released, legs["a0"])).by == "remote"
    assert (await pool_stage.until(Released, "a1")).by == "remote"


async def test_a_warm_worker_is_replaced() -> None:
    stage = PoolStage(workers=1)
    await stage.open()
    try:
        before = set(stage.pool.workers)
        await stage.do(Dial, "a", uri=stage.silent_uri())
        os.kill(stage.pool.workers["w1"], signal.SIGKILL)
        await stage.until(Released, "a")
        assert "w1" not in stage.pool.workers
        assert len(stage.pool.workers) >= len(before)
    finally:
        await stage.close()


async def test_twenty_calls_at_once_come_to_one_address(pool_stage: PoolStage) -> None:
    caller, taker = PoolStage(), pool_stage
    await caller.open()
    try:
        legs = [f"a{number}" for number in range(20)]
        for leg in legs:
            await caller.do(Dial, leg, uri=taker.uri())
        taken = [(await taker.until(Offered)).leg for _ in legs]
        for leg in taken:
            await taker.do(Answer, leg)
            await taker.until(Answered, leg)
        check_loads(Counter(caller.pool.worker_of(leg) for leg in legs))
        check_loads(Counter(taker.pool.worker_of(leg) for leg in taken))
        for leg in legs:
            await caller.do(Hangup, leg)
            assert (await caller.until(Released, leg)).by == "local"
    finally:
        await caller.close()


def check_loads(loads: Counter[str | None]) -> None:
    """Assert that calls are spread over workers that carry four each."""
    assert None not in loads
    assert len(loads) >= 5
    assert max(loads.values()) <= 4


async def test_a_leg_is_placed_beside_another(pool_stage: PoolStage) -> None:
    worker_of, silent = pool_stage.pool.worker_of, pool_stage.silent_uri()
    await pool_stage.do(Dial, "a", uri=silent)
    for number in range(3):
        await pool_stage.do(Dial, f"b{number}", uri=silent, beside="a")
        assert worker_of(f"b{number}") == worker_of("a")
    await pool_stage.do(Dial, "c", uri=silent, beside="a")
    await pool_stage.do(Hangup, "c")
    await pool_stage.until(Released, "c")
    assert len({signal.leg for signal in pool_stage.signals}) == 5


async def test_a_full_pool_asks_callers_to_come_again(raw_peer: RawPeer) -> None:
    stage = PoolStage(max_workers=1)
    await stage.open()
    try:
        to = (stage.host, stage.port)
        for _ in range(4):
            raw_peer.send(raw_peer.request("INVITE", to, with_sdp=True), to)
            await stage.until(Offered)
        known = len(stage.legs())
        late = raw_peer.request("INVITE", to, with_sdp=True)
        raw_peer.send(late, to)
        assert header(await raw_peer.response(late, 503), "Retry-After") == "Retry-After: 5"
        assert len(stage.legs()) == known
    finally:
        await stage.close()


async def test_more_calls_than_lines_are_refused() -> None:
    stage = PoolStage(max_workers=1)
    await stage.open()
    try:
        for number in range(5):
            await stage.do(Dial, f"a{number}", uri=stage.silent_uri())
        refused = await stage.until(Released, "a4")
        assert (refused.by, refused.sip_code) == ("engine", 503)
        assert refused.reason == "all 4 lines are taken"
    finally:
        await stage.close()


async def test_a_line_is_free_again_after_its_call() -> None:
    stage = PoolStage(max_workers=1)
    await stage.open()
    try:
        for number in range(9):
            far = await stage.ring(f"a{number}")
            await stage.do(Reject, far, sip_code=486)
            await stage.until(Released, f"a{number}")
            await stage.until(Released, far)
    finally:
        await stage.close()


async def test_a_host_that_cannot_be_resolved_is_told(pool_stage: PoolStage) -> None:
    await pool_stage.do(Dial, "a", uri="sip:bob@no-such-host.invalid")
    released = await pool_stage.until(Released, "a")
    assert (released.by, released.sip_code) == ("engine", 503)
    assert released.reason == "the host no-such-host.invalid cannot be resolved"


async def test_a_host_is_resolved_before_pjsip_sees_it(pool_stage: PoolStage) -> None:
    await pool_stage.do(Dial, "a", uri=f"sip:bob@localhost:{pool_stage.port}")
    offered = await pool_stage.until(Offered)
    await pool_stage.do(Hangup, offered.leg)
    await pool_stage.until(Released, "a")


async def test_the_network_is_out_of_reach_from_loopback(pool_stage: PoolStage) -> None:
    await pool_stage.do(Dial, "a", uri="sip:bob@192.0.2.1:5070")
    released = await pool_stage.until(Released, "a")
    assert (released.by, released.sip_code) == ("engine", 503)
    assert released.reason.startswith("sip:bob@192.0.2.1:5070 is out of reach from 127.0.0.1: ")
    assert "--host ADDRESS" in released.reason


async def test_a_slow_name_server_holds_up_no_other_call(
    pool_stage: PoolStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_host: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("workbench.engine.pool.resolve", never)
    async with asyncio.timeout(PATIENCE_S):
        await pool_stage.do(Dial, "slow", uri="sip:bob@slow.example")
        await pool_stage.do(Dial, "closed", uri="sip:bob@slow.example")
        await pool_stage.talk("a")
        await pool_stage.do(Hangup, "slow")
        await pool_stage.do(Hangup, "slow")
    released = await pool_stage.until(Released, "slow")
    assert (released.by, released.sip_code) == ("local", 487)
    await pool_stage.pool.close()
    for leg in ("slow", "closed"):
        assert [type(signal) for signal in pool_stage.of(leg)] == [Released]


def bound(pids: list[int]) -> list[tuple[str, int]]:
    """Return what the network sockets of processes are bound to."""
    sockets = [
        found for pid in pids for found in psutil.Process(pid).net_connections(kind="inet")
    ]
    return [tuple(found.laddr) for found in sockets if found.laddr]


async def test_nothing_is_open_to_the_network(pool_stage: PoolStage) -> None:
    before = bound([os.getpid()])
    far = await pool_stage.talk("a")
    await pool_stage.until(MediaStarted, far)
    assert pool_stage.pool.door is not None
    workers = bound(list(pool_stage.pool.workers.values()))
    door = bound([pool_stage.pool.door])
    # A call with ourselves: a socket for SIP and two for RTP and RTCP at either end.
    assert len(workers) >= 5
    assert (pool_stage.host, pool_stage.port) in door
    ours = [at for at in bound([os.getpid()]) if at not in before]
    assert {host for host, _ in [*workers, *door, *ours]} == {"127.0.0.1"}
    await pool_stage.do(Hangup, "a")
    await pool_stage.until(Released, "a")


async def test_an_address_that_is_taken_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        stage = PoolStage()
        await stage.open()
        try:
            with pytest.raises(AddressInUse, match="is taken, by this process or another"):
                await stage.pool.listen("127.0.0.1", taken.getsockname()[1])
            with pytest.raises(EngineError, match="name an address of this machine"):
                await stage.pool.listen("192.0.2.1", 0)
        finally:
            await stage.close()


async def test_closing_leaves_no_process(pool_stage: PoolStage) -> None:
    await pool_stage.talk("a")
    assert pool_stage.pool.door is not None
    pids = [*pool_stage.pool.workers.values(), pool_stage.pool.door]
    assert len(pids) >= 2
    await pool_stage.pool.close()
    assert not processes(pids)
    await pool_stage.do(Dial, "b", uri=pool_stage.uri())
    assert (await pool_stage.until(Released, "b")).reason == "the engine is closed"
    assert not pool_stage.pool.workers


async def test_a_door_that_hangs_is_ended(pool_stage: PoolStage) -> None:
    door = pool_stage.pool.door
    assert door is not None
    os.kill(door, signal.SIGSTOP)
    await pool_stage.pool.close()
    assert not processes([door])


async def test_a_killed_bench_hangs_up_its_calls(pool_stage: PoolStage) -> None:
    bench = subprocess.Popen(  # noqa: ASYNC220 - returns at once
        [sys.executable, "-c", BENCH], stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert bench.stdout is not None
        line = await asyncio.to_thread(bench.stdout.readline)
        port, *ours = map(int, line.split())
        await pool_stage.do(Dial, "a", uri=f"sip:bob@127.0.0.1:{port}")
        await pool_stage.until(Answered, "a")
    finally:
        bench.kill()
        bench.communicate()
    released = await pool_stage.until(Released, "a")
    assert (released.by, released.sip_code) == ("remote", 200)
    for pid in ours:
        await gone(pid)


async def test_ctrl_c_does_not_reach_a_worker(pool_stage: PoolStage) -> None:
    assert pool_stage.pool.door is not None
    for pid in (*pool_stage.pool.workers.values(), pool_stage.pool.door):
        os.kill(pid, signal.SIGINT)
        assert os.getpgid(pid) != os.getpgid(0)
    await pool_stage.talk("a")


async def test_a_killed_worker_leaves_what_it_recorded(
    pool_stage: PoolStage, tmp_path: Path, wav: Callable[[float], str]
) -> None:
    far = await pool_stage.talk("a")
    paths = [tmp_path / "received.wav", tmp_path / "sent.wav"]
    await pool_stage.do(
        Record, far, recording="r", received_path=str(paths[0]), sent_path=str(paths[1])
    )
    await pool_stage.until(RecordingStarted, far)
    await pool_stage.do(Play, far, prompt="p", path=wav(1.0))
    await pool_stage.until(PromptFinished, far)
    worker = pool_stage.pool.worker_of(far)
    assert worker is not None
    os.kill(pool_stage.pool.workers[worker], signal.SIGKILL)
    await pool_stage.until(Released, far)
    for path in paths:
        assert path.stat().st_size >= 44 + 16 * 700


async def test_an_invite_without_sdp_can_be_refused_and_answered(
    pool_stage: PoolStage, raw_peer: RawPeer
) -> None:
    to = (pool_stage.host, pool_stage.port)
    refused = raw_peer.request("INVITE", to)
    raw_peer.send(refused, to)
    await pool_stage.do(Reject, (await pool_stage.until(Offered)).leg, sip_code=486)
    assert "SIP/2.0 486" in await raw_peer.response(refused, 486)
    raw_peer.acknowledge(refused, to, await raw_peer.response(refused, 486))
    answered = raw_peer.request("INVITE", to)
    raw_peer.send(answered, to)
    leg = (await pool_stage.until(Offered)).leg
    await pool_stage.do(Answer, leg)
    ok = await raw_peer.response(answered, 200)
    assert "m=audio" in ok
    raw_peer.acknowledge(answered, to, ok, with_sdp=True)
    await pool_stage.until(MediaStarted, leg)
    await pool_stage.until(Answered, leg)


@pytest.mark.parametrize(
    ("method", "extra", "code"),
    [
        ("MESSAGE", "", 405),
        ("REGISTER", "", 405),
        ("SUBSCRIBE", "Event: presence\r\n", 489),
        ("REFER", "Refer-To: <sip:x@127.0.0.1:9>\r\n", 603),
        ("INVITE", "Replaces: a;to-tag=1;from-tag=2\r\n", 481),
    ],
)
async def test_what_is_no_call_is_refused(
    pool_stage: PoolStage, raw_peer: RawPeer, method: str, extra: str, code: int
) -> None:
    to = (pool_stage.host, pool_stage.port)
    request = raw_peer.request(method, to, extra=extra)
    raw_peer.send(request, to)
    assert await raw_peer.response(request, code)
    assert not pool_stage.signals


async def test_a_forged_ack_does_not_kill(pool_stage: PoolStage, raw_peer: RawPeer) -> None:
    to = (pool_stage.host, pool_stage.port)
    invite = raw_peer.request("INVITE", to, with_sdp=True)
    raw_peer.send(invite, to)
    offered = await pool_stage.until(Offered)
    raw_peer.send(invite.replace("INVITE", "ACK").replace("z9hG4bK", "z9hG4bKx"), to)
    await pool_stage.do(Reject, offered.leg, sip_code=486)
    assert await raw_peer.response(invite, 486)
    assert (await pool_stage.until(Released)).by == "local"


async def test_early_media_is_told_from_ringing(
    pool_stage: PoolStage, raw_peer: RawPeer
) -> None:
    await pool_stage.do(Dial, "a", uri=f"sip:bob@{raw_peer.name}")
    invite = await raw_peer.heard("INVITE")
    raw_peer.respond(invite, "183 Session Progress", with_sdp=True)
    await pool_stage.until(EarlyMedia, "a")
    await pool_stage.until(MediaStarted, "a")
    raw_peer.respond(invite, "180 Ringing")
    await pool_stage.until(Ringing, "a")
    raw_peer.respond(invite, "200 OK", with_sdp=True)
    await pool_stage.until(Answered, "a")
    kinds = [type(signal) for signal in pool_stage.of("a")]
    assert kinds == [EarlyMedia, MediaStarted, Ringing, Answered]


@pytest.mark.parametrize(
    ("text", "reason"), [(';text="at sea"', "at sea"), ("", "Gone Fishing")]
)
async def test_the_cause_of_a_refusal_is_told(
    pool_stage: PoolStage, raw_peer: RawPeer, text: str, reason: str
) -> None:
    # The text of a Reason header says more than the phrase of the code (RFC 3326).
    await pool_stage.do(Dial, "a", uri=f"sip:bob@{raw_peer.name}")
    invite = await raw_peer.heard("INVITE")
    raw_peer.respond(invite, "480 Gone Fishing", extra=f"Reason: Q.850;cause=20{text}\r\n")
    released = await pool_stage.until(Released, "a")
    assert (released.by, released.sip_code, released.q850_cause) == ("remote", 480, 20)
    assert released.reason == reason


async def test_a_refer_within_a_call_is_declined(
    pool_stage: PoolStage, raw_peer: RawPeer
) -> None:
    to = (pool_stage.host, pool_stage.port)
    invite = raw_peer.request("INVITE", to, with_sdp=True)
    raw_peer.send(invite, to)
    leg = (await pool_stage.until(Offered)).leg
    await pool_stage.do(Answer, leg)
    ok = await raw_peer.response(invite, 200)
    raw_peer.acknowledge(invite, to, ok)
    await pool_stage.until(Answered, leg)
    refer = raw_peer.within(invite, ok, "REFER", extra="Refer-To: <sip:x@127.0.0.1:9>\r\n")
    raw_peer.send(refer, to)
    assert await raw_peer.response(refer, 603)
    info = raw_peer.within(
        invite, ok, "INFO", body="Signal=5\r\nDuration=160\r\n", kind="application/dtmf-relay"
    )
    raw_peer.send(info, to)
    digit = await pool_stage.until(DigitReceived, leg)
    assert (digit.digit, digit.method) == ("5", "sip-info")


async def test_prompts_and_recordings_go_on_after_a_re_invite(
    pool_stage: PoolStage, raw_peer: RawPeer, tmp_path: Path, wav: Callable[[float], str]
) -> None:
    to = (pool_stage.host, pool_stage.port)
    invite = raw_peer.request("INVITE", to, with_sdp=True)
    raw_peer.send(invite, to)
    leg = (await pool_stage.until(Offered)).leg
    await pool_stage.do(Answer, leg)
    ok = await raw_peer.response(invite, 200)
    raw_peer.acknowledge(invite, to, ok)
    await pool_stage.until(Answered, leg)
    paths = [tmp_path / "received.wav", tmp_path / "sent.wav"]
    await pool_stage.do(
        Record, leg, recording="r", received_path=str(paths[0]), sent_path=str(paths[1])
    )
    await pool_stage.do(Play, leg, prompt="p1", path=wav(1.0))
    await pool_stage.until(PromptStarted, leg)
    again = raw_peer.within(invite, ok, "INVITE", body=SDP.format(port=10009))
    raw_peer.send(again, to)
    raw_peer.acknowledge(again, to, await raw_peer.response(again, 200))
    finished = await pool_stage.until(PromptFinished, leg)
    assert (finished.outcome, finished.played_ms) == ("completed", 1000)
    await pool_stage.do(Hangup, leg)
    measured = await pool_stage.until(MediaMeasured, leg)
    assert measured.packets_sent >= 45
    await pool_stage.until(Released, leg)
    sizes = [path.stat().st_size for path in paths]
    assert min(sizes) >= 44 + 16 * 900
    assert [type(signal) for signal in pool_stage.of(leg)].count(MediaStarted) == 1


async def test_a_peer_that_ignores_bye_is_released_soon(
    pool_stage: PoolStage, raw_peer: RawPeer
) -> None:
    to = (pool_stage.host, pool_stage.port)
    invite = raw_peer.request("INVITE", to, with_sdp=True)
    raw_peer.send(invite, to)
    leg = (await pool_stage.until(Offered)).leg
    await pool_stage.do(Answer, leg)
    raw_peer.acknowledge(invite, to, await raw_peer.response(invite, 200))
    await pool_stage.until(Answered, leg)
    await pool_stage.do(Hangup, leg)
    assert (await pool_stage.until(Released, leg)).sip_code == 200


async def test_a_call_in_the_middle_of_a_prompt_survives_nothing_but_its_worker(
    pool_stage: PoolStage, wav: Callable[[float], str]
) -> None:
    far = await pool_stage.talk("a")
    await pool_stage.do(Play, far, prompt="p", path=wav(10.0))
    await pool_stage.until(PromptStarted, far)
    worker = pool_stage.pool.worker_of("a")
    assert worker is not None
    os.kill(pool_stage.pool.workers[worker], signal.SIGKILL)
    await pool_stage.until(Released, "a")
    assert pool_stage.pool.worker_of(far)
    await pool_stage.do(Hangup, far)
    assert (await pool_stage.until(PromptFinished, far)).outcome == "interrupted"
    await pool_stage.until(Released, far)
