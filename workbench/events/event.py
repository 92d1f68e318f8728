"""What every event is: its place in the history of its call, its kind, and its cause."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import msgspec


class Kind(StrEnum):
    """Where an event comes from and who may see it."""

    OBSERVED = "observed"
    DECIDED = "decided"
    NOTED = "noted"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded fact of one call."""

    TOPIC: ClassVar[str] = ""
    KIND: ClassVar[Kind] = Kind.OBSERVED
    class_version: ClassVar[int] = 1

    call_id: str
    version: int
    """Position in the call's history; the first event has 1."""
    at: datetime
    """UTC, microseconds; never earlier than the event before it."""
    media_ms: int | None = None
    """Milliseconds on the leg's audio clock; None before audio can flow."""

    @property
    def originator_id(self) -> str:
        """The call's id, under the name that the event store uses."""
        return self.call_id

    @property
    def originator_version(self) -> int:
        """The version, under the name that the event store uses."""
        return self.version


class Decision(Event, frozen=True, kw_only=True):
    """What a flow decided, and which event made it decide so."""

    KIND: ClassVar[Kind] = Kind.DECIDED

    caused_by: int
    """Version of the event that woke the flow."""
    flow: str = ""
    """Name of the flow; empty when a person or a program outside decided."""
    flow_version: str = ""
    """First 12 hex digits of the SHA-256 of the flow's source."""
    file: str = ""
    line: int = 0
    """The line of the flow that asked for it; 0 when no line did."""
