"""What tcpdump sees of SIP and RTP on loopback, with the kernel's own times."""

import re
import subprocess
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Self

import dpkt

CALL_ID = re.compile(rb"^Call-ID[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
HEADERS = 96
"""Bytes of each packet that are enough to tell who sent it."""


class Wire:
    """Both directions of some UDP ports on loopback, captured to a file."""

    def __init__(self, path: Path, ports: Sequence[int], snap_length: int = 0) -> None:
        """Capture whole packets, or only so many bytes of each."""
        self.path, self._ports, self._snap_length = path, ports, snap_length

    def __enter__(self) -> Self:
        wanted = " or ".join(f"udp port {port}" for port in self._ports)
        command = ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-w", "-"]
        command += ["-s", str(self._snap_length), "-B", "16384", wanted]
        with self.path.open("wb") as file:
            self._process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.PIPE, text=True
            )
        assert self._process.stderr is not None
        assert "listening on" in self._process.stderr.readline()
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.communicate()

    @property
    def pid(self) -> int:
        """Return the process id of tcpdump."""
        return self._process.pid


def datagrams(path: Path) -> Iterator[tuple[float, dpkt.udp.UDP]]:
    """Give the UDP datagrams of a capture with their times in seconds."""
    with path.open("rb") as file:
        for moment, frame in dpkt.pcap.Reader(file):
            yield moment, dpkt.ethernet.Ethernet(frame).data.data


def gaps_ms(path: Path, ports: Collection[int]) -> list[list[float]]:
    """Return the milliseconds between the packets of each stream that goes to these ports."""
    before: dict[tuple[int, int], float] = {}
    gaps: dict[tuple[int, int], list[float]] = {}
    for moment, udp in datagrams(path):
        stream = udp.sport, udp.dport
        if udp.dport in ports:
            if stream in before:
                gaps.setdefault(stream, []).append((moment - before[stream]) * 1000)
            before[stream] = moment
    return list(gaps.values())


def setup_times_ms(path: Path) -> Iterator[float]:
    """Give the milliseconds of each call from its first INVITE to its first 200."""
    began: dict[bytes, float] = {}
    for moment, udp in datagrams(path):
        message = bytes(udp.data)
        if (found := CALL_ID.search(message)) is None:
            continue
        if message.startswith(b"INVITE "):
            began.setdefault(found[1], moment)
        elif message.startswith(b"SIP/2.0 200 ") and found[1] in began:
            yield (moment - began.pop(found[1])) * 1000
