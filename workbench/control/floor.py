"""`Floor`: what the far end is saying, folded from the recorded events of its speech.

The verbs that wait for speech look here after every such event, so that they decide the
same in every replay.
"""

from collections.abc import Callable, Container
from typing import Any

import msgspec

from workbench import events as ev


class Utterance(msgspec.Struct, kw_only=True):
    """Speech between two silences that is not yet part of a turn."""

    start_ms: int
    end_ms: int | None = None
    """None while it goes on."""
    lasted_ms: int = 0
    """For how long it is known to have gone on."""
    text: str = ""
    """What it says, or seems to say so far."""
    final: bool = False
    confidence: float | None = None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What the far end wanted to say."""

    text: str
    confidence: float | None
    """The lowest of its utterances; None where the provider gives none."""
    start_ms: int
    end_ms: int

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.text.split())


class Floor:
    """Who listens to the far end, what it is saying, and its turns that no verb has taken."""

    def __init__(self) -> None:
        """Begin in silence, with nobody listening."""
        self.listening: dict[str, bool] = {}
        """Who listens, and whether for words too."""
        self.elsewhere: set[str] = set()
        """Who was asked to listen to what the far end is sent, not to what it says."""
        self.asked = ""
        """Who was asked to listen, by a verb that needed it."""
        self.expected: dict[str, Any] = {}
        """What whoever listens was told to expect, where it is not the usual."""
        self.deaf = ""
        """Why nobody listens any more, in words."""
        self.utterances: dict[str, Utterance] = {}
        self.turns: list[Turn] = []
        self.failures = 0
        """How many utterances nobody could make out."""

    @property
    def listener(self) -> str:
        """Who listens, or was asked to; empty for nobody."""
        return next(iter(self.listening), self.asked)

    @property
    def busy(self) -> bool:
        """Whether the far end speaks, or its words are still to come."""
        return bool(self.utterances)

    @property
    def speaking(self) -> bool:
        """Whether the far end speaks at this moment."""
        return any(each.end_ms is None for each in self.utterances.values())

    @property
    def knows_words(self) -> bool:
        """Whether anybody makes words of speech."""
        return any(self.listening.values())

    def ended(self) -> frozenset[str]:
        """Return the utterances that are over, though their turn is not."""
        return frozenset(
            name for name, each in self.utterances.items() if each.end_ms is not None
        )

    def words(self, ignored: Container[str] = ()) -> int:
        """Return how many words the turn has so far, but for utterances that do not count."""
        texts = (each.text for name, each in self.utterances.items() if name not in ignored)
        return sum(len(text.split()) for text in texts)

    def lasted_ms(self, ignored: Container[str] = ()) -> int:
        """Return for how long the longest utterance is known to go on; -1 for none."""
        known = (
            each.lasted_ms for name, each in self.utterances.items() if name not in ignored
        )
        return max(known, default=-1)

    def fold(self, event: ev.Event) -> None:
        """Take note of an event of the call."""
        fold = _FOLDS.get(type(event))
        if fold is not None and getattr(event, "track", "received") == "received":
            fold(self, event)

    def _start(self, event: ev.SpeechStarted) -> None:
        self.utterances[event.utterance] = Utterance(start_ms=event.start_ms)

    def _last(self, event: ev.SpeechLasted) -> None:
        if (said := self.utterances.get(event.utterance)) is not None:
            said.lasted_ms = event.lasted_ms

    def _end(self, event: ev.SpeechEnded) -> None:
        if (said := self.utterances.get(event.utterance)) is None:
            return
        said.end_ms, said.lasted_ms = event.end_ms, event.end_ms - event.start_ms
        if said.final or not self.knows_words:
            self._settle(event.utterance)

    def _update(self, event: ev.TranscriptUpdated) -> None:
        if (said := self.utterances.get(event.utterance)) is not None:
            said.text = event.text

    def _finish(self, event: ev.TranscriptFinal) -> None:
        if (said := self.utterances.get(event.utterance)) is None:
            return
        said.text, said.confidence, said.final = event.text.strip(), event.confidence, True
        self._settle(event.utterance)

    def _settle(self, utterance: str) -> None:
        # A noise that was no words is nobody's turn.
        said = self.utterances[utterance]
        if not said.text and said.end_ms is not None:
            del self.utterances[utterance]

    def _fail(self, event: ev.RecognitionFailed) -> None:
        lost = [event.utterance] if event.utterance else list(self.utterances)
        gone = [name for name in lost if self.utterances.pop(name, None) is not None]
        self.failures += bool(gone)

    def _turn(self, event: ev.TurnEnded) -> None:
        said = [self.utterances.pop(name, None) for name in event.utterances]
        sure = [
            each.confidence for each in said if each is not None and each.confidence is not None
        ]
        if event.text.strip():
            turn = Turn(
                text=event.text.strip(), confidence=min(sure, default=None),
                start_ms=event.start_ms, end_ms=event.end_ms,
            )  # fmt: skip
            self.turns.append(turn)

    def ask(self, listening: str, direction: str) -> None:
        """Take note of who was asked to listen, and to whom."""
        if direction == "sent":
            self.elsewhere.add(listening)

    def _ask(self, event: ev.ListenRequested) -> None:
        self.ask(event.listening, event.direction)

    def _listen(self, event: ev.ListeningStarted) -> None:
        if event.listening in self.elsewhere:
            return
        self.listening[event.listening] = event.recognizer not in ("", "none")

    def _deafen(self, event: ev.ListeningFinished) -> None:
        self.listening.pop(event.listening, None)
        self.asked = "" if self.asked == event.listening else self.asked
        self.deaf = event.reason
        if not self.listening:
            self.expected = {}
            self.failures += self.busy
            self.utterances.clear()


_FOLDS: dict[type[ev.Event], Callable[[Floor, Any], None]] = {
    ev.ListenRequested: Floor._ask,
    ev.ListeningStarted: Floor._listen,
    ev.ListeningFinished: Floor._deafen,
    ev.SpeechStarted: Floor._start,
    ev.SpeechLasted: Floor._last,
    ev.SpeechEnded: Floor._end,
    ev.TranscriptUpdated: Floor._update,
    ev.TranscriptFinal: Floor._finish,
    ev.RecognitionFailed: Floor._fail,
    ev.TurnEnded: Floor._turn,
}
