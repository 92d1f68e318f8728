"""The messages between the bench and a worker: msgpack, each after its length in 4 bytes.

Commands go in, signals and a worker's own notices come out.
"""

from collections.abc import Iterator

import msgspec

from workbench.commands import AnyCommand
from workbench.errors import EngineError
from workbench.signals import AnySignal

LENGTH = 4
LONGEST = 1 << 20


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag_field="signal"):
    """What a worker tells of itself."""


class WorkerReady(Notice, frozen=True, kw_only=True, tag="worker_ready"):
    """The endpoint is open."""

    host: str
    port: int
    most_legs: int


class WorkerFailed(Notice, frozen=True, kw_only=True, tag="worker_failed"):
    """The endpoint cannot be opened; the worker ends."""

    reason: str
    in_use: bool


class LineVacated(Notice, frozen=True, kw_only=True, tag="line_vacated"):
    """The line of a leg is free for another call."""

    leg: str


class DefectFound(Notice, frozen=True, kw_only=True, tag="defect_found"):
    """A callback of the library raised; the call goes on."""

    text: str


AnyNotice = WorkerReady | WorkerFailed | LineVacated | DefectFound

_encoder = msgspec.msgpack.Encoder()
_commands = msgspec.msgpack.Decoder(AnyCommand)
_reports: msgspec.msgpack.Decoder[AnySignal | AnyNotice] = msgspec.msgpack.Decoder(
    AnySignal | AnyNotice
)


def pack(message: AnyCommand | AnySignal | AnyNotice) -> bytes:
    """Return a message as it goes over the socket."""
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH, "big") + body


class Frames:
    """Cuts a stream of bytes into message bodies."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._buffer = bytearray()

    def feed(self, received: bytes) -> None:
        """Add what has come."""
        self._buffer += received

    def commands(self) -> Iterator[AnyCommand]:
        """Yield each command that is complete."""
        for body in self._bodies():
            yield _commands.decode(body)

    def reports(self) -> Iterator[AnySignal | AnyNotice]:
        """Yield each signal and notice that is complete."""
        for body in self._bodies():
            yield _reports.decode(body)

    def _bodies(self) -> Iterator[bytes]:
        while len(self._buffer) >= LENGTH:
            size = int.from_bytes(self._buffer[:LENGTH], "big")
            if size > LONGEST:
                raise EngineError(f"A message of {size} bytes between bench and worker.")
            if len(self._buffer) < LENGTH + size:
                return
            body = bytes(self._buffer[LENGTH : LENGTH + size])
            del self._buffer[: LENGTH + size]
            yield body
