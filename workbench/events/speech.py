"""What is heard in a call's audio: speech, words, turns, tones; and the wish to listen."""

from typing import ClassVar, Literal

import msgspec

from workbench.events.event import Decision, Event, Kind

Track = Literal["received", "sent"]
"""What the far end said, or what it was sent."""


AnsweredBy = Literal[
    "human", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other",
    "fax", "unknown",
]  # fmt: skip
"""Who answered, in the values of Twilio's `AnsweredBy`."""

Category = Literal["human", "machine-ivr", "machine-vm", "machine-unavailable", "uncertain"]
"""What sort of answerer, in the values of LiveKit's `amd.category`."""


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """One word, on the leg's audio clock."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None
    """From 0 to 1, where the provider gives it."""


class ListeningStarted(Event, frozen=True, kw_only=True):
    """The call's audio is listened to."""

    TOPIC: ClassVar[str] = "call.listening_started"
    listening: str
    from_ms: int
    """Where the first of it begins on the leg's audio clock."""
    recognizer: str
    """The provider and its model; empty when no words are looked for."""
    recognizer_version: str = ""
    voice_activity: str = ""
    voice_activity_version: str = ""
    labels: tuple[str, ...] = ()
    """What stands in its texts for what may not be stored; none when all is."""


class ListeningFinished(Event, frozen=True, kw_only=True):
    """The end of a `ListenRequested`."""

    TOPIC: ClassVar[str] = "call.listening_finished"
    listening: str
    reason: str = ""
    """Why it ended before the call, or could not begin; empty when it was asked to end."""


class SpeechStarted(Event, frozen=True, kw_only=True):
    """Somebody begins to speak."""

    TOPIC: ClassVar[str] = "call.speech_started"
    listening: str
    utterance: str
    """Its name in the call, that the other events of it carry."""
    track: Track
    start_ms: int
    """Where it begins on the leg's audio clock; `media_ms` is where that was noticed."""


class SpeechLasted(Event, frozen=True, kw_only=True):
    """Somebody has spoken as long as a flow wanted to know."""

    TOPIC: ClassVar[str] = "call.speech_lasted"
    listening: str
    utterance: str
    track: Track
    start_ms: int
    lasted_ms: int
    """Without the pause that may follow; `lasting_ms` of the `SpeechExpected` before."""


class SpeechEnded(Event, frozen=True, kw_only=True):
    """Silence follows."""

    TOPIC: ClassVar[str] = "call.speech_ended"
    listening: str
    utterance: str
    track: Track
    start_ms: int
    end_ms: int


class TranscriptUpdated(Event, frozen=True, kw_only=True):
    """What an utterance seems to say so far; replaced by what comes next."""

    TOPIC: ClassVar[str] = "call.transcript_updated"
    listening: str
    utterance: str
    track: Track
    text: str
    start_ms: int
    end_ms: int


class TranscriptFinal(Event, frozen=True, kw_only=True):
    """What an utterance said; empty text for a noise that was no words."""

    TOPIC: ClassVar[str] = "call.transcript_final"
    listening: str
    utterance: str
    track: Track
    text: str
    start_ms: int
    end_ms: int
    words: tuple[Word, ...] = ()
    """With their times, where the provider gives them."""
    confidence: float | None = None
    """From 0 to 1, where the provider gives it."""
    provider: str = ""
    provider_version: str = ""


class TurnEnded(Event, frozen=True, kw_only=True):
    """Somebody has said what they wanted to say: utterances with their transcripts."""

    TOPIC: ClassVar[str] = "call.turn_ended"
    listening: str
    track: Track
    utterances: tuple[str, ...] = ()
    text: str
    start_ms: int
    end_ms: int


class RecognitionFailed(Event, frozen=True, kw_only=True):
    """A recogniser did not answer, or not with words; its utterance gets no text."""

    TOPIC: ClassVar[str] = "call.recognition_failed"
    listening: str
    provider: str
    error_type: str
    error: str
    utterance: str = ""
    """Empty when it concerns no single one, as the death of the process."""


class ToneHeard(Event, frozen=True, kw_only=True):
    """A tone that machines make, or music; told at its end, or as soon as it is known."""

    TOPIC: ClassVar[str] = "call.tone_heard"
    listening: str
    track: Track
    tone: Literal["beep", "fax-calling", "fax-answer", "busy", "ringback", "music"]
    frequency_hz: int
    start_ms: int
    duration_ms: int


class RecognitionDelayed(Event, frozen=True, kw_only=True):
    """Recognition has fallen behind the audio, which is not delayed by that."""

    TOPIC: ClassVar[str] = "call.recognition_delayed"
    KIND: ClassVar[Kind] = Kind.NOTED
    listening: str
    behind_ms: int


class ListenRequested(Decision, frozen=True, kw_only=True):
    """Listen to the call: speech, words and tones become events."""

    TOPIC: ClassVar[str] = "call.listen_requested"
    listening: str
    direction: Literal["received", "sent", "both"] = "received"
    recognizer: str = ""
    """The name of the recogniser; empty for the bench's."""
    hints: tuple[str, ...] = ()
    """Words that are likely, for recognisers that can make use of them."""
    silence_ms: int = 500
    """Of silence that ends an utterance."""


class SpeechExpected(Decision, frozen=True, kw_only=True):
    """Let whoever listens know what is likely to be said next; it holds until another."""

    TOPIC: ClassVar[str] = "call.speech_expected"
    listening: str
    answer: Literal["any", "yes-no", "digits"] = "any"
    digits: int = 0
    """How many are enough."""
    silence_ms: int = 0
    """Of silence that ends an utterance; 0 for what the kind of answer wants."""
    lasting_ms: int = 0
    """Say when an utterance has gone on so long (`SpeechLasted`); 0 for never."""


class ListenStopRequested(Decision, frozen=True, kw_only=True):
    """Listen no more."""

    TOPIC: ClassVar[str] = "call.listen_stop_requested"
    listening: str


class MachineDetectionRequested(Decision, frozen=True, kw_only=True):
    """Find out from what is heard who answered."""

    TOPIC: ClassVar[str] = "call.machine_detection_requested"
    detection: str
    detector: str
    detector_version: str
    wait_for_beep: bool
    timeout_s: float
    thresholds: dict[str, int]
    """In milliseconds, by their names."""


class AnswererDetected(Decision, frozen=True, kw_only=True):
    """The end of a `MachineDetectionRequested`: what the detector made of the events."""

    TOPIC: ClassVar[str] = "call.answerer_detected"
    detection: str
    answered_by: AnsweredBy
    category: Category
    reason: str
    """What decided; `cancelled` when the flow or the call did not wait."""
    text: str = ""
    """What had been said until then."""
    decided_ms: int = 0
    """From the beginning of the detection, on the leg's audio clock."""
