"""Replay from audio: a recorded call is listened to again, with its original timing.

No clock, no network: the recognition, voice activity and endpointing of today hear the frames
that those of then heard, and their findings are compared with what is on record.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from workbench import events as ev
from workbench.errors import NotAllowedNow
from workbench.speech.choice import Speech
from workbench.speech.ears import Finding, Order
from workbench.speech.expected import Expected
from workbench.speech.offline import hear_again
from workbench.tables import html_table, legible

SAMPLES_A_MS = 8


class HeardAgain(msgspec.Struct, frozen=True, kw_only=True):
    """What one listening of a call finds in its recording today."""

    call_id: str
    listening: str
    findings: tuple[Finding, ...]
    """With their places on the audio clock, in order; the same every time."""
    recorded: tuple[ev.TranscriptFinal, ...]
    """The final transcripts on record."""

    @property
    def texts(self) -> list[str]:
        """What is understood today, utterance by utterance."""
        return [
            finding.fields["text"]
            for finding in self.findings
            if finding.kind is ev.TranscriptFinal and finding.fields["text"]
        ]

    @property
    def recorded_texts(self) -> list[str]:
        """What was understood then."""
        return [final.text for final in self.recorded if final.text]

    def __str__(self) -> str:
        """Put what is understood today below what was understood then."""
        return "\n".join(f"{name:9} {text}" for name, text in self._facts())

    __repr__ = __str__

    def _facts(self) -> list[tuple[str, str]]:
        then, now = (legible(" / ".join(each)) for each in (self.recorded_texts, self.texts))
        same = self.texts == self.recorded_texts
        heard = f"{self.listening} hears {'the same' if same else 'something else'}"
        return [("call", self.call_id), ("listening", heard), ("then", then), ("now", now)]

    def _repr_html_(self) -> str:
        return html_table((), self._facts())


def listen_again(
    history: Sequence[ev.Event],
    recording: ev.RecordingStored,
    audio: npt.NDArray[np.int16],
    speech: Speech,
) -> list[HeardAgain]:
    """Hear each listening of a call again in one of its recordings.

    Args:
        history: the events of the call.
        recording: where the audio lies on the leg's audio clock.
        audio: shape (n, 2), received and sent, int16 at 8 kHz.
        speech: what to hear it with.

    Raises:
        NotAllowedNow: nobody listened to the call.
    """
    orders = [event for event in history if isinstance(event, ev.ListenRequested)]
    if not orders:
        message = f"Call {history[0].call_id} was not listened to: there is nothing to compare."
        raise NotAllowedNow(message)
    return [_heard_again(history, order, recording, audio, speech) for order in orders]


def _heard_again(
    history: Sequence[ev.Event],
    asked: ev.ListenRequested,
    recording: ev.RecordingStored,
    audio: npt.NDArray[np.int16],
    speech: Speech,
) -> HeardAgain:
    order = Order(
        call_id=asked.call_id, listening=asked.listening, direction=asked.direction,
        recognizer=asked.recognizer, hints=asked.hints, silence_ms=asked.silence_ms,
    )  # fmt: skip
    own = [event for event in history if getattr(event, "listening", "") == asked.listening]
    begins = next((e.from_ms for e in own if isinstance(e, ev.ListeningStarted)), 0)
    from_ms = max(begins, recording.start_media_ms)
    first = (from_ms - recording.start_media_ms) * SAMPLES_A_MS
    findings = hear_again(
        audio[first:], order, speech, from_ms=from_ms, expected=list(_expected(own))
    )
    finals = tuple(event for event in own if isinstance(event, ev.TranscriptFinal))
    return HeardAgain(
        call_id=asked.call_id, listening=asked.listening, findings=tuple(findings),
        recorded=finals,
    )  # fmt: skip


def _expected(own: Sequence[ev.Event]) -> Iterator[tuple[int, Expected]]:
    for event in own:
        if isinstance(event, ev.SpeechExpected):
            fields = {name: getattr(event, name) for name in Expected.__struct_fields__}
            yield event.media_ms or 0, Expected(**fields)
