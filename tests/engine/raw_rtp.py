"""RTP written by hand: a sender that keeps the pace of a telephone, and strangers."""

import asyncio
import contextlib
import re
import socket
import struct
from types import TracebackType
from typing import Self

from tests.engine.raw_sip import Address

SILENCE = b"\xff" * 160
LOUD = b"\x80\x00" * 80
"""µ-law: as loud as it gets, and zero."""
PCMU, TELEPHONE_EVENT = 0, 120
"""Payload types; the second is the one that the engine offers."""
FRAME_S = 0.02
KEYS = "0123456789*#ABCD"


def packet(
    sequence: int, payload: bytes, *, kind: int = PCMU, ssrc: int = 7, after: int = 0
) -> bytes:
    """Return an RTP packet (RFC 3550, section 5.1), `after` others of its time."""
    marked = 0x80 if kind != PCMU and not after else 0
    at = (sequence - after) * 160
    return struct.pack("!BBHII", 0x80, kind | marked, sequence & 0xFFFF, at, ssrc) + payload


def key_pressed(sequence: int, digit: str, *, ssrc: int = 7) -> list[bytes]:
    """Return the packets of a key that is pressed and let go (RFC 4733)."""
    events = [(160, False), (320, False), (480, True), (480, True), (480, True)]
    return [
        packet(
            sequence + number,
            struct.pack("!BBH", KEYS.index(digit), 10 | (0x80 if ended else 0), duration),
            kind=TELEPHONE_EVENT, ssrc=ssrc, after=number,
        )
        for number, (duration, ended) in enumerate(events)
    ]  # fmt: skip


def audio_at(message: str) -> Address:
    """Return where the audio of a description goes."""
    host = re.search(r"^c=IN IP4 (\S+)", message, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", message, re.MULTILINE)
    assert host is not None
    assert port is not None
    return host[1], int(port[1])


class RtpPeer:
    """A socket for RTP that sends a packet every 20 ms while it is told to."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.payload = SILENCE
        self.sent = 0
        self._to: Address | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.stop()
        self.socket.close()

    @property
    def name(self) -> str:
        return "{}:{}".format(*self.socket.getsockname())

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def talk_to(self, address: Address) -> None:
        """Send from now on."""
        self._to = address
        self._due = asyncio.get_running_loop().time()
        self._tick()

    def stop(self) -> None:
        self._to = None

    def send(self, to: Address, packets: list[bytes]) -> None:
        for each in packets:
            with contextlib.suppress(BlockingIOError):
                self.socket.sendto(each, to)

    def press(self, digit: str) -> None:
        assert self._to is not None
        packets = key_pressed(self.sent, digit)
        self.sent += len(packets)
        self.send(self._to, packets)

    def heard(self) -> list[bytes]:
        """Return what has come since it was last asked."""
        packets = []
        with contextlib.suppress(BlockingIOError):
            while True:
                packets.append(self.socket.recv(2048))
        return packets

    def _tick(self) -> None:
        if self._to is None:
            return
        self.send(self._to, [packet(self.sent, self.payload)])
        self.sent += 1
        self._due += FRAME_S
        asyncio.get_running_loop().call_at(self._due, self._tick)
