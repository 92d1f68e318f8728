"""How the bench speaks to whoever listens: it gives orders and audio, and is told findings.

Behind it may be processes with models, or a script.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

import msgspec

from workbench import events as ev
from workbench.engine.slices import FRAME_BYTES, FRAME_MS, Slice
from workbench.events.speech import Track
from workbench.speech.expected import Expected


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """How to listen to a call; the fields of `ListenRequested`."""

    call_id: str
    listening: str
    direction: Literal["received", "sent", "both"] = "received"
    recognizer: str = ""
    """Its name; empty for the bench's own."""
    hints: tuple[str, ...] = ()
    silence_ms: int = 500

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The directions to listen to, one by one."""
        return ("received", "sent") if self.direction == "both" else (self.direction,)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in the audio, as an event of the call is to have it."""

    topic: str
    """Of an event of `events.speech`."""
    media_ms: int
    """The end of the audio that it was found in, on the leg's audio clock."""
    fields: dict[str, Any]
    """All of the event's own, but for the name of the listening."""

    @property
    def kind(self) -> type[ev.Event]:
        """The event."""
        return KINDS[self.topic]


KINDS: dict[str, type[ev.Event]] = {
    kind.TOPIC: kind
    for kind in (
        ev.ListeningStarted,
        ev.ListeningFinished,
        ev.SpeechStarted,
        ev.SpeechLasted,
        ev.SpeechEnded,
        ev.TranscriptUpdated,
        ev.TranscriptFinal,
        ev.TurnEnded,
        ev.ToneHeard,
        ev.RecognitionFailed,
        ev.RecognitionDelayed,
    )
}
"""The events that may be found, by their topics."""

Tell = Callable[[Finding], None]
"""Is told what is found, in order and on the bench's thread; the last is the end."""


class Ear(Protocol):
    """Listens to one call, on the bench's thread."""

    def put(self, audio: Slice) -> None:
        """Take what has come, and return at once; the last slice ends the listening."""

    def expect(self, expected: Expected) -> None:
        """Take note of what the far end is likely to say next."""

    def close(self) -> None:
        """Take no more: tell what is left, and `ListeningFinished`, in a while."""


class Ears(Protocol):
    """Whoever listens for a bench, on the bench's thread."""

    def open(self) -> None:
        """Get ready, in the background; needed by nobody, but the first call waits less."""

    def begin(self, order: Order, tell: Tell) -> Ear:
        """Listen to a call; `tell` hears `ListeningStarted` or why there is none.

        Raises:
            WorkbenchError: the order cannot be carried out.
        """

    async def close(self) -> None:
        """End whatever was begun."""


def found(kind: type[ev.Event], media_ms: int, **fields: Any) -> Finding:
    """Return a finding."""
    return Finding(topic=kind.TOPIC, media_ms=media_ms, fields=fields)


class Names:
    """The names of a call's utterances, `u-1` and so on, whoever counts them how."""

    def __init__(self) -> None:
        """Begin with the first."""
        self._known: dict[tuple[str, str], str] = {}
        self._count = 0

    def rename(self, listening: str, finding: Finding) -> Finding:
        """Return a finding with the names that its utterances have in the call."""
        fields = dict(finding.fields)
        if finding.kind is ev.SpeechStarted:
            self._count += 1
            self._known[listening, fields["utterance"]] = f"u-{self._count}"
        if fields.get("utterance"):
            fields["utterance"] = self._name(listening, fields["utterance"])
        if "utterances" in fields:
            fields["utterances"] = tuple(
                self._name(listening, local) for local in fields["utterances"]
            )
        return msgspec.structs.replace(finding, fields=fields)

    def _name(self, listening: str, local: str) -> str:
        return self._known.get((listening, local), local)


def frames(audio: Slice) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield where each frame begins, and what is in it: received, sent."""
    for number in range(audio.frames):
        part = slice(number * FRAME_BYTES, (number + 1) * FRAME_BYTES)
        yield audio.media_ms + number * FRAME_MS, audio.received[part], audio.sent[part]
