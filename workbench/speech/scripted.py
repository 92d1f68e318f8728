"""Ears with a script: what they hear is what a test says, at its moments of the audio clock.

They need no model and no process, and tell all on the thread that puts the audio: on a
simulated line with a clock that is moved, a call is the same every time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from workbench import events as ev
from workbench.engine.slices import FRAME_MS, Slice
from workbench.events.speech import Track
from workbench.speech.ears import Ear, Finding, Order, Tell, found
from workbench.speech.expected import Expected

MS_A_WORD = 300
NOTICED_MS = 120
"""After the beginning of speech, when nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """Somebody speaks; the times count in milliseconds from the beginning of the listening."""

    text: str
    at_ms: int = 0
    duration_ms: int = 0
    """0 for 300 ms a word."""
    track: Track = "received"
    noticed_ms: int = NOTICED_MS
    """From the beginning of speech until it is noticed."""
    turn: bool = True
    """Whether the turn is over with it."""
    confidence: float | None = None

    @property
    def lasts_ms(self) -> int:
        """How long it is."""
        return self.duration_ms or MS_A_WORD * max(1, len(self.text.split()))

    def findings(self, utterance: str, silence_ms: int) -> list[Finding]:
        """Return what is found in it, in order."""
        words, end = self.text.split(), self.at_ms + self.lasts_ms
        whole = {"track": self.track, "start_ms": self.at_ms}
        one = {"utterance": utterance, **whole}
        noticed, over = self.at_ms + self.noticed_ms, end + silence_ms
        told = [found(ev.SpeechStarted, noticed, **one)]
        for count in range(1, len(words)):
            at = self.at_ms + (end - self.at_ms) * count // len(words)
            text = " ".join(words[:count])
            told.append(
                found(ev.TranscriptUpdated, max(at, noticed), **one, text=text, end_ms=at)
            )
        told.append(found(ev.SpeechEnded, over, **one, end_ms=end))
        final = {"text": self.text, "end_ms": end}
        told.append(
            found(
                ev.TranscriptFinal, over, **one, **final, confidence=self.confidence,
                provider="script",
            )
        )  # fmt: skip
        if self.turn:
            told.append(found(ev.TurnEnded, over, **whole, **final, utterances=(utterance,)))
        return told


@dataclass(frozen=True, kw_only=True)
class Told:
    """Any finding, such as a tone or a failure, so many milliseconds after the beginning."""

    kind: type[ev.Event]
    at_ms: int
    fields: dict[str, Any]


Line = Said | Told


class ScriptedEars:
    """An `Ears` that hears what its script says, once for each listening."""

    def __init__(self, *script: Line, later: Sequence[Iterable[Line]] = ()) -> None:
        """Hear `script`, and in the listenings after the first what `later` has."""
        self._scripts = [script, *later]
        self.orders: list[Order] = []
        """What was asked for, in order."""
        self.expected: list[Expected] = []
        """What flows expected, in order."""

    def open(self) -> None:
        """Be ready."""

    def begin(self, order: Order, tell: Tell) -> Ear:
        """Follow the script from the first frame on."""
        script = self._scripts[min(len(self.orders), len(self._scripts) - 1)]
        self.orders.append(order)
        return ScriptedEar(order, tell, script, self.expected)

    async def close(self) -> None:
        """Have nothing to end."""


class ScriptedEar:
    """One listening with a script."""

    def __init__(
        self, order: Order, tell: Tell, script: Iterable[Line], expected: list[Expected]
    ) -> None:
        """Wait for the first frame."""
        self._order, self._tell, self._expected = order, tell, expected
        lines = list(script)
        self._due = _in_order(lines, order.silence_ms)
        self._speech = [
            (str(number), line)
            for number, line in enumerate(lines, 1)
            if isinstance(line, Said)
        ]
        self._lasting_ms = 0
        self._began: int | None = None
        self._heard_ms = 0
        self._over = False

    def put(self, audio: Slice) -> None:
        """Tell what is due by the end of this audio."""
        if self._over:
            return
        if self._began is None and audio.frames:
            self._begin(audio.media_ms)
        self._heard_ms = audio.media_ms + audio.frames * FRAME_MS
        while self._due and self._due[0].media_ms <= self._heard_ms - (self._began or 0):
            self._tell_next()
        self._tell_what_lasts()
        if audio.last:
            self.close()

    def expect(self, expected: Expected) -> None:
        """Tell of speech that lasts; all else is as the script says."""
        self._expected.append(expected)
        self._lasting_ms = expected.lasting_ms

    def close(self) -> None:
        """Tell the end; what was still to be said remains unsaid."""
        if not self._over:
            self._over = True
            reason = "" if self._began is not None else "there was no audio"
            self._tell(found(ev.ListeningFinished, self._heard_ms, reason=reason))

    def _begin(self, media_ms: int) -> None:
        self._began = media_ms
        names = {"recognizer": "script", "voice_activity": "script", "from_ms": media_ms}
        self._tell(found(ev.ListeningStarted, media_ms, **names))

    def _tell_what_lasts(self) -> None:
        began = self._began or 0
        for each in list(self._speech) if self._lasting_ms else []:
            utterance, said = each
            due = said.at_ms + max(self._lasting_ms, said.noticed_ms)
            if due > self._heard_ms - began:
                continue
            self._speech.remove(each)
            if said.lasts_ms >= self._lasting_ms:
                fields = {"utterance": utterance, "track": said.track}
                times = {"start_ms": began + said.at_ms, "lasted_ms": self._lasting_ms}
                self._tell(found(ev.SpeechLasted, began + due, **fields, **times))

    def _tell_next(self) -> None:
        finding, began = self._due.pop(0), self._began or 0
        moved = {
            name: finding.fields[name] + began
            for name in ("start_ms", "end_ms")
            if name in finding.fields
        }
        self._tell(
            Finding(
                topic=finding.topic,
                media_ms=finding.media_ms + began,
                fields=finding.fields | moved,
            )
        )


def _in_order(script: Iterable[Line], silence_ms: int) -> list[Finding]:
    findings: list[Finding] = []
    for number, line in enumerate(script, 1):
        if isinstance(line, Said):
            findings += line.findings(str(number), silence_ms)
        else:
            findings.append(found(line.kind, line.at_ms, **line.fields))
    return sorted(findings, key=lambda finding: finding.media_ms)
