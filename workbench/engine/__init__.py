"""The interface that every engine fulfils: signals out, `execute(command)` in.

Siblings: `loopback` (simulated, any clock), `pool` (supervises worker processes),
`worker` (such a process), `pjsua`, `pjcall` and `pjaccount` (the only importers of
pjsua2), `account` and `registrar` (who we are to a PBX, and where we are registered).
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from workbench.commands import AnyCommand
from workbench.engine.account import Account, Registration
from workbench.engine.slices import Take
from workbench.signals import AnySignal

Report = Callable[[AnySignal], None]
"""Called for each signal, in order, on the thread of the loop that started the engine."""


@dataclass(frozen=True, kw_only=True)
class Occupancy:
    """How an engine stands: its processes, and how full they are."""

    workers: int
    lines: int
    """Calls that they could carry."""
    taken: int
    door: bool
    """Whether the front door is up."""


class Engine(Protocol):
    """Places, takes and ends calls; knows nothing of events, flows or stores.

    Every leg, whatever happens to it, ends with exactly one `Released` signal, and every
    prompt, sending and recording that began has its finishing signal before that one,
    unless the process that carried it was lost.
    """

    async def start(self, report: Report) -> None:
        """Get ready to execute commands; signals go to `report` from now on."""

    async def listen(self, host: str, port: int, transport: str = "udp") -> tuple[str, int]:
        """Take calls at an address over UDP, TCP or TLS; port 0 picks a free one.

        Returns:
            The host and port where calls are taken.

        Raises:
            AddressInUse: something listens there already.
            EngineError: the address cannot be used on this machine.
        """

    def hear(self, take: Take) -> None:
        """Give the audio of all forks to `take` from now on, on any thread."""

    def hand(self, leg: str, link: str, end: socket.socket) -> None:
        """Give the end of a link away, before the `Talk` of that name; it is closed in time.

        The socket is one of a pair that keeps messages apart and tells of its end
        (SOCK_SEQPACKET), a message a frame: 160 samples, int16, little endian, 8000 Hz.
        """

    async def use_account(self, account: Account) -> None:
        """Know an account, for calls that go out with it."""

    async def register(self, account: Account, tell: Callable[[Registration], None]) -> None:
        """Register an account with the address where calls are taken, and keep it so.

        What becomes of it goes to `tell`, on the thread of the loop, now and later.

        Raises:
            EngineError: there is no address, and none can be opened.
        """

    async def unregister(self, uri: str) -> None:
        """Take a registration back; does nothing when there is none."""

    async def execute(self, command: AnyCommand) -> None:
        """Carry out a command; what comes of it is reported as signals.

        A command for a leg that is gone does nothing. A `Dial` that no worker can take
        is reported as `Released` by the engine with code 503.
        """

    async def close(self) -> None:
        """End every leg, each with its `Released` signal, and every process."""
