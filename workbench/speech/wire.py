"""What the bench and a process that listens say to each other, on a local socket."""

import msgspec

from workbench.engine.slices import Slice
from workbench.framing import framed
from workbench.speech.choice import Choice
from workbench.speech.ears import Finding, Order
from workbench.speech.expected import Expected


class Setup(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The first message: what to listen with, by the fields of `Speech`."""

    choices: dict[str, Choice]


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Listen to a call; its audio follows."""

    key: int
    order: Order
    first_utterance: int = 1
    """Counted on from what another process had found."""


class Audio(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Some frames of a call."""

    key: int
    audio: Slice


class End(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No more audio comes: tell the rest."""

    key: int


class Expect(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What a flow expects to hear next."""

    key: int
    expected: Expected


class Ping(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Are you alive?"""


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The models are loaded."""


class Broken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The process ends itself, and why."""

    reason: str


class Heard(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What was found in a call."""

    key: int
    finding: Finding


class Pong(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """I am."""


FromBench = Setup | Begin | Audio | Expect | End | Ping
FromListener = Ready | Broken | Heard | Pong

_encoder = msgspec.msgpack.Encoder()
from_bench = msgspec.msgpack.Decoder(FromBench).decode
from_listener = msgspec.msgpack.Decoder(FromListener).decode


def packed(message: FromBench | FromListener) -> bytes:
    """Return a message as it goes over the socket."""
    return framed(_encoder.encode(message))
