"""What the world did with several legs: transfers, second legs, bridges, conferences, slots."""

from typing import ClassVar, Literal

from workbench.events.event import Event


class TransferProgressed(Event, frozen=True, kw_only=True):
    """The far end tells how its call to the transfer's target goes."""

    TOPIC: ClassVar[str] = "call.transfer_progressed"
    transfer: str
    sip_code: int
    reason: str = ""


class TransferFinished(Event, frozen=True, kw_only=True):
    """The end of a `TransferRequested`."""

    TOPIC: ClassVar[str] = "call.transfer_finished"
    transfer: str
    outcome: Literal["completed", "failed", "refused", "interrupted"]
    """`refused` by our own policy, `interrupted` by the end of the call."""
    sip_code: int = 0
    reason: str = ""


class DialRinging(Event, frozen=True, kw_only=True):
    """The phone of whoever is dialled rings."""

    TOPIC: ClassVar[str] = "call.dial_ringing"
    dial: str
    child: str


class DialAnswered(Event, frozen=True, kw_only=True):
    """Whoever is dialled has answered; the bridge follows."""

    TOPIC: ClassVar[str] = "call.dial_answered"
    dial: str
    child: str
    """The id of the call to the callee, which has a history of its own."""


class DialFinished(Event, frozen=True, kw_only=True):
    """The end of a `DialRequested`: the second leg is gone, or never came up."""

    TOPIC: ClassVar[str] = "call.dial_finished"
    dial: str
    outcome: Literal[
        "answered", "busy", "no-answer", "failed", "cancelled", "refused", "declined",
        "interrupted",
    ]  # fmt: skip
    """`refused` by our policy, `declined` by the callee, `interrupted` by the caller's end."""
    child: str = ""
    sip_code: int = 0
    seconds: float = 0.0
    """From the callee's answer to the end."""
    reason: str = ""


class Bridged(Event, frozen=True, kw_only=True):
    """The parties of this call and another hear each other."""

    TOPIC: ClassVar[str] = "call.bridged"
    other: str


class Unbridged(Event, frozen=True, kw_only=True):
    """They do no more, or never could."""

    TOPIC: ClassVar[str] = "call.unbridged"
    other: str
    reason: str = ""


class ConferenceJoined(Event, frozen=True, kw_only=True):
    """The call hears the others of a conference, and they hear it."""

    TOPIC: ClassVar[str] = "call.conference_joined"
    room: str
    members: int
    """How many are in it, this call among them."""


class ConferenceLeft(Event, frozen=True, kw_only=True):
    """The end of a `JoinRequested`."""

    TOPIC: ClassVar[str] = "call.conference_left"
    room: str
    members: int | None = None
    """How many are still in it; None when it was the end of the call."""
    reason: str = ""


class ParkFinished(Event, frozen=True, kw_only=True):
    """The end of a `ParkRequested`."""

    TOPIC: ClassVar[str] = "call.park_finished"
    park: str
    outcome: Literal["picked-up", "timed-out", "failed", "interrupted"]
    by: str = ""
    """The id of the call that picked it up."""
    reason: str = ""


class PickedUp(Event, frozen=True, kw_only=True):
    """The end of a `PickupRequested`; the bridge follows."""

    TOPIC: ClassVar[str] = "call.picked_up"
    pickup: str
    outcome: Literal["completed", "failed", "interrupted"]
    other: str = ""
    """The id of the call that waited."""
    reason: str = ""


class ReferReceived(Event, frozen=True, kw_only=True):
    """The far end asks us to call somebody else instead of it."""

    TOPIC: ClassVar[str] = "call.refer_received"
    refer: str
    to: str
    """As the far end wrote it."""
    replaces: str = ""
    """The SIP dialog that the new call is to replace; empty in a blind transfer."""


class ReferFinished(Event, frozen=True, kw_only=True):
    """The end of a `ReferReceived`."""

    TOPIC: ClassVar[str] = "call.refer_finished"
    refer: str
    outcome: Literal["completed", "failed", "refused", "interrupted"]
    child: str = ""
    """The id of the call to the target; empty when nobody was called."""
    sip_code: int = 0
    reason: str = ""
