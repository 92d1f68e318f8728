"""One direction of a call that is listened to: frames in, findings out.

It reads no clock: all times are those of the audio, so that a recording gives what the call
gave.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np

from workbench import events as ev
from workbench.events.speech import Track
from workbench.speech import EndOfTurn, Recognized, ToneDetector, VoiceActivity
from workbench.speech.ears import Tell, found
from workbench.speech.endpoint import FRAME_MS, Endpointer
from workbench.speech.expected import Expected
from workbench.speech.recognition import Job, RecognitionDesk
from workbench.speech.utterance import Piece, Samples, Utterance

BEFORE_MS = 300
"""Of audio before a beginning that the recogniser gets: voice activity is late."""
AFTER_MS = 200
"""And after the end."""
ASK_EVERY_MS = 400
"""Of audio, after which the words so far are asked for again."""
ASK_AGAIN_PART = 8
"""Of what was said so far, where that is more: long utterances cost no more than short ones."""
LONGEST_GAP_MS = 2000
"""Of frames lost that are taken for silence."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What one direction is listened to with."""

    voice_activity: VoiceActivity
    end_of_turn: EndOfTurn
    tones: ToneDetector
    desk: RecognitionDesk


Take = Callable[[Utterance, Piece, Recognized | Exception], None]


class TrackEar:
    """Finds speech, words, turns and tones in one direction of a call."""

    def __init__(
        self,
        track: Track,
        parts: Parts,
        names: Iterator[str],
        tell: Tell,
        *,
        hints: tuple[str, ...] = (),
        silence_ms: int = 500,
    ) -> None:
        """Name utterances from `names`; tell what is found."""
        self.track, self._parts, self._names, self._tell = track, parts, names, tell
        self._hints, self.silence_ms = hints, silence_ms
        self._endpointer = Endpointer(silence_ms)
        self._before: deque[Samples] = deque(maxlen=BEFORE_MS // FRAME_MS)
        self._open: Utterance | None = None
        self._unfinished: list[Utterance] = []
        """Utterances whose words are not final, in order."""
        self._turn: list[tuple[Utterance, str]] = []
        self._turn_ends_ms: int | None = None
        self._expected = Expected()
        self._lasted = ""
        """The utterance of which it was told last that it lasts."""
        self.now_ms: int | None = None
        """Up to where it has heard."""

    @property
    def idle(self) -> bool:
        """Whether no words are still to come."""
        return not self._unfinished

    def hear(self, frame: Samples, media_ms: int) -> None:
        """Take the frame that begins at `media_ms`; frames lost before it were silence."""
        if self.now_ms is not None:
            for missing in range(self.now_ms, min(media_ms, self.now_ms + LONGEST_GAP_MS), 20):
                self._hear(np.zeros_like(frame), missing)
        self._hear(frame, media_ms)

    def expect(self, expected: Expected) -> None:
        """Take note of what is likely to be said next."""
        self._expected, self._lasted = expected, ""
        self._weigh_silence()
        if self._turn_ends_ms is not None:
            self._set_end_of_turn(self._turn[-1][0].end_ms)

    def stop(self) -> None:
        """Take it that nothing follows; what is being recognised is still told."""
        self._endpointer.stop()
        self._end_speech()
        self._maybe_end_turn()

    def _hear(self, frame: Samples, media_ms: int) -> None:
        self.now_ms = media_ms + FRAME_MS
        for tone in self._parts.tones.hear(frame, media_ms):
            self._say(ev.ToneHeard, **msgspec.structs.asdict(tone))
        probability = self._parts.voice_activity.hear(frame)
        change = self._endpointer.hear(probability, media_ms)
        if change == "start":
            self._start_speech()
        self._keep(frame)
        if change == "end":
            self._end_speech()
        self._maybe_end_turn()

    def _keep(self, frame: Samples) -> None:
        self._before.append(frame)
        if (utterance := self._open) is None:
            return
        if (whole := utterance.hear(frame)) is not None:
            self._ask(utterance, whole, self._take_final, final=True)
        if self._endpointer.speaking:
            self._ask_if_due(utterance)
            self._tell_lasting(utterance)

    def _tell_lasting(self, utterance: Utterance) -> None:
        wanted_ms = self._expected.lasting_ms
        lasted_ms = self._endpointer.end_ms - utterance.start_ms
        if 0 < wanted_ms <= lasted_ms and self._lasted != utterance.name:
            self._lasted = utterance.name
            fields = {"utterance": utterance.name, "start_ms": utterance.start_ms}
            self._say(ev.SpeechLasted, **fields, lasted_ms=lasted_ms)

    def _weigh_silence(self) -> None:
        so_far = self._open.text if self._open else ""
        text = f"{self._turn_text()} {so_far}".strip()
        self._endpointer.silence_ms = self._expected.utterance_ms(text, self.silence_ms)

    def _ask_if_due(self, utterance: Utterance) -> None:
        now_ms, spoken_ms = utterance.open.end_ms, self._endpointer.end_ms
        every_ms = max(ASK_EVERY_MS, (now_ms - utterance.open.start_ms) // ASK_AGAIN_PART)
        if now_ms == spoken_ms and now_ms - utterance.asked_ms >= every_ms:
            utterance.asked_ms = now_ms
            self._ask(utterance, utterance.open, self._take_partial)
        elif now_ms - spoken_ms >= AFTER_MS and utterance.guessed_ms != spoken_ms:
            # Should the silence last, this is the final text, and need not be waited for.
            utterance.guessed_ms, utterance.guess, utterance.asked_ms = spoken_ms, None, now_ms
            self._ask(utterance, utterance.open, self._take_guess, final=True)

    def _start_speech(self) -> None:
        assert self.now_ms is not None
        start_ms = self._endpointer.start_ms
        first = Piece(self.now_ms - FRAME_MS * (1 + len(self._before)), list(self._before))
        self._open = Utterance(next(self._names), start_ms, first)
        self._turn_ends_ms = None
        self._weigh_silence()
        self._say(ev.SpeechStarted, utterance=self._open.name, start_ms=start_ms)

    def _end_speech(self) -> None:
        if (utterance := self._open) is None:
            return
        self._open, last = None, utterance.open
        utterance.state, utterance.end_ms = "ended", self._endpointer.end_ms
        beyond = (last.end_ms - utterance.end_ms - AFTER_MS) // FRAME_MS
        if beyond > 0:
            del last.frames[-beyond:]
        self._unfinished.append(utterance)
        self._say(ev.SpeechEnded, **_whole(utterance))
        if utterance.guessed_ms != utterance.end_ms:
            self._ask(utterance, last, self._take_final, final=True)
        elif utterance.guess is not None:
            self._take_final(utterance, last, utterance.guess)

    # -- words -----------------------------------------------------------------------------

    def _ask(
        self, utterance: Utterance, piece: Piece, tell: Take, *, final: bool = False
    ) -> None:
        job = Job(
            piece.samples, hints=self._hints, final=final, end_ms=piece.end_ms, track=self,
            done=lambda heard: tell(utterance, piece, heard),
        )  # fmt: skip
        self._parts.desk.ask(job)

    def _take_guess(
        self, utterance: Utterance, piece: Piece, heard: Recognized | Exception
    ) -> None:
        if utterance.state == "open":
            utterance.guess = heard
            self._take_partial(utterance, piece, heard)
        elif utterance.guessed_ms == utterance.end_ms:
            self._take_final(utterance, piece, heard)

    def _take_partial(
        self, utterance: Utterance, piece: Piece, heard: Recognized | Exception
    ) -> None:
        stale = utterance.state != "open" or piece is not utterance.open
        if stale or isinstance(heard, Exception):
            return  # what fails now may still succeed when it is final
        text = utterance.said(heard.text)
        if text and text != utterance.text:
            utterance.text = text
            self._weigh_silence()
            fields = {"utterance": utterance.name, "start_ms": utterance.start_ms}
            self._say(ev.TranscriptUpdated, **fields, text=text, end_ms=utterance.asked_ms)

    def _take_final(
        self, utterance: Utterance, piece: Piece, heard: Recognized | Exception
    ) -> None:
        if isinstance(heard, Exception):
            self._tell_failed(utterance, heard)
            heard = Recognized(text="")
        piece.heard = heard
        while self._unfinished and self._unfinished[0].complete:
            self._finish(self._unfinished.pop(0))

    def _tell_failed(self, utterance: Utterance, error: Exception) -> None:
        fields = {
            "provider": self._parts.desk.recognizer.name,
            "error_type": type(error).__name__,
            "error": str(error),
            "utterance": utterance.name,
        }
        self._tell(found(ev.RecognitionFailed, self.now_ms or 0, **fields))

    def _finish(self, utterance: Utterance) -> None:
        recognizer, text = self._parts.desk.recognizer, utterance.said()
        self._say(
            ev.TranscriptFinal, **_whole(utterance), text=text, words=_words(utterance),
            confidence=_confidence(utterance), provider=recognizer.name,
            provider_version=recognizer.version,
        )  # fmt: skip
        if text:
            self._turn.append((utterance, text))
        self._set_end_of_turn(utterance.end_ms)

    # -- turns -----------------------------------------------------------------------------

    def _set_end_of_turn(self, spoken_ms: int) -> None:
        if self._turn and self._open is None and self.idle:
            text = self._turn_text()
            silence_ms = self._expected.utterance_ms(text, self.silence_ms)
            wait_ms = self._expected.wait_ms(text, self._parts.end_of_turn.wait_ms(text))
            self._turn_ends_ms = spoken_ms + silence_ms + wait_ms
            self._maybe_end_turn()

    def _maybe_end_turn(self) -> None:
        due = self._turn_ends_ms
        if due is not None and due <= (self.now_ms or 0):
            self.end_turn()

    def end_turn(self) -> None:
        """Tell what was said since the last turn, if anything was."""
        self._turn_ends_ms = None
        if self._turn:
            utterances = [utterance for utterance, _ in self._turn]
            self._say(
                ev.TurnEnded, utterances=tuple(u.name for u in utterances),
                text=self._turn_text(), start_ms=utterances[0].start_ms,
                end_ms=utterances[-1].end_ms,
            )  # fmt: skip
        self._turn = []

    def _turn_text(self) -> str:
        return " ".join(text for _, text in self._turn)

    def _say(self, kind: type[ev.Event], **fields: Any) -> None:
        self._tell(found(kind, self.now_ms or 0, track=self.track, **fields))


def _whole(utterance: Utterance) -> dict[str, Any]:
    return {
        "utterance": utterance.name,
        "start_ms": utterance.start_ms,
        "end_ms": utterance.end_ms,
    }


def _words(utterance: Utterance) -> tuple[ev.Word, ...]:
    return tuple(
        ev.Word(
            text=word.text, start_ms=piece.start_ms + word.start_ms,
            end_ms=piece.start_ms + word.end_ms, confidence=word.confidence,
        )
        for piece in utterance.pieces
        if piece.heard
        for word in piece.heard.words
    )  # fmt: skip


def _confidence(utterance: Utterance) -> float | None:
    given = [piece.heard.confidence for piece in utterance.pieces if piece.heard]
    known = [confidence for confidence in given if confidence is not None]
    return min(known) if known else None
