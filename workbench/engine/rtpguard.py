"""Keeps the audio of one call to the address that was negotiated, by the kernel's own means.

pjmedia takes RTP from anywhere, and after ten packets sends its own there: a stranger who
sprays packets gets to press keys and to hear the call. So its sockets are connected to the
negotiated addresses, and the kernel drops all else. A second socket at the same port gets
what was dropped, so that a stranger can be told of.
"""

import ctypes
import os
import socket
import sys
from contextlib import suppress

Address = tuple[str, int]

MOST_SOURCES = 8
"""Strangers of one call that are told apart."""
MOST_AT_ONCE = 200
"""Packets of strangers that are counted in one look; the kernel drops the rest."""
OTHERS = "others"
_IPV4 = int(socket.AF_INET).to_bytes(2, sys.byteorder)
_libc = ctypes.CDLL(None)
NO_ADDRESS = bytes(16)
"""A sockaddr of AF_UNSPEC, which parts a connected socket."""


class RtpGuard:
    """The sockets of one call."""

    def __init__(self) -> None:
        """Guard nothing yet."""
        self._catchers: dict[Address, socket.socket] = {}
        self._counts: dict[str, int] = {}

    def pin(self, local: str, remote: str) -> bool:
        """Let the socket at `local` hear only `remote`; False when there is no such socket.

        Without a remote address, as on hold by the rules of RFC 2543, it hears nobody new.
        """
        at, peer = _address(local), _address(remote)
        found = _socket_at(at, besides=self._catchers.get(at))
        if found is None:
            return False
        with found:
            self._catch(at, found)
            if peer[0] == "0.0.0.0" or not peer[1]:
                _part(found)
            else:
                found.connect(peer)
        return True

    def strangers(self) -> dict[str, int]:
        """Return how many packets came from each address that was not negotiated."""
        for catcher in self._catchers.values():
            with suppress(OSError):
                for _ in range(MOST_AT_ONCE):
                    self._count(catcher.recvfrom(1))
        return dict(self._counts)

    def close(self) -> None:
        """Let go of the ports."""
        for catcher in self._catchers.values():
            catcher.close()
        self._catchers.clear()

    def _count(self, received: tuple[bytes, Address]) -> None:
        source = "{}:{}".format(*received[1])
        if source not in self._counts and len(self._counts) >= MOST_SOURCES:
            source = OTHERS
        self._counts[source] = self._counts.get(source, 0) + 1

    def _catch(self, at: Address, guarded: socket.socket) -> None:
        """Open a second socket at the port; the kernel prefers the one that is connected."""
        if at in self._catchers:
            return
        catcher = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        catcher.setblocking(False)
        try:
            for each in (guarded, catcher):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            catcher.bind(at)
        except OSError:
            catcher.close()  # strangers are refused all the same, only nobody is told
        else:
            self._catchers[at] = catcher


def _address(name: str) -> Address:
    host, _, port = name.rpartition(":")
    return host, int(port or 0)


def _socket_at(at: Address, besides: socket.socket | None) -> socket.socket | None:
    """Return another handle of the UDP socket that this process has at an address."""
    other = None if besides is None else besides.fileno()
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor != other and _is_bound(descriptor, at):
            return socket.socket(fileno=os.dup(descriptor))
    return None


def _is_bound(descriptor: int, at: Address) -> bool:
    """Tell whether a descriptor is a UDP socket at an address; asked of many, in a callback."""
    name, size = ctypes.create_string_buffer(16), ctypes.c_uint32(16)
    if _libc.getsockname(descriptor, name, ctypes.byref(size)):
        return False
    if name.raw[:8] != _IPV4 + at[1].to_bytes(2, "big") + socket.inet_aton(at[0]):
        return False
    with socket.socket(fileno=os.dup(descriptor)) as found:
        return found.type == socket.SOCK_DGRAM


def _part(guarded: socket.socket) -> None:
    _libc.connect(guarded.fileno(), NO_ADDRESS, len(NO_ADDRESS))
