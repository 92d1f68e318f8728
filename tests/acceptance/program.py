"""Programs that a test runs: lines awaited as they are written, ended by their own id."""

import itertools
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

PATIENCE_S = 60.0
"""Generous: it only passes when something is wrong."""

_runs = itertools.count(1)


class Program:
    """A running program; left behind by nobody, since leaving the `with` ends it."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        """Start it in `folder`, in a process group of its own as a shell would."""
        self.command = command
        self._error_file = (folder / f"stderr-{next(_runs)}").open("w")
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self._error_file, text=True, start_new_session=True,
            # As wide as needed, so that no line that is awaited is cut.
            env=os.environ | {"COLUMNS": "250", "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert self.process.stdout is not None
        self._coming: queue.Queue[str | None] = queue.Queue()
        self._read: list[str] = []
        self._reader = threading.Thread(target=self._pump, args=(self.process.stdout,))
        self._reader.start()

    @property
    def output(self) -> str:
        """What it wrote to stdout, as far as it was awaited."""
        return "".join(self._read)

    @property
    def errors(self) -> str:
        """What it wrote to stderr."""
        return Path(self._error_file.name).read_text()

    def line(self, part: str) -> str:
        """Wait for a line of stdout that contains `part`, and return it."""
        while (line := self._next(part)) is not None:
            self._read.append(line)
            if part in line:
                return line
        message = f"{self._told()}\nended without a line that contains {part!r}."
        raise AssertionError(message)

    def finish(self, patience: float = PATIENCE_S) -> int:
        """Wait for its end and return its exit code."""
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.close()
            message = f"{self._told()}\ndid not end within {patience} s."
            raise AssertionError(message) from None
        self._drain()
        return code

    def signal(self, number: signal.Signals, *, whole_group: bool = False) -> None:
        """Send a signal to it alone, or to its workers too, as a terminal does."""
        if whole_group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def close(self) -> None:
        """End it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()
        self._error_file.close()

    def _pump(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._coming.put(line)
        self._coming.put(None)

    def _next(self, awaited: str) -> str | None:
        try:
            return self._coming.get(timeout=PATIENCE_S)
        except queue.Empty:
            message = f"{self._told()}\nwrote no line that contains {awaited!r}."
            raise AssertionError(message) from None

    def _drain(self) -> None:
        self._reader.join()
        while not self._coming.empty():
            if (line := self._coming.get()) is not None:
                self._read.append(line)

    def _told(self) -> str:
        return f"{' '.join(self.command)}\n{self.output}{self.errors}"


def workbench(folder: Path, *arguments: str) -> Program:
    """Start the command line of Workbench in a folder."""
    return Program([sys.executable, "-m", "workbench.cli", *arguments], folder)


class Answering:
    """`workbench answer FLOW`, listening at a free port."""

    def __init__(self, folder: Path, flow: str, *options: str) -> None:
        self.store = folder / "store"
        self.program = workbench(
            folder, "answer", flow, "--listen", "127.0.0.1:0", "--store", str(self.store),
            *options,
        )  # fmt: skip

    def __enter__(self) -> Self:
        try:
            told = self.program.line(" takes calls at sip:")
        except BaseException:
            self.program.__exit__(None, None, None)
            raise
        self.peer = told.partition("sip:")[2].split()[0]
        return self

    def __exit__(self, *error: object) -> None:
        self.program.__exit__(None, None, None)


def ask(folder: Path, *arguments: str) -> str:
    """Return what a subcommand that must succeed writes to stdout."""
    with workbench(folder, *arguments) as program:
        code = program.finish()
        assert (code, program.errors) == (0, ""), program.output + program.errors
        return program.output


Row = dict[str, object]


def calls_of(folder: Path, store: Path) -> list[Row]:
    """Return the calls of a store, by `workbench calls`."""
    told = ask(folder, "calls", "--format", "json", "--store", str(store))
    return msgspec.json.decode(told, type=list[Row])


def events_of(folder: Path, store: Path, call: object) -> list[Row]:
    """Return the events of a call, by `workbench events`."""
    told = ask(folder, "events", str(call), "--format", "jsonl", "--store", str(store))
    return [msgspec.json.decode(line, type=Row) for line in told.splitlines()]


def topics(events: Sequence[Row], topic: str) -> list[Row]:
    """Return the events of one topic."""
    return [event for event in events if event["topic"] == topic]
