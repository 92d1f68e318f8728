"""The bench's side of the door: its addresses, which outlive its process, and the process.

The sockets are bound here and handed over, so that what arrives while a door that has died
is replaced waits in the kernel.
"""

import asyncio
import errno
import logging
import secrets
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

from workbench.door.limits import DoorLimits
from workbench.door.tls import Tls
from workbench.door.ways import LOOPBACK, address_towards
from workbench.door.wire import AnyNote, AnyOrder, Begin, DoorReady, Frames, Leave, Serve, pack
from workbench.engine.child import Child
from workbench.errors import AddressInUse, EngineError
from workbench.sip import SipAddress, Transport

logger = logging.getLogger(__name__)

CLOSE_S = 3.0
"""How long the door may take to end before it is killed."""
AGAIN_S = 0.5
"""Before a door that could not be started is tried again."""
SECRET_BYTES = 32
BACKLOG = 512
ANYWHERE = "0.0.0.0"
"""Where calls are taken at every address of the machine."""

Note = Callable[[AnyNote], None]


class DoorProcess(Child):
    """One process of the door."""

    def __init__(self, note: Note, lost: Callable[["DoorProcess", str], None]) -> None:
        """Pass notes to `note`, the cause of death to `lost`."""
        super().__init__("door")
        self._note, self._lost, self._frames = note, lost, Frames()
        self.was_ready = False

    def spawn(self, log: Path | None) -> None:
        """Start the process."""
        self.start("workbench.door.process", [], log)

    def tell(self, order: AnyOrder, *sockets: socket.socket) -> None:
        """Send an order, with the sockets that it speaks of."""
        self.write(pack(order), descriptors=[each.fileno() for each in sockets])

    def receive(self, data: bytes) -> None:
        """Take notes."""
        self._frames.feed(data)
        for note in self._frames.notes():
            self.was_ready = self.was_ready or isinstance(note, DoorReady)
            self._note(note)

    def lost(self, cause: str) -> None:
        """Tell of the death."""
        self._lost(self, cause)


class Doorway:
    """The door for as long as the pool is open, however many processes it takes."""

    def __init__(self, note: Note, tls: Tls, limits: DoorLimits, log: Path | None) -> None:
        """Pass notes to `note`."""
        self._note, self._tls, self._limits, self._log = note, tls, limits, log
        self._secret = secrets.token_bytes(SECRET_BYTES)
        self._served: list[tuple[Serve, socket.socket]] = []
        self._process: DoorProcess | None = None
        self._closing = False
        self.inside = 0
        """The port that the workers speak with."""

    @property
    def pid(self) -> int | None:
        """Return the id of the process that serves now."""
        return self._process.pid if self._process is not None else None

    def contact(self, user: str, hop: SipAddress) -> str | None:
        """Return the URI by which a registrar finds us, None where no calls are taken.

        It is the first address of the way by which the registrar is reached, or else any.
        """
        taking = [order for order, _ in self._served if order.takes_calls]
        taking.sort(key=lambda order: order.transport != hop.transport)
        if not taking:
            return None
        at = taking[0]
        host = address_towards(hop.host) if at.host == ANYWHERE else at.host
        return str(SipAddress(user, host, at.port, cast("Transport", at.transport)))

    def open(self, host: str, retell: Callable[[], Iterable[AnyOrder]]) -> None:
        """Start the door; calls go out from a host.

        What a process has to know that begins later is given by `retell`.

        Raises:
            EngineError: the host is no address of this machine.
        """
        self._closing, self._retell = False, retell
        self._start()
        self.inside = self._add(LOOPBACK, 0, takes_calls=False).port
        self._add(host, 0, takes_calls=False)

    def listen(self, host: str, port: int, transport: str = "udp") -> tuple[str, int]:
        """Take calls at an address; port 0 picks a free one.

        Raises:
            AddressInUse: something listens there already.
            EngineError: the address cannot be used on this machine, or there is no
                certificate for TLS.
        """
        if transport == "tls" and not self._tls.certificate:
            raise EngineError(
                "Calls over TLS need a certificate: give one to the bench, as "
                "Workbench(tls=Tls(certificate=…, key=…))."
            )
        served = self._add(host, port, transport, takes_calls=True)
        return served.host, served.port

    def reach_out(self, host: str, transport: str) -> None:
        """Have a surface that calls may leave from over a transport."""
        if all(order.transport != transport for order, _ in self._served):
            self._add(host, 0, transport, takes_calls=False)

    def tell(self, order: AnyOrder) -> None:
        """Send an order to the process that serves now."""
        if self._process is not None:
            self._process.tell(order)

    async def close(self) -> None:
        """End the process and let go of the addresses."""
        self._closing = True
        if self._process is not None:
            self._process.tell(Leave())
            self._process.close()
            _, late = await asyncio.wait([self._process.ended], timeout=CLOSE_S)
            if late:
                self._process.kill()
                await self._process.ended
        for _, own in self._served:
            own.close()
        self._served.clear()
        self._process = None

    def _add(self, host: str, port: int, transport: str = "udp", *, takes_calls: bool) -> Serve:
        own = bind(host, port, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        order = Serve(
            surface=len(self._served), transport=transport, host=host,
            port=own.getsockname()[1], takes_calls=takes_calls,
        )  # fmt: skip
        self._served.append((order, own))
        if self._process is not None:
            self._process.tell(order, own)
        return order

    def _start(self) -> None:
        if self._closing:
            return
        self._process = DoorProcess(self._note, self._lost)
        try:
            self._process.spawn(self._log)
        except OSError as error:
            self._again(f"it cannot be started: {error}")
            return
        self._process.tell(Begin(secret=self._secret, tls=self._tls, limits=self._limits))
        for order, own in self._served:
            self._process.tell(order, own)
        for known in self._retell():
            self._process.tell(known)

    def _lost(self, process: DoorProcess, cause: str) -> None:
        if self._closing:
            return
        logger.warning("The front door was lost (%s) and is replaced.", cause)
        if process.was_ready:
            self._start()
        else:
            self._again(cause)

    def _again(self, _cause: str) -> None:
        self._process = None
        asyncio.get_running_loop().call_later(AGAIN_S, self._start)


def bind(host: str, port: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> socket.socket:
    """Bind a socket for UDP, or for TCP, on which it listens too.

    Raises:
        AddressInUse: something listens there already.
        EngineError: the address cannot be used on this machine.
    """
    own = socket.socket(socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after TIME_WAIT
        own.bind((host, port))
        if kind == socket.SOCK_STREAM:
            own.listen(BACKLOG)
            # From now on: the door's own connections may leave from the same port.
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError as error:
        own.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(
                f"The address {host}:{port} is taken, by this process or another: end what "
                "listens there, or name another port."
            ) from error
        raise EngineError(
            f"The address {host}:{port} cannot be used ({error.strerror}): name an "
            "address of this machine."
        ) from error
    return own
