"""Many calls at once through one address, and many set-ups a second.

The limit is the same load on raw pjsua2 workers (`raw_workers`): C players and recorders and
nothing else. Each call plays a prompt and is recorded on two channels; gaps are judged at
the wire, with the kernel's times.
"""

import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import soundfile

from benchmarks import Ratio
from benchmarks.wire import HEADERS, Wire, gaps_ms, setup_times_ms
from tests.acceptance.sipp import Sipp, free_media_port
from workbench import CallControl, Workbench, flow
from workbench.engine.pool import Pool
from workbench.flow import Flow

CALLS = 120
LINES = 4
"""Calls that one worker carries."""
LENGTH_S = 30
LIMIT_GAP_MS = 40.0
LIMIT_CPU = 1.5
SETUPS_A_SECOND = 50
SETUP_SECONDS = 60
SHORT_CALL_MS = 100
RAMP_A_SECOND = 10
ECHO = ("-rtp_echo",)
SOME_PACKETS = 100
"""A stream with fewer is no call."""
SCENARIOS = Path(__file__).parent / "scenarios"


@flow
async def prompt_and_record(call: CallControl) -> None:
    """Play and record until the caller hangs up."""
    await call.answer()
    await call.record()
    await call.play("prompt.wav")
    await call.sleep(3600)


@flow
async def only_answer(call: CallControl) -> None:
    """Answer, and let the caller hang up."""
    await call.answer()
    await call.sleep(3600)


@dataclass(frozen=True, kw_only=True)
class Held:
    """What holding the calls took."""

    calls: int
    failed: int
    cpu_s: float
    """Seconds of CPU of every process on our side, from the first call to the last."""
    wide_gaps: int
    """Gaps over `LIMIT_GAP_MS` between packets to the far side."""
    widest_ms: float
    streams: int

    @property
    def cpu_percent(self) -> float:
        """Per cent of one core a call."""
        return 100 * self.cpu_s / self.calls / LENGTH_S


def measure() -> list[Ratio]:
    """Hold 120 calls on either side, then set up 50 a second for a minute."""
    logging.getLogger("workbench").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        raw, ours = _hold_raw(Path(folder)), _hold_ours(Path(folder))
        return [*_held(raw, ours), *_setups(Path(folder))]


def _held(raw: Held, ours: Held) -> Iterator[Ratio]:
    for who, held in (("raw workers", raw), ("the bench", ours)):
        yield Ratio(
            name=f"{who}: widest gap / {LIMIT_GAP_MS:.0f} ms",
            value=held.widest_ms / LIMIT_GAP_MS,
            goal=1.0 if held is ours else None,
            higher_is_better=False,
            detail=f"{held.calls} calls, {held.failed} failed, {held.streams} streams, "
            f"{held.wide_gaps} gaps over {LIMIT_GAP_MS:.0f} ms, widest {held.widest_ms:.0f} ms",
        )
    yield Ratio(
        name="CPU a call, the bench / raw workers",
        value=ours.cpu_s / raw.cpu_s,
        goal=LIMIT_CPU,
        higher_is_better=False,
        detail=f"{ours.cpu_percent:.2f} % of a core against {raw.cpu_percent:.2f} %",
    )


# -- calls at once ---------------------------------------------------------------------------


def _hold_ours(folder: Path) -> Held:
    port = free_media_port()
    with (
        _bench(folder, prompt_and_record) as peer,
        _watched(folder / "o", [port]) as watch,
    ):
        watch.processes = [psutil.Process(), *_own_children()]
        before = watch.cpu_s()
        sipp = Sipp(
            folder, "uac", peer=peer, calls=CALLS, rate=RAMP_A_SECOND, limit=CALLS,
            length_ms=LENGTH_S * 1000, media_port=port, options=ECHO,
        )  # fmt: skip
        with sipp:
            failed = sipp.finish().failed
        cpu_s = watch.cpu_s() - before
    return watch.held(failed, cpu_s)


def _hold_raw(folder: Path) -> Held:
    ports = [free_media_port() for _ in range(CALLS // LINES)]
    with _raw_workers(folder) as workers, _watched(folder / "r", ports) as watch:
        watch.processes = [psutil.Process(worker.pid) for worker, _ in workers]
        before = watch.cpu_s()
        failed = _share(
            folder, [peer for _, peer in workers], calls=LINES, rate=LINES,
            length_ms=LENGTH_S * 1000, media_ports=ports,
            options=(*ECHO, "-rp", str(CALLS // RAMP_A_SECOND * 1000)),
        )  # fmt: skip
        cpu_s = watch.cpu_s() - before
    return watch.held(failed, cpu_s)


class _Watch:
    """The wire and the processor while calls are up."""

    def __init__(self, path: Path, ports: Sequence[int]) -> None:
        self._path, self._ports = path, ports
        self.processes: list[psutil.Process] = []

    def cpu_s(self) -> float:
        """Return the seconds of CPU that our side has used so far."""
        times = [process.cpu_times() for process in self.processes]
        return float(sum(spent.user + spent.system for spent in times))

    def held(self, failed: int, cpu_s: float) -> Held:
        """Judge the capture."""
        streams = gaps_ms(self._path, frozenset(self._ports))
        widest = [max(gaps) for gaps in streams if len(gaps) > SOME_PACKETS]
        wide = sum(gap > LIMIT_GAP_MS for gaps in streams for gap in gaps)
        return Held(
            calls=CALLS, failed=failed, cpu_s=cpu_s, wide_gaps=wide,
            widest_ms=max(widest), streams=len(widest),
        )  # fmt: skip


@contextmanager
def _watched(path: Path, ports: Sequence[int]) -> Iterator[_Watch]:
    with Wire(path, ports, HEADERS):
        yield _Watch(path, ports)


@contextmanager
def _bench(folder: Path, takes: Flow) -> Iterator[str]:
    """Open a bench with all its workers, and give its one address."""
    _write_prompt(folder / "prompt.wav")
    pool = Pool(workers=CALLS // LINES, max_workers=CALLS // LINES)
    with Workbench(folder / f"store-{takes.name}", engine=pool, sounds=[folder]) as bench:
        yield bench.answer(takes).removeprefix("sip:")


def _own_children() -> list[psutil.Process]:
    """Return the workers and the door, and not what stands in for the network."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if child.name() not in ("sipp", "tcpdump")]


def _write_prompt(path: Path) -> None:
    seconds = np.arange(8000 * LENGTH_S) / 8000
    soundfile.write(path, 0.3 * np.cos(2 * np.pi * 440 * seconds), 8000)


# -- set-ups a second ------------------------------------------------------------------------


def _setups(folder: Path) -> Iterator[Ratio]:
    """Compare how long a set-up takes; an honest 503 is counted apart."""
    raw, ours = _set_up_raw(folder), _set_up_ours(folder)
    yield Ratio(
        name="set-up time p95, the bench / raw workers",
        value=ours.p95_ms / raw.p95_ms,
        higher_is_better=False,
        detail=f"{ours.p95_ms:.1f} ms against {raw.p95_ms:.1f} ms",
    )
    yield Ratio(
        name="set-ups that failed, without honest 503s",
        value=ours.failed,
        goal=0.0,
        higher_is_better=False,
        detail=f"{ours.calls} calls, {ours.refused} refused with 503; "
        f"raw workers {raw.failed} of {raw.calls}",
    )


@dataclass(frozen=True, kw_only=True)
class Setups:
    """What became of calls that came one after another."""

    calls: int
    failed: int
    refused: int
    p95_ms: float


def _set_up_ours(folder: Path) -> Setups:
    calls = SETUPS_A_SECOND * SETUP_SECONDS
    with (
        _bench(folder, only_answer) as peer,
        Wire(folder / "setups-ours", [_port(peer)]) as wire,
    ):
        sipp = Sipp(
            folder, SCENARIOS / "sets_up.xml", peer=peer, calls=calls, rate=SETUPS_A_SECOND,
            limit=CALLS, length_ms=SHORT_CALL_MS,
        )  # fmt: skip
        with sipp:
            failed = sipp.finish().failed
    return _judged([sipp], wire.path, calls, failed)


def _set_up_raw(folder: Path) -> Setups:
    each = SETUPS_A_SECOND * SETUP_SECONDS * LINES // CALLS
    runs: list[Sipp] = []
    with (
        _raw_workers(folder) as workers,
        Wire(folder / "setups-raw", [_port(peer) for _, peer in workers]) as wire,
    ):
        failed = _share(
            folder, [peer for _, peer in workers], calls=each, rate=each, options=(
                "-rp", str(SETUP_SECONDS * 1000),
            ), length_ms=SHORT_CALL_MS, scenario=SCENARIOS / "sets_up.xml", runs=runs,
        )  # fmt: skip
    return _judged(runs, wire.path, each * len(runs), failed)


def _port(peer: str) -> int:
    return int(peer.rpartition(":")[2])


def _judged(runs: Sequence[Sipp], path: Path, calls: int, failed: int) -> Setups:
    refused = sum(sipp.messages.count("SIP/2.0 503") for sipp in runs)
    times = list(setup_times_ms(path))
    return Setups(
        calls=calls, failed=failed, refused=refused, p95_ms=float(np.percentile(times, 95))
    )


# -- raw workers -----------------------------------------------------------------------------


@contextmanager
def _raw_workers(folder: Path) -> Iterator[list[tuple["subprocess.Popen[str]", str]]]:
    """Start raw workers and give each with its address."""
    _write_prompt(folder / "prompt.wav")
    command = [sys.executable, "-m", "benchmarks.raw_workers"]
    command += [str(folder / "prompt.wav"), str(folder)]
    with ExitStack() as open_now:
        started = []
        for _ in range(CALLS // LINES):
            worker = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            open_now.callback(_end, worker)
            started.append(worker)
        yield [(worker, f"127.0.0.1:{_ready(worker)}") for worker in started]


def _ready(worker: "subprocess.Popen[str]") -> str:
    assert worker.stderr is not None
    word, port = worker.stderr.readline().split()
    assert word == "ready"
    return port


def _end(worker: "subprocess.Popen[str]") -> None:
    worker.kill()
    worker.communicate()


def _share(
    folder: Path,
    peers: Sequence[str],
    *,
    calls: int,
    rate: int,
    length_ms: int,
    options: Sequence[str],
    media_ports: Sequence[int] = (),
    scenario: str | Path = "uac",
    runs: list[Sipp] | None = None,
) -> int:
    """Place calls to each peer by a SIPp of its own; return how many failed."""
    runs = [] if runs is None else runs
    with ExitStack() as open_now:
        for peer, port in zip(peers, media_ports or [0] * len(peers), strict=True):
            sipp = Sipp(
                folder, scenario, peer=peer, calls=calls, rate=rate, limit=LINES,
                length_ms=length_ms, media_port=port, options=options,
            )  # fmt: skip
            runs.append(open_now.enter_context(sipp))
        return sum(sipp.finish().failed for sipp in runs)
