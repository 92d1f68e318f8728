"""What became of a hold, a resume and a mute, on either side; observed."""

from typing import ClassVar, Literal

from workbench.events.event import Event


class Held(Event, frozen=True, kw_only=True):
    """The end of a `HoldRequested`: the far end is on hold."""

    TOPIC: ClassVar[str] = "call.held"
    hold: str


class Resumed(Event, frozen=True, kw_only=True):
    """The end of a `ResumeRequested`: the far end is no longer on hold."""

    TOPIC: ClassVar[str] = "call.resumed"
    hold: str


class HoldFailed(Event, frozen=True, kw_only=True):
    """The end of a `HoldRequested` or `ResumeRequested` that changed nothing."""

    TOPIC: ClassVar[str] = "call.hold_failed"
    hold: str
    outcome: Literal["failed", "interrupted"] = "failed"
    sip_code: int = 0
    """What the far end answered; 0 when it was not asked, or never answered."""
    reason: str = ""


class HeldByFarEnd(Event, frozen=True, kw_only=True):
    """The far end put us on hold."""

    TOPIC: ClassVar[str] = "call.held_by_far_end"


class ResumedByFarEnd(Event, frozen=True, kw_only=True):
    """The far end listens to us again."""

    TOPIC: ClassVar[str] = "call.resumed_by_far_end"


class Muted(Event, frozen=True, kw_only=True):
    """Nothing that is played or said reaches the far end from here on."""

    TOPIC: ClassVar[str] = "call.muted"


class Unmuted(Event, frozen=True, kw_only=True):
    """What is played and said reaches the far end again."""

    TOPIC: ClassVar[str] = "call.unmuted"
