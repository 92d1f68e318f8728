"""Real calls through a relay that loses and delays packets: is it measured as it was done?"""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

from tests.engine.raw_rtp import audio_at
from tests.engine.raw_sip import RawPeer
from tests.live.relay import Relay
from workbench import CallHandle, Workbench
from workbench import events as ev
from workbench.quality import mos_lq

pytestmark = [pytest.mark.anyio, pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]

LOSSES = (0, 1, 3, 5, 10)
JITTER_MS = 15
"""Uniform delay up to this, so that no packet overtakes another."""
SAMPLES = 5
"""Reports of five seconds before the calls end."""


class Joined(NamedTuple):
    """Two calls of ours whose audio goes through a relay."""

    left: CallHandle
    right: CallHandle


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def placed(
    bench: Workbench, port: int, opened: contextlib.ExitStack
) -> tuple[CallHandle, tuple[str, int]]:
    """Call a peer whose audio is at the relay; return the call, and where ours is."""
    peer = opened.enter_context(RawPeer())
    peer.audio_port = port
    call = bench.dial(f"sip:bob@{peer.name}")
    invite = await peer.heard("INVITE")
    peer.respond(invite, "200 OK", with_sdp=True)
    await peer.heard("ACK")
    return call, audio_at(invite)


async def joined(bench: Workbench, relay: Relay, opened: contextlib.ExitStack) -> Joined:
    left, left_at = await placed(bench, relay.left_port, opened)
    right, right_at = await placed(bench, relay.right_port, opened)
    relay.join(left_at, right_at)
    return Joined(left, right)


async def measured(bench: Workbench, calls: Sequence[CallHandle]) -> pd.DataFrame:
    """Let the calls go on for some reports, end them, and return what was measured last."""
    enough, loop = asyncio.Event(), asyncio.get_running_loop()
    counts = dict.fromkeys((call.id for call in calls), 0)

    def count(event: ev.Event) -> None:
        if isinstance(event, ev.QualitySampled):
            counts[event.call_id] += 1
            if min(counts.values()) >= SAMPLES:
                loop.call_soon_threadsafe(enough.set)

    stop = bench.subscribe(count)
    async with asyncio.timeout(120):
        await enough.wait()
    stop()
    for call in calls:
        call.hangup()
    for call in calls:
        await asyncio.to_thread(call.wait, 60)
    quality = bench.frames.quality()
    return quality[quality.final].set_index("call_id")


async def test_loss_is_measured_and_rated_as_it_was_programmed(tmp_path: Path) -> None:
    with Workbench(tmp_path / "store") as bench, contextlib.ExitStack() as opened:
        relays = {
            loss: opened.enter_context(Relay(loss_pct=loss, seed=loss)) for loss in LOSSES
        }
        pairs = {loss: await joined(bench, relay, opened) for loss, relay in relays.items()}
        rows = await measured(bench, [call for pair in pairs.values() for call in pair])
        bench.check()
    for loss, pair in pairs.items():
        for call in pair:
            row: Any = rows.loc[call.id]
            # What comes too late on a busy machine is discarded, and counts as lost to the
            # ear; the relay has lost the rest.
            lost = 100 * row.packets_lost / (row.packets_lost + row.packets_received)
            late = 100 * row.packets_discarded / (row.packets_lost + row.packets_received)
            assert lost == pytest.approx(loss, abs=0.5), f"{loss} % received"
            assert row.loss_pct_rx == pytest.approx(lost + late)
            assert row.loss_pct_tx == pytest.approx(loss, abs=0.5), f"{loss} % sent"
            assert row.mos_lq_rx == pytest.approx(mos_lq("PCMU", loss + late), abs=0.1)
            assert row.mos_lq_tx == pytest.approx(mos_lq("PCMU", loss), abs=0.1)


async def test_jitter_and_the_round_trip_are_measured(tmp_path: Path) -> None:
    with Workbench(tmp_path / "store") as bench, contextlib.ExitStack() as opened:
        relay = opened.enter_context(Relay(jitter_ms=JITTER_MS))
        pair = await joined(bench, relay, opened)
        rows = await measured(bench, pair)
        bench.check()
        samples = [e for e in pair.left.history if isinstance(e, ev.QualitySampled)]
    # Two delays that are each uniform up to J differ by J / 3 on average (RFC 3550, 6.4.1).
    for call in pair:
        row = rows.loc[call.id]
        assert row.jitter_ms_rx == pytest.approx(JITTER_MS / 3, abs=2)
        assert row.jitter_ms_tx == pytest.approx(JITTER_MS / 3, abs=2)
        assert 0 <= row.rtt_ms < 50
    assert samples[1].rtt_ms is not None, "RTCP has gone round within ten seconds"
