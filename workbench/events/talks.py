"""A person who talks to the far end of a call, by a microphone and not by a phone."""

from typing import ClassVar

from workbench.events.event import Decision, Event


class TalkRequested(Decision, frozen=True, kw_only=True):
    """Let a person outside of the call talk to the far end."""

    TOPIC: ClassVar[str] = "call.talk_requested"
    talk: str
    name: str = ""
    """By what they talk, in the words of whoever asked."""


class TalkStopRequested(Decision, frozen=True, kw_only=True):
    """End a talk before the call."""

    TOPIC: ClassVar[str] = "call.talk_stop_requested"
    talk: str


class TalkStarted(Event, frozen=True, kw_only=True):
    """A person is heard by the far end, and hears it; from `media_ms` on."""

    TOPIC: ClassVar[str] = "call.talk_started"
    talk: str


class TalkFinished(Event, frozen=True, kw_only=True):
    """The end of a `TalkRequested`."""

    TOPIC: ClassVar[str] = "call.talk_finished"
    talk: str
    frames: int | None = None
    """Frames of 20 ms that were said; None where who counted them was lost."""
    lost: int = 0
    """Of those, left out, because they came too many at once."""
    late: int = 0
    """How often none was there in time: the one before was said again, or silence."""
    unheard: int = 0
    """Frames of the far end that the person's side did not take."""
    reason: str = ""
    """Why it ended before it was asked to, or could not begin; else empty."""
