"""The bench's side of a process of ours: it is spawned, spoken to over a socket and reaped."""

import asyncio
import os
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

CHUNK = 1 << 16
REAP_S = 0.005
"""Between two looks whether a process that closed its socket has ended."""
STUBBORN_S = 3.0
"""How long a process may live without its socket before it is killed."""

if TYPE_CHECKING:
    Process = subprocess.Popen[bytes]


class Child(ABC):
    """A process at the other end of a socket, until it has ended."""

    def __init__(self, name: str) -> None:
        """Name the process; `spawn` starts it."""
        self.name = name
        self._backlog: deque[tuple[bytes, list[int]]] = deque()
        """What is to be sent, with the sockets that go with it."""
        self._closing = False
        self._patience = STUBBORN_S
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()

    @abstractmethod
    def receive(self, data: bytes) -> None:
        """Take bytes from the process."""

    @abstractmethod
    def lost(self, cause: str) -> None:
        """Take note that the process has ended."""

    def start(
        self, module: str, options: list[str], log: Path | None = None, *inherited: int
    ) -> None:
        """Start the process, which inherits descriptors; it may be written to from now on."""
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        with theirs:
            output = Path(os.devnull) if log is None else log / f"{self.name}.out"
            options = ["--socket", str(theirs.fileno()), *options]
            self._process = start(module, options, output, [theirs.fileno(), *inherited])
        self._loop.add_reader(self._socket, self._read)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def write(self, data: bytes, *, descriptors: list[int] | None = None) -> None:
        """Send bytes, with sockets that go with them; what has died says so by itself."""
        if not self._closing:
            self._backlog.append((data, descriptors or []))
            self._flush()

    def close(self) -> None:
        """Ask the process to end; what it says until then is still taken."""
        if not self._closing:
            self._closing = True
            self._flush()

    def kill(self) -> None:
        """End a process that does not end in order."""
        if self._process.poll() is None:
            self._process.kill()

    def _flush(self) -> None:
        """Write what the socket takes now; the loop calls again for the rest."""
        self._loop.remove_writer(self._socket)
        try:
            while self._backlog:
                self._send_first()
            if self._closing:
                self._socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._flush)
        except OSError:
            self._backlog.clear()  # it has died; the reader will find out

    def _send_first(self) -> None:
        data, descriptors = self._backlog[0]
        sent = (
            socket.send_fds(self._socket, [data], descriptors)
            if descriptors
            else self._socket.send(data)
        )
        if sent == len(data):
            self._backlog.popleft()
        else:
            self._backlog[0] = (data[sent:], [])

    def _read(self) -> None:
        try:
            received = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except ConnectionError:
            received = b""
        if received:
            self.receive(received)
        else:
            self._part()

    def _part(self) -> None:
        """Let go of the socket, for the process has."""
        self._closing = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._reap()

    def _reap(self) -> None:
        code = self._process.poll()
        if code is None:
            self._patience -= REAP_S
            if self._patience < 0:
                self.kill()
            self._loop.call_later(REAP_S, self._reap)
            return
        self.lost(f"signal {-code}" if code < 0 else f"exit status {code}")
        self.ended.set_result(None)


def start(module: str, options: list[str], output: Path, inherited: list[int]) -> "Process":
    """Spawn a module with its ends of sockets; never fork, for pjsip may be loaded."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    with output.open("ab") as sink:
        return subprocess.Popen(
            [sys.executable, "-m", module, *options],
            pass_fds=inherited,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C in a terminal goes to its whole process group: ours are not in it.
            start_new_session=True,
        )
