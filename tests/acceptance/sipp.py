"""SIPp at the other end of calls: runs a scenario, gives its counts and its messages."""

import csv
import itertools
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

PATIENCE_S = 300
"""After which SIPp gives up by itself."""
SCENARIOS = Path(__file__).parent / "scenarios"
BUILT_IN = ("uac", "uas")
FAILED_TO_RUN = range(2, 256)
"""Exit codes besides 0 (all calls succeeded) and 1 (some failed)."""

_given: set[int] = set()
_runs = itertools.count(1)


class SippFailed(Exception):
    """SIPp did not run; the text is its own."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What became of SIPp's calls."""

    successful: int
    failed: int


class Sipp:
    """One run of SIPp, ended when its `with` is left."""

    def __init__(
        self,
        folder: Path,
        scenario: str | Path,
        *,
        peer: str = "",
        calls: int = 1,
        rate: int = 10,
        limit: int = 4,
        length_ms: int = 0,
        media_port: int = 0,
        options: Sequence[str] = (),
    ) -> None:
        """Start SIPp in a folder of its own below `folder`.

        Args:
            folder: where SIPp writes its statistics, errors and messages.
            scenario: `uac`, `uas`, the name of a file in `scenarios/`, or a path.
            peer: HOST:PORT to call; empty for a scenario that takes calls.
            calls: how many calls, then SIPp ends.
            rate: how many new calls a second.
            limit: how many calls at once; one listening worker carries four.
            length_ms: how long a scenario without own times pauses.
            media_port: where audio is received; a free one by default.
            options: further options of SIPp's own.

        Raises:
            SippFailed: it could not be started.
        """
        self.folder = folder / f"sipp-{next(_runs)}"
        self.folder.mkdir()
        self.port = free_port()
        self.media_port = media_port or free_media_port()
        command = [
            _found(), *_scenario(scenario), *([peer] if peer else []),
            "-i", "127.0.0.1", "-bind_local", "-p", str(self.port),
            "-mi", "127.0.0.1", "-mp", str(self.media_port),
            "-m", str(calls), "-r", str(rate), "-l", str(limit), "-d", str(length_ms),
            "-nostdin", "-timeout", f"{PATIENCE_S}s", "-timeout_error",
            "-recv_timeout", "60000", *options,
            "-trace_stat", "-stf", "stat.csv", "-trace_err", "-error_file", "errors.log",
            "-trace_msg", "-message_file", "messages.log",
        ]  # fmt: skip
        with (
            (self.folder / "stdout").open("w") as out,
            (self.folder / "stderr").open("w") as err,
        ):
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        self._await_port()

    @property
    def address(self) -> str:
        """Where it takes calls, as a SIP URI."""
        return f"sip:127.0.0.1:{self.port}"

    @property
    def messages(self) -> str:
        """All SIP messages that it sent and received."""
        return self._written("messages.log")

    @property
    def errors(self) -> str:
        """What it found wrong with the calls."""
        return self._written("errors.log")

    def finish(self) -> Counts:
        """Wait for the last call's end and return what became of the calls.

        Raises:
            SippFailed: it ended without having run.
        """
        code = self.process.wait(PATIENCE_S + 30)
        if code in FAILED_TO_RUN:
            raise SippFailed(self._reason())
        with (self.folder / "stat.csv").open(newline="") as file:
            *_, last = csv.DictReader(file, delimiter=";")
        return Counts(
            successful=int(last["SuccessfulCall(C)"]), failed=int(last["FailedCall(C)"])
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _await_port(self) -> None:
        watched = psutil.Process(self.process.pid)
        while not self._ended_within(0.02):
            if any(at.laddr.port == self.port for at in watched.net_connections("inet4")):
                return
        if self.process.returncode in FAILED_TO_RUN:
            raise SippFailed(self._reason())

    def _ended_within(self, seconds: float) -> bool:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _reason(self) -> str:
        lines = (self._written("stderr") + self.errors).splitlines()
        said = dict.fromkeys(line.rpartition("\t")[2] for line in lines if line.strip())
        return f"SIPp ended with {self.process.returncode}: {' | '.join(said)}"

    def _written(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""


def free_port() -> int:
    """Return a UDP port that is free and was not given out before."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
            trial.bind(("127.0.0.1", 0))
            port: int = trial.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def free_media_port() -> int:
    """Return an even port that is free with the three after it, which SIPp takes too."""
    while True:
        first = free_port() & ~1
        ports = range(first, first + 4)
        if not _given & {*ports[1:]} and all(map(_is_free, ports)):
            _given.update(ports)
            return first


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def _found() -> str:
    if (path := shutil.which("sipp")) is None:
        message = "SIPp is not installed: apt-get install sip-tester"
        raise SippFailed(message)
    return path


def _scenario(scenario: str | Path) -> list[str]:
    if scenario in BUILT_IN:
        return ["-sn", str(scenario)]
    path = scenario if isinstance(scenario, Path) else SCENARIOS / f"{scenario}.xml"
    return ["-sf", str(path)]
