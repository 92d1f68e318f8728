"""What the bench and the process that serves pages say to each other, on a local socket."""

import msgspec

from workbench.framing import framed


class Open(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Let a page in, once; the call's end of the audio comes with it."""

    talk: str
    token: str
    origin: str
    wait_s: float
    """After which nobody is let in any more."""


class Shut(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """End a talk."""

    talk: str


class Opened(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The page may come, to this port."""

    talk: str
    port: int


class Over(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A talk is over, and why; nobody is let in any more."""

    talk: str
    reason: str


FromBench = Open | Shut
FromBooths = Opened | Over

_encoder = msgspec.msgpack.Encoder()
from_bench = msgspec.msgpack.Decoder(FromBench).decode
from_booths = msgspec.msgpack.Decoder(FromBooths).decode


def packed(message: FromBench | FromBooths) -> bytes:
    """Return a message as it goes over the socket."""
    return framed(_encoder.encode(message))
