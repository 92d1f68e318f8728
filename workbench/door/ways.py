"""The ways through the door: its own addresses, the workers behind it, and its branches.

A branch of ours carries a mark that only this bench can make from the Via below it, so that
a response to a request that never went out is known without any state (RFC 3261, section
16.11 wants branches that follow from the message), and behind it where the request came from.
"""

import hashlib
import ipaddress
import socket
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from workbench.door.message import Message, SipUri, Via

INSIDE = 0
"""The surface towards the workers."""
LOOPBACK = "127.0.0.1"
COOKIE = "z9hG4bK"
MARK_BYTES = 10


class Hop(NamedTuple):
    """Where a message came from or goes to."""

    surface: int
    host: str
    port: int
    connection: int = 0
    """Of a stream; 0 when any will do."""
    name: str = ""
    """Of the host, before it was looked up: what its certificate has to prove."""


@dataclass(frozen=True)
class Surface:
    """A socket of the door, as the others see it."""

    number: int
    transport: str
    host: str
    port: int
    takes_calls: bool = True

    def shown(self, peer: str) -> str:
        """Return host and port, as a peer reaches them."""
        return f"{self.host_for(peer)}:{self.port}"

    def host_for(self, peer: str) -> str:
        """Return the address that a peer reaches us at."""
        return self.host if self.host != "0.0.0.0" else address_towards(peer)

    def route(self, peer: str) -> str:
        """Return the Record-Route that brings a dialog's requests here (section 16.6)."""
        how = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"<sip:{self.shown(peer)}{how};lr>"

    def is_at(self, host: str, port: int) -> bool:
        """Tell whether an address is this one."""
        if port != self.port:
            return False
        return host == self.host or (self.host == "0.0.0.0" and is_own_address(host))


class Ways:
    """What the door knows of its surroundings; it begins with nothing after a restart."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.secret = b""
        """Of which the branches are made; it outlives this process."""
        self.surfaces: dict[int, Surface] = {}
        self.ports: dict[str, int] = {}
        """The port of each worker."""
        self.workers: dict[int, str] = {}
        """The worker at each port."""

    def add_worker(self, name: str, port: int) -> None:
        """Let a worker take part."""
        self.ports[name], self.workers[port] = port, name

    def remove_worker(self, name: str) -> None:
        """Forget a worker, unless its port is another's by now."""
        port = self.ports.pop(name, 0)
        if self.workers.get(port) == name:
            del self.workers[port]

    @property
    def inside(self) -> Surface:
        """The surface towards the workers."""
        return self.surfaces[INSIDE]

    def own(self, host: str, port: int, transport: str | None = None) -> Surface | None:
        """Return the surface with an address."""
        for surface in self.surfaces.values():
            if surface.is_at(host, port) and transport in (None, surface.transport):
                return surface
        return None

    def own_route(self, route: str) -> Surface | None:
        """Return the surface that a Route value names."""
        uri = SipUri.parse(route.partition("<")[2].partition(">")[0])
        if uri is None:
            return None
        transport = uri.transport or "udp"
        return self.own(uri.host, uri.port or default_port(transport), transport)

    def worker_at(self, uri: str) -> str | None:
        """Return the worker whose Contact a Request-URI is."""
        parsed = SipUri.parse(uri)
        if parsed is None or parsed.host != LOOPBACK:
            return None
        return self.workers.get(parsed.port or 0)

    def way_out(self, transport: str, asked: Surface | None) -> Surface | None:
        """Return the surface to send from: the dialog's own, or one where calls come in."""
        if asked is not None and asked.transport == transport:
            return asked
        outer = [s for s in self.surfaces.values() if s.number and s.transport == transport]
        home = min((s.number for s in self.surfaces.values() if s.number), default=0)
        hosts = {self.surfaces[home].host} if home else set()
        fitting = [s for s in outer if s.host in hosts] or outer
        return max(fitting, key=lambda s: (s.takes_calls, -s.number), default=None)

    def branch(self, message: Message, came: Hop) -> str:
        """Return our branch for a request: the same for each retransmission and its CANCEL."""
        via = message.top_via
        if via.branch.startswith(COOKIE):
            seed = f"{via.branch}\n{via.sent_by}"
        else:  # RFC 2543 has no branches: section 16.11 names these fields
            seed = "\n".join(
                [
                    message.first("Via") or "",
                    message.call_id,
                    message.from_tag or "",
                    str(message.cseq_number),
                    message.uri,
                ]
            )
        return f"{COOKIE}{self._mark(seed)}.{came.surface}.{came.connection}"

    def is_ours(self, branch: str, below: Via) -> bool:
        """Tell whether a response's branch was made here for the Via below it."""
        mark = branch.removeprefix(COOKIE).partition(".")[0]
        return mark == self._mark(f"{below.branch}\n{below.sent_by}")

    def _mark(self, seed: str) -> str:
        seeded = seed.encode("utf-8", "surrogateescape")
        return hashlib.blake2b(seeded, key=self.secret, digest_size=MARK_BYTES).hexdigest()


def came_by(branch: str) -> tuple[int, int]:
    """Return surface and connection that a branch of ours carries."""
    _, surface, connection = branch.split(".")
    return int(surface), int(connection)


def default_port(transport: str) -> int:
    """Return the port of a URI without one (RFC 3261, section 19.1.2)."""
    return 5061 if transport == "tls" else 5060


@lru_cache(maxsize=1024)
def address_towards(peer: str) -> str:
    """Return the address of this machine that a peer sees."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect((peer, 5060))  # sends nothing
        except OSError:
            return LOOPBACK
        return str(trial.getsockname()[0])


@lru_cache(maxsize=1024)
def is_own_address(host: str) -> bool:
    """Tell whether an address is one of this machine's."""
    try:
        ipaddress.IPv4Address(host)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
            trial.bind((host, 0))
    except (OSError, ValueError):
        return False
    return True
