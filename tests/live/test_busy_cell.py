"""A call that a notebook's kernel has placed goes on while a cell computes."""

from collections.abc import Iterator
from pathlib import Path

import dpkt
import numpy as np
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from tests.acceptance.rtp import Capture
from tests.acceptance.sipp import Sipp, free_media_port
from tests.conftest import Rounds

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]

MOST_GAP_MS = 60.0

SET_UP = """
from workbench import Workbench, flow

@flow
async def announce(call):
    await call.answer()
    while True:
        await call.play("hold.wav")

bench = Workbench({store!r})
print(bench.answer(announce))
"""

COMPUTE = """
import time
ends = time.monotonic() + {seconds}
numbers = 0
while time.monotonic() < ends:
    numbers += sum(range(1000))
print("computed")
"""


@pytest.fixture
def cells() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel()
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def execute(client: BlockingKernelClient, code: str) -> str:
    """Run a cell to its end and return what it printed."""
    printed: list[str] = []

    def hear(message: dict[str, dict[str, str]]) -> None:
        printed.append(message["content"].get("text", ""))

    reply = client.execute_interactive(code, timeout=120, output_hook=hear)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(printed)


def gaps_ms(capture: Path) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the times between the packets of the first RTP stream that was captured."""
    with capture.open("rb") as file:
        moments = [moment for moment, _ in dpkt.pcap.Reader(file)]
    return np.diff(moments) * 1000


def test_the_far_end_hears_no_gap_while_a_cell_computes(
    cells: BlockingKernelClient, tmp_path: Path, rounds: Rounds
) -> None:
    seconds = rounds(short=4, whole=10)
    printed = execute(cells, SET_UP.format(store=str(tmp_path / "store")))
    peer = printed.strip().removeprefix("sip:")
    port = free_media_port()
    with (
        Capture(tmp_path / "rtp.pcap", [port]) as capture,
        Sipp(tmp_path, "uac", peer=peer, media_port=port, length_ms=seconds * 1000) as sipp,
    ):
        assert "computed" in execute(cells, COMPUTE.format(seconds=seconds))
        assert sipp.finish().failed == 0
    gaps = gaps_ms(capture.path)
    assert len(gaps) > seconds * 1000 / 20 * 0.9
    assert gaps.max() <= MOST_GAP_MS, f"{gaps.max():.1f} ms, p99 {np.percentile(gaps, 99):.1f}"
    execute(cells, "bench.check(); bench.close()")
