"""The door's sockets: datagrams in, messages to hops out."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from typing import Any

from workbench.door.proxy import Failed
from workbench.door.streams import Streams
from workbench.door.ways import INSIDE, Hop, Surface, Ways

LARGEST = 1 << 16
BATCH = 32
"""Datagrams of one socket in a row, so that one flood does not starve the others."""
BUFFER = 1 << 22
FORGET_NAME_S = 30.0
MOST_LOOKUPS = 64

Took = Callable[[bytes, Hop], None]


class UdpSocket:
    """One socket that takes and sends datagrams."""

    def __init__(self, number: int, own: socket.socket, took: Took) -> None:
        """Hand over each datagram to `took`."""
        self.number, self._socket, self._took = number, own, took
        own.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            own.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        asyncio.get_running_loop().add_reader(own, self._read)

    def send(self, data: bytes, hop: Hop) -> str:
        """Send a datagram; return why that failed, empty when it did not."""
        try:
            self._socket.sendto(data, (hop.host, hop.port))
        except BlockingIOError:
            return ""  # the buffer is full: lost, as datagrams may be
        except OSError as error:
            return error.strerror or "the address cannot be used"
        return ""

    def _read(self) -> None:
        for _ in range(BATCH):
            try:
                data, (host, port) = self._socket.recvfrom(LARGEST)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP message about an earlier datagram
            self._took(data, Hop(self.number, host, port))


class Names:
    """Looks up host names, one query for all that wait for it, remembered for a while."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[str, str] = {}
        self._waiting: dict[str, list[Callable[[str | None], None]]] = {}

    def look_up(self, name: str, tell: Callable[[str | None], None]) -> None:
        """Tell the IPv4 address of a name, None when it has none; at once if it is known."""
        if name in self._known:
            tell(self._known[name])
        elif name in self._waiting:
            self._waiting[name].append(tell)
        elif len(self._waiting) >= MOST_LOOKUPS:
            tell(None)
        else:
            self._waiting[name] = [tell]
            loop = asyncio.get_running_loop()
            query = loop.getaddrinfo(name, None, family=socket.AF_INET)
            loop.create_task(query).add_done_callback(lambda task: self._found(name, task))

    def learn(self, name: str, address: str) -> None:
        """Remember the address of a name for a while."""
        self._known[name] = address
        loop = asyncio.get_running_loop()
        loop.call_later(FORGET_NAME_S, self._known.pop, name, None)

    def _found(self, name: str, task: "asyncio.Task[Any]") -> None:
        found = None if task.cancelled() or task.exception() else task.result()
        address = str(found[0][4][0]) if found else None
        if address is not None:
            self.learn(name, address)
        for tell in self._waiting.pop(name, []):
            tell(address)


class Sockets:
    """All sockets, and the way from a hop to the one that serves it."""

    def __init__(self, ways: Ways, from_network: Took, from_worker: Took) -> None:
        """Hand over what comes in; `ways` learns each surface elsewhere."""
        self._ways, self.names = ways, Names()
        self._from_network, self._from_worker = from_network, from_worker
        self._udp: dict[int, UdpSocket] = {}
        self.streams = Streams(from_network)

    def add(self, surface: Surface, own: socket.socket) -> None:
        """Serve a surface on its socket."""
        if surface.transport != "udp":
            self.streams.listen(surface, own)
            return
        took = self._from_worker if surface.number == INSIDE else self._from_network
        self._udp[surface.number] = UdpSocket(surface.number, own, took)

    def send(self, data: bytes, hop: Hop, failed: Failed | None = None) -> None:
        """Send a message; a name is looked up first."""
        if is_address(hop.host):
            self._send(data, hop, failed)
            return

        def go(address: str | None) -> None:
            if address is not None:
                self._send(data, hop._replace(host=address, name=hop.host), failed)
            elif failed is not None:
                failed(f"The host {hop.host} cannot be resolved")

        self.names.look_up(hop.host, go)

    def _send(self, data: bytes, hop: Hop, failed: Failed | None) -> None:
        if hop.surface not in self._udp:
            self.streams.send(data, hop, self._ways.surfaces[hop.surface], failed)
            return
        why = self._udp[hop.surface].send(data, hop)
        if why and failed is not None:
            failed(why)


def is_address(host: str) -> bool:
    """Tell whether a host is an IPv4 address."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
