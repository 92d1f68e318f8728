"""The messages between the pool and the door: orders go in, notes come out.

Sockets go with the orders that need them, so that an address stays ours, and what arrives
waits in the kernel, while a door that has died is replaced.
"""

from collections.abc import Iterator

import msgspec

from workbench import framing
from workbench.door.limits import DoorLimits
from workbench.door.tls import Tls
from workbench.framing import framed


class Order(msgspec.Struct, frozen=True, kw_only=True, tag_field="order"):
    """What the pool tells the door."""


class Begin(Order, frozen=True, kw_only=True, tag="begin"):
    """Make branches with this secret, which outlives a door that is replaced."""

    secret: bytes
    tls: Tls
    limits: DoorLimits


class Serve(Order, frozen=True, kw_only=True, tag="serve"):
    """Speak SIP on the socket that comes with this order."""

    surface: int
    """Names the socket; 0 is the one towards the workers."""
    transport: str
    host: str
    port: int
    takes_calls: bool = True
    """Whether calls may come in here, or only answers to what went out."""


class WorkerUp(Order, frozen=True, kw_only=True, tag="worker_up"):
    """A worker speaks SIP at a port of the loopback interface."""

    worker: str
    port: int
    pid: int
    """Its process: a door without a bench stays until the workers have hung up."""


class WorkerDown(Order, frozen=True, kw_only=True, tag="worker_down"):
    """A worker is gone."""

    worker: str


class LineGiven(Order, frozen=True, kw_only=True, tag="line_given"):
    """A call has a line; also told again to a door that knows nothing yet."""

    call_id: str
    tag: str
    worker: str


class LineDenied(Order, frozen=True, kw_only=True, tag="line_denied"):
    """There is no line for a call."""

    call_id: str
    tag: str
    retry_after_s: int


class CallOver(Order, frozen=True, kw_only=True, tag="call_over"):
    """A worker's line is free again; what still comes for its call is late."""

    call_id: str
    worker: str


class NameKnown(Order, frozen=True, kw_only=True, tag="name_known"):
    """A host name was looked up."""

    name: str
    address: str


class Leave(Order, frozen=True, kw_only=True, tag="leave"):
    """The workers are gone and so is the need for a door."""


class Note(msgspec.Struct, frozen=True, kw_only=True, tag_field="note"):
    """What the door tells the pool."""


class DoorReady(Note, frozen=True, kw_only=True, tag="door_ready"):
    """The door serves."""


class LineWanted(Note, frozen=True, kw_only=True, tag="line_wanted"):
    """A call has come in: it is known by its Call-ID and the tag of its From."""

    call_id: str
    tag: str
    host: str
    """The address of this machine that it came to."""
    streams: int
    """How many media streams it offers, each of which takes sockets of a worker."""
    instead_of: str = ""
    """The worker of the call that it asks to replace (RFC 3891)."""
    placed_by: str = ""
    """The worker that placed it, when a bench calls itself."""


class CallTurnedAway(Note, frozen=True, kw_only=True, tag="call_turned_away"):
    """The worker refused a call, so perhaps it never took a line."""

    call_id: str
    tag: str


class Counted(Note, frozen=True, kw_only=True, tag="counted"):
    """What the door has counted since it last told."""

    counts: dict[str, int]


class Noticed(Note, frozen=True, kw_only=True, tag="noticed"):
    """Something for the log."""

    text: str


AnyOrder = (
    Begin
    | Serve
    | WorkerUp
    | WorkerDown
    | LineGiven
    | LineDenied
    | CallOver
    | NameKnown
    | Leave
)
AnyNote = DoorReady | LineWanted | CallTurnedAway | Counted | Noticed

_encoder = msgspec.msgpack.Encoder()
_orders: msgspec.msgpack.Decoder[AnyOrder] = msgspec.msgpack.Decoder(AnyOrder)
_notes: msgspec.msgpack.Decoder[AnyNote] = msgspec.msgpack.Decoder(AnyNote)


def pack(message: AnyOrder | AnyNote) -> bytes:
    """Return a message as it goes over the socket."""
    return framed(_encoder.encode(message))


class Frames(framing.Frames):
    """Cuts a stream of bytes into messages."""

    def orders(self) -> Iterator[AnyOrder]:
        """Yield each order that is complete."""
        for body in self.bodies():
            yield _orders.decode(body)

    def notes(self) -> Iterator[AnyNote]:
        """Yield each note that is complete."""
        for body in self.bodies():
            yield _notes.decode(body)
