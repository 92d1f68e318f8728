"""The messages between the bench and a worker: msgpack, each after its length in 4 bytes.

Commands go in, signals and a worker's own notices come out.
"""

from collections.abc import Iterator

import msgspec

from workbench import framing
from workbench.commands import AnyCommand
from workbench.errors import EngineError
from workbench.framing import framed
from workbench.signals import AnySignal


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
    sip_call_id: str = ""


class DefectFound(Notice, frozen=True, kw_only=True, tag="defect_found"):
    """A callback of the library raised; the call goes on."""

    text: str


class RegistrationChanged(Notice, frozen=True, kw_only=True, tag="registration_changed"):
    """The registrar has answered, or nobody has."""

    uri: str
    sip_code: int
    reason: str
    expires_s: int = 0
    """How long it lasts; 0 when there is none."""
    retry_after_s: int = 0
    """When the registrar wants to be asked again, where it says so."""


class Order(msgspec.Struct, frozen=True, kw_only=True, tag_field="command"):
    """What a worker is asked to do beside the commands of a leg."""


class UseAccount(Order, frozen=True, kw_only=True, tag="use_account"):
    """Know an account; the only message that holds a password, which no text of it shows."""

    uri: str
    username: str
    password: str
    realm: str
    registrar: str
    """The URI that a REGISTER names."""
    route: str
    """Where requests are sent, as a Route header's value."""
    expires_s: int

    def __repr__(self) -> str:
        return f"UseAccount({self.uri})"


class Register(Order, frozen=True, kw_only=True, tag="register"):
    """Register an account that is known, with the address where its calls are taken."""

    uri: str
    contact: str


class Unregister(Order, frozen=True, kw_only=True, tag="unregister"):
    """Take a registration back."""

    uri: str


AnyNotice = WorkerReady | WorkerFailed | LineVacated | DefectFound | RegistrationChanged
AnyOrder = UseAccount | Register | Unregister

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[AnyCommand | AnyOrder] = msgspec.msgpack.Decoder(
    AnyCommand | AnyOrder
)
_reports: msgspec.msgpack.Decoder[AnySignal | AnyNotice] = msgspec.msgpack.Decoder(
    AnySignal | AnyNotice
)


def pack(message: AnyCommand | AnyOrder | AnySignal | AnyNotice) -> bytes:
    """Return a message as it goes over the socket."""
    return framed(_encoder.encode(message))


class Frames(framing.Frames):
    """Cuts a stream of bytes into messages."""

    def commands(self) -> Iterator[AnyCommand | AnyOrder]:
        """Yield each command and order that is complete."""
        for body in self._whole():
            yield _commands.decode(body)

    def reports(self) -> Iterator[AnySignal | AnyNotice]:
        """Yield each signal and notice that is complete."""
        for body in self._whole():
            yield _reports.decode(body)

    def _whole(self) -> Iterator[bytes]:
        try:
            yield from self.bodies()
        except ValueError as error:
            raise EngineError("More bytes between bench and worker than can be.") from error
