"""RTP as it was on the wire: captured, decoded, and compared with what should be there."""

import contextlib
import io
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import dpkt
import numpy as np
import numpy.typing as npt
import soundfile

from workbench.engine.tones import tone

PCMU = 0
TELEPHONE_EVENT = 101
RATE = 8000
FRAME = 160
"""Samples of a packet of 20 ms."""
KEYS = "0123456789*#ABCD"
"""In the order of RFC 4733, section 3.2."""
SILENCE = b"\xff" * FRAME

Samples = npt.NDArray[np.float64]


@dataclass
class Stream:
    """The packets of one source to one port, in the order of their sequence numbers."""

    payloads: list[tuple[int, bytes]] = field(default_factory=list)
    """RTP timestamp and payload, G.711 µ-law only."""

    def samples(self) -> Samples:
        """Put the audio on the axis of its RTP timestamps; what was never sent is zero."""
        start = self.payloads[0][0]
        placed = [((at - start) & 0xFFFFFFFF, payload) for at, payload in self.payloads]
        axis = np.zeros(max(at + len(payload) for at, payload in placed))
        for at, payload in placed:
            axis[at : at + len(payload)] = decoded(payload)
        return axis


def decoded(payload: bytes) -> Samples:
    """Decode G.711 µ-law to -1..1."""
    code = ~np.frombuffer(payload, np.uint8)
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    magnitude = (((mantissa << 3) + 132) << exponent) - 132
    signed: Samples = np.where(code & 128, -magnitude, magnitude) / 32768.0
    return signed


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What was heard of audio that should have been."""

    likeness: float
    """Normalised correlation over the whole length of what was expected."""
    missing_ms: float
    """How much of its end never came."""


def compare(heard: Samples, expected: Samples) -> Heard:
    """Find where the expected audio lies in what was heard, and how much alike they are."""
    length = len(expected)
    whole = np.pad(heard, (0, length))
    size = 1 << (len(whole) + length).bit_length()
    spectrum = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(expected, size))
    start = int(np.argmax(np.fft.irfft(spectrum, size)[: len(heard)]))
    found = whole[start : start + length]
    power = np.linalg.norm(found) * np.linalg.norm(expected)
    return Heard(
        likeness=float(np.dot(found, expected) / power) if power else 0.0,
        missing_ms=max(0, start + length - len(heard)) * 1000 / RATE,
    )


class Capture:
    """tcpdump on loopback, while the `with` lasts."""

    def __init__(self, path: Path, ports: Sequence[int]) -> None:
        """Capture what is sent to these UDP ports; without any, to all."""
        self.path, self.ports = path, ports

    def __enter__(self) -> Self:
        if (tcpdump := shutil.which("tcpdump", path="/usr/sbin:/usr/bin:/sbin:/bin")) is None:
            message = "tcpdump is not installed: apt-get install tcpdump"
            raise RuntimeError(message)
        only = " or ".join(f"udp dst port {port}" for port in self.ports) or "udp"
        # To its stdout, since tcpdump gives up root before it would open a file.
        with self.path.open("wb") as file:
            self._process = subprocess.Popen(
                [tcpdump, "-i", "lo", "-n", "-U", "--immediate-mode", "-B", "16384",
                 "-w", "-", only],
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self._process.stderr is not None
        if "listening on" not in (said := self._process.stderr.readline()):
            said += self._process.communicate()[1]
            message = f"tcpdump cannot capture: {said}"
            raise RuntimeError(message)
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.send_signal(signal.SIGINT)
        _, said = self._process.communicate()
        assert "0 packets dropped by kernel" in said, said

    def streams(self) -> list[Stream]:
        """Return the audio that was captured, one stream a source and destination."""
        found: dict[tuple[int, int, int], dict[int, tuple[int, bytes]]] = {}
        with self.path.open("rb") as file:
            for _, frame in dpkt.pcap.Reader(file):
                packet = dpkt.ethernet.Ethernet(frame).data.data
                with contextlib.suppress(dpkt.UnpackError):
                    rtp = dpkt.rtp.RTP(packet.data)
                    if rtp.version == 2 and rtp.pt == PCMU:
                        source = (packet.sport, packet.dport, rtp.ssrc)
                        # Extended over the 16 bits by order of arrival: calls are short.
                        stream = found.setdefault(source, {})
                        stream[_extended(rtp.seq, stream)] = (rtp.ts, bytes(rtp.data))
        return [Stream([stream[n] for n in sorted(stream)]) for stream in found.values()]


def _extended(sequence: int, stream: dict[int, tuple[int, bytes]]) -> int:
    if not stream:
        return sequence
    last = next(reversed(stream))
    return last + ((sequence - last + 0x8000) & 0xFFFF) - 0x8000


def write_keypad(path: Path, digits: str, pause_frames: int = 3) -> None:
    """Write a pcap of somebody who presses keys: silence, and RFC 4733 events in it.

    Each key is held for 100 ms and followed by silence. The last packet of an event is sent
    three times, as section 2.5.1.4 of the RFC asks.
    """
    packets = [_Sent(PCMU, SILENCE)] * 10
    for digit in digits:
        packets += _pressed(KEYS.index(digit))
        packets += [_Sent(PCMU, SILENCE)] * pause_frames
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        begun = 0
        for number, sent in enumerate(packets):
            if sent.marker or sent.kind == PCMU:
                begun = number
            writer.writepkt(_frame(sent, number, begun * FRAME), ts=number * 0.02)


def write_presses(path: Path, keys: str, *, events: bool, tones: bool) -> float:
    """Write a pcap of keys that are sent as events, as tones, or as both at once.

    A blank is a second of silence. Return how many seconds it lasts.
    """
    slots: list[list[_Sent]] = [[_Sent(PCMU, SILENCE)]] * 10
    for key in keys:
        if key == " ":
            slots += [[_Sent(PCMU, SILENCE)]] * 50
            continue
        audio = [_Sent(PCMU, encoded(frame)) for frame in tone(key, 5 * 20)]
        told = _pressed(KEYS.index(key))
        for at in range(5 + 4):
            heard = audio[at] if tones and at < len(audio) else _Sent(PCMU, SILENCE)
            last = told[at:] if at == 4 else told[at : at + 1]
            slots.append([heard, *(last if events and at < 5 else [])])
    with path.open("wb") as file:
        writer, number, begun = dpkt.pcap.Writer(file), 0, 0
        for slot, packets in enumerate(slots):
            for sent in packets:
                if sent.marker:
                    begun = slot
                at = slot if sent.kind == PCMU else begun
                writer.writepkt(_frame(sent, number, at * FRAME), ts=slot * 0.02)
                number += 1
    return len(slots) * 0.02


def encoded(frame: bytes) -> bytes:
    """Encode 16 bit samples as G.711 µ-law."""
    sink = io.BytesIO()
    samples = np.frombuffer(frame, np.int16)
    soundfile.write(sink, samples, RATE, format="RAW", subtype="ULAW")
    return sink.getvalue()


@dataclass(frozen=True)
class _Sent:
    kind: int
    payload: bytes
    marker: bool = False


def _pressed(event: int) -> list[_Sent]:
    """Return the packets of one event: every 20 ms, the duration growing, the end thrice."""
    volume, end = 10, 0x80
    going = [struct.pack("!BBH", event, volume, n * FRAME) for n in range(1, 5)]
    last = struct.pack("!BBH", event, end | volume, 5 * FRAME)
    return [
        _Sent(TELEPHONE_EVENT, payload, marker=n == 0)
        for n, payload in enumerate([*going, last, last, last])
    ]


def _frame(sent: _Sent, sequence: int, timestamp: int) -> bytes:
    rtp = struct.pack("!BBHII", 0x80, sent.marker << 7 | sent.kind, sequence, timestamp, 0x5150)
    udp = dpkt.udp.UDP(sport=6000, dport=6000, data=rtp + sent.payload)
    udp.ulen = len(udp)
    home = socket.inet_aton("127.0.0.1")
    ip = dpkt.ip.IP(src=home, dst=home, p=dpkt.ip.IP_PROTO_UDP, data=udp)
    ip.len = len(ip)
    return bytes(dpkt.ethernet.Ethernet(data=ip))
