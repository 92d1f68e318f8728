"""The plain rule, to compare with: many words are a machine's, a few and silence a person's."""

from typing import ClassVar

from workbench import events as ev
from workbench.answering import Thresholds, Verdict
from workbench.answering.greeting import TEXT_WAIT_MS, Spoken

HUMAN = Verdict(answered_by="human", category="human", reason="short-greeting")
MACHINE = Verdict(answered_by="machine_start", category="machine-vm", reason="long-greeting")
NOBODY = Verdict(answered_by="unknown", category="uncertain", reason="no-speech")


class WordCount:
    """An `AnsweringMachine` that counts words."""

    name: ClassVar[str] = "word-count"
    version: ClassVar[str] = "1"

    def __init__(self, thresholds: Thresholds, start_ms: int, *, wait_for_beep: bool) -> None:
        """Begin to listen at `start_ms`; beeps are not waited for."""
        del wait_for_beep
        self._limits, self._start_ms = thresholds, start_ms
        self._spoken = Spoken(thresholds.minimum_word_length_ms)

    def hear(self, event: ev.Event | None, now_ms: int) -> Verdict | None:
        """Take what was heard, or the time; return who it is, if that is known."""
        if event is not None:
            self._spoken.hear(event)
        if len(self._spoken.text.split()) > self._limits.maximum_number_of_words:
            return MACHINE
        wake_ms = self.wake_ms()
        if wake_ms is None or now_ms < wake_ms:
            return None
        return NOBODY if self._spoken.first_ms is None else HUMAN

    def wake_ms(self) -> int | None:
        """Return when silence decides."""
        if self._spoken.first_ms is None:
            return self._start_ms + self._limits.initial_silence_ms
        if self._spoken.going_on:
            return None
        wait_ms = 0 if self._spoken.known else TEXT_WAIT_MS
        return self._spoken.end_ms + max(wait_ms, self._limits.after_greeting_silence_ms)

    def give_up(self, now_ms: int) -> Verdict:
        """Return a machine for one that still speaks."""
        del now_ms
        return NOBODY if self._spoken.first_ms is None else MACHINE
