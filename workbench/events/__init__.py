"""What was recorded: the events of a call, in three kinds.

Observed events come from the engine, from timers and from steps; decided events come from
a flow and name what caused them; noted events are for people and never seen by a flow.
A topic is stored for ever: a class may be renamed, its `TOPIC` never.
"""

from workbench.events.decided import (
    AnswerRequested,
    DigitsRequested,
    FlowFailed,
    FlowReturned,
    FlowStarted,
    GatherFinished,
    GatherRequested,
    HangupRequested,
    ProgressRequested,
    PromptRequested,
    PromptStopRequested,
    RecordRequested,
    RejectRequested,
    RingRequested,
    StepRequested,
    TimerCancelled,
    TimerRequested,
)
from workbench.events.event import (
    Decision,
    Event,
    Kind,
)
from workbench.events.noted import (
    QualitySampled,
    SipMessageTraced,
)
from workbench.events.observed import (
    Answered,
    DigitReceived,
    DigitsSent,
    EarlyMedia,
    Ended,
    MediaStarted,
    Offered,
    Placed,
    PromptFinished,
    PromptStarted,
    RecordingFailed,
    RecordingStarted,
    RecordingStored,
    Refused,
    Ringing,
    StepReturned,
    TimerFired,
)

__all__ = [
    "BY_TOPIC",
    "EVENTS",
    "AnswerRequested",
    "Answered",
    "Decision",
    "DigitReceived",
    "DigitsRequested",
    "DigitsSent",
    "EarlyMedia",
    "Ended",
    "Event",
    "FlowFailed",
    "FlowReturned",
    "FlowStarted",
    "GatherFinished",
    "GatherRequested",
    "HangupRequested",
    "Kind",
    "MediaStarted",
    "Offered",
    "Placed",
    "ProgressRequested",
    "PromptFinished",
    "PromptRequested",
    "PromptStarted",
    "PromptStopRequested",
    "QualitySampled",
    "RecordRequested",
    "RecordingFailed",
    "RecordingStarted",
    "RecordingStored",
    "Refused",
    "RejectRequested",
    "RingRequested",
    "Ringing",
    "SipMessageTraced",
    "StepRequested",
    "StepReturned",
    "TimerCancelled",
    "TimerFired",
    "TimerRequested",
]

EVENTS: tuple[type[Event], ...] = (
    Placed, Refused, Offered, Ringing, EarlyMedia, Answered, MediaStarted, DigitReceived,
    DigitsSent, PromptStarted, PromptFinished, RecordingStarted, RecordingStored,
    RecordingFailed, StepReturned, TimerFired, Ended,
    FlowStarted, RingRequested, ProgressRequested, AnswerRequested, RejectRequested,
    PromptRequested, PromptStopRequested, DigitsRequested, GatherRequested, GatherFinished,
    RecordRequested, StepRequested, TimerRequested, TimerCancelled, HangupRequested,
    FlowReturned, FlowFailed, QualitySampled, SipMessageTraced,
)  # fmt: skip
"""Every event there is, in the order of this file."""

BY_TOPIC: dict[str, type[Event]] = {event.TOPIC: event for event in EVENTS}
