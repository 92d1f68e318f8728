"""From a digit on the wire to the first RTP packet of the prompt that answers it.

SIPp presses keys by RFC 4733, a flow answers each with a tone, and both are seen by tcpdump on
the wire. The limit is what a person takes for at once; the ratio is to that limit.
"""

import logging
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dpkt
import numpy as np
import soundfile

from benchmarks import Ratio
from benchmarks.wire import Wire, datagrams
from tests.acceptance.rtp import PCMU, TELEPHONE_EVENT, write_keypad
from tests.acceptance.sipp import SCENARIOS, Sipp, free_media_port
from workbench import CallControl, Workbench, flow

LIMIT_MS = 80.0
KEYS = "123456789012"
PAUSE_FRAMES = 28
ROUNDS = 4
A_LISTENER_CARRIES = 4
LOUD = 40
"""Distance from µ-law silence that only the tone has."""


@flow
async def react(call: CallControl) -> None:
    """Answer each digit with a tone."""
    await call.answer()
    for _ in KEYS:
        await call.gather(1, timeout=20, finish_on="")
        await call.play("tone.wav")


def measure() -> list[Ratio]:
    """Measure with one call and with eight."""
    logging.getLogger("workbench").setLevel(logging.ERROR)
    return [_ratio(1), _ratio(8)]


def _ratio(calls: int) -> Ratio:
    times: list[float] = []
    for _ in range(ROUNDS if calls == 1 else 1):
        with tempfile.TemporaryDirectory() as folder:
            times += _reactions(Path(folder), calls)
    p95 = float(np.percentile(times, 95))
    detail = f"p95 {p95:.0f} ms, median {statistics.median(times):.0f} ms, {len(times)} digits"
    return Ratio(
        name=f"digit to prompt, {calls} at once / {LIMIT_MS:.0f} ms",
        value=p95 / LIMIT_MS,
        goal=1.0,
        higher_is_better=False,
        detail=detail,
    )


def _reactions(folder: Path, calls: int) -> list[float]:
    _write_tone(folder / "tone.wav")
    scenario = _scenario(folder)
    ports = [free_media_port() for _ in range(0, calls, A_LISTENER_CARRIES)]
    with Workbench(folder / "store", sounds=[folder]) as bench, ExitStack() as open_now:
        peers = [bench.answer(react).removeprefix("sip:") for _ in ports]
        captured = open_now.enter_context(Wire(folder / "wire.pcap", ports))
        each = min(calls, A_LISTENER_CARRIES)
        running = [
            open_now.enter_context(
                Sipp(folder, scenario, peer=peer, calls=each, media_port=port, rate=each)
            )
            for peer, port in zip(peers, ports, strict=True)
        ]
        for sipp in running:
            assert sipp.finish().failed == 0, sipp.errors
    times = [time for port in ports for time in _measured(captured.path, port)]
    assert len(times) == calls * len(KEYS), f"{len(times)} reactions were seen"
    return times


def _write_tone(path: Path) -> None:
    seconds = np.arange(800) / 8000
    soundfile.write(path, 0.5 * np.cos(2 * np.pi * 1000 * seconds), 8000)


def _scenario(folder: Path) -> Path:
    write_keypad(folder / "keys.pcap", KEYS, PAUSE_FRAMES)
    text = (SCENARIOS / "presses_digits.xml").read_text()
    text = text.replace("DIGITS_PCAP", str(folder / "keys.pcap")).replace("CALLER", "presser")
    path = folder / "presses.xml"
    path.write_text(text)
    return path


def _measured(path: Path, port: int) -> Iterator[float]:
    """Give the milliseconds from each key's first packet to the tone that answers it."""
    pressed: dict[int, float] = {}
    last_key: dict[int, int] = {}
    for moment, source, destination, rtp in _packets(path):
        if source == port and rtp.pt == TELEPHONE_EVENT and last_key.get(destination) != rtp.ts:
            last_key[destination] = rtp.ts
            pressed[destination] = moment
        elif (
            destination == port and rtp.pt == PCMU and source in pressed and _is_loud(rtp.data)
        ):
            yield (moment - pressed.pop(source)) * 1000


def _packets(path: Path) -> Iterator[tuple[float, int, int, dpkt.rtp.RTP]]:
    for moment, udp in datagrams(path):
        yield moment, udp.sport, udp.dport, dpkt.rtp.RTP(udp.data)


def _is_loud(payload: bytes) -> bool:
    codes = np.frombuffer(payload, np.uint8) | 0x80
    return bool((255 - codes.astype(int)).max() > LOUD)
