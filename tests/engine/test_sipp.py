"""Calls with a peer that is not ours: SIPp, as caller and as callee."""

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.stage import PATIENCE_S, PoolStage
from workbench.commands import Answer, Dial, Hangup, Ring
from workbench.signals import Answered, MediaStarted, Offered, Released, Ringing

pytestmark = [pytest.mark.anyio, pytest.mark.sip]


def free_port() -> int:
    """Return a UDP port that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextmanager
def sipp(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run SIPp for one call."""
    command = ["sipp", "-i", "127.0.0.1", "-m", "1", "-nostdin", *options]
    with (folder / "sipp.out").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


async def status(process: subprocess.Popen[bytes]) -> int:
    """Wait for SIPp to end; 0 says that the call went as its scenario wants."""
    return await asyncio.to_thread(process.wait, PATIENCE_S)


async def test_sipp_calls_us(pool_stage: PoolStage, tmp_path: Path) -> None:
    target = f"127.0.0.1:{pool_stage.port}"
    options = ("-sn", "uac", "-p", str(free_port()), "-d", "200", "-s", "bob", target)
    with sipp(tmp_path, *options) as caller:
        leg = (await pool_stage.until(Offered)).leg
        await pool_stage.do(Ring, leg)
        await pool_stage.do(Answer, leg)
        await pool_stage.until(Answered, leg)
        released = await pool_stage.until(Released, leg)
        assert (released.by, released.sip_code) == ("remote", 200)
        assert await status(caller) == 0


async def test_we_call_sipp(pool_stage: PoolStage, tmp_path: Path) -> None:
    port = free_port()
    with sipp(tmp_path, "-sn", "uas", "-p", str(port)) as callee:
        await pool_stage.do(Dial, "a", uri=f"sip:bob@127.0.0.1:{port}")
        await pool_stage.until(Ringing, "a")
        await pool_stage.until(Answered, "a")
        started = await pool_stage.until(MediaStarted, "a")
        assert started.codec == "PCMU"
        await pool_stage.do(Hangup, "a")
        released = await pool_stage.until(Released, "a")
        assert (released.by, released.sip_code) == ("local", 200)
        assert await status(callee) == 0
