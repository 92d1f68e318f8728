"""Who answered, by how long was spoken, by the words, and by tones: the default detector."""

from typing import ClassVar

from workbench import events as ev
from workbench.answering import Reason, Thresholds, Verdict, phrases
from workbench.events.speech import AnsweredBy, Category

TEXT_WAIT_MS = 1500
"""After the end of speech: how long its words may be on their way."""
FAX_TONES = ("fax-calling", "fax-answer")


class Spoken:
    """The speech of the far end, as far as it is on record."""

    def __init__(self, shortest_ms: int) -> None:
        """Begin with silence; what is shorter than this is no word."""
        self._shortest_ms = shortest_ms
        self._starts: dict[str, int] = {}
        self._ends: dict[str, int] = {}
        self._texts: dict[str, str] = {}
        self._final: set[str] = set()

    def hear(self, event: ev.Event) -> None:
        """Take note of an event of speech."""
        if isinstance(event, ev.SpeechStarted):
            self._starts[event.utterance] = event.start_ms
        elif isinstance(event, ev.SpeechEnded):
            self._ends[event.utterance] = event.end_ms
            if event.end_ms - event.start_ms < self._shortest_ms:
                del self._starts[event.utterance]
        elif isinstance(event, ev.TranscriptUpdated | ev.TranscriptFinal):
            self._texts[event.utterance] = event.text
        if isinstance(event, ev.TranscriptFinal | ev.RecognitionFailed):
            self._final.add(event.utterance)

    @property
    def text(self) -> str:
        """All that was said, plain."""
        return phrases.plain(" ".join(self._texts.values()))

    @property
    def first_ms(self) -> int | None:
        """Where it began."""
        return min(self._starts.values(), default=None)

    @property
    def going_on(self) -> bool:
        """Whether somebody speaks."""
        return any(utterance not in self._ends for utterance in self._starts)

    @property
    def end_ms(self) -> int:
        """Where it ended last; 0 before it did."""
        return max((self._ends.get(utterance, 0) for utterance in self._starts), default=0)

    @property
    def known(self) -> bool:
        """Whether all words are there that are to come."""
        return all(utterance in self._final for utterance in self._starts)

    def length_ms(self, now_ms: int) -> int:
        """Return how long was spoken until now."""
        spans = (self._ends.get(name, now_ms) - at for name, at in self._starts.items())
        return sum(max(0, span) for span in spans)


class Greeting:
    """An `AnsweringMachine` that weighs length, words and tones."""

    name: ClassVar[str] = "greeting"
    version: ClassVar[str] = "1"

    def __init__(self, thresholds: Thresholds, start_ms: int, *, wait_for_beep: bool) -> None:
        """Begin to listen at `start_ms`."""
        self._limits, self._start_ms = thresholds, start_ms
        self._wait_for_beep = wait_for_beep
        self._spoken = Spoken(thresholds.minimum_word_length_ms)
        self._tones: list[str] = []
        self._machine: Verdict | None = None
        """Once it is one, and its end is waited for."""

    def hear(self, event: ev.Event | None, now_ms: int) -> Verdict | None:
        """Take what was heard, or the time; return who it is, if that is known."""
        if isinstance(event, ev.ToneHeard):
            self._tones.append(event.tone)
        elif event is not None:
            self._spoken.hear(event)
        if self._machine is not None:
            return self._ended(now_ms)
        verdict = self._judge(now_ms)
        if verdict is None or verdict.answered_by != "machine_start" or not self._wait_for_beep:
            return verdict
        self._machine = verdict
        return self._ended(now_ms)

    def wake_ms(self) -> int | None:
        """Return when silence, or the length of what is said, decides."""
        limits, spoken = self._limits, self._spoken
        if self._machine is not None:
            silent = not spoken.going_on
            return self._silent_since() + limits.end_silence_ms if silent else None
        if spoken.first_ms is None:
            return self._start_ms + limits.initial_silence_ms
        if spoken.going_on:
            return spoken.first_ms + limits.total_analysis_time_ms
        return spoken.end_ms + self._enough_silence_ms()

    def give_up(self, now_ms: int) -> Verdict:
        """Return what can be said when the time is up."""
        if self._machine is not None:
            return _verdict("machine_end_other", self._machine.category, "time")
        return self._at_last(now_ms)

    # -- a machine or not ------------------------------------------------------------------

    def _judge(self, now_ms: int) -> Verdict | None:
        spoken = self._spoken
        if (fax := self._fax()) is not None:
            return fax
        if (category := phrases.machine(spoken.text)) is not None:
            return _verdict("machine_start", category, "words")
        if "beep" in self._tones:
            return _verdict("machine_start", "machine-vm", "beep")
        if spoken.first_ms is None:
            silent_ms = now_ms - self._start_ms
            late = silent_ms >= self._limits.initial_silence_ms
            return self._at_last(now_ms) if late else None
        if spoken.going_on:
            return self._while_speaking(now_ms)
        return self._after_speech(now_ms)

    def _fax(self) -> Verdict | None:
        # A beep of 1100 Hz behind words is a beep.
        answers = "fax-answer" in self._tones
        calls = "fax-calling" in self._tones and self._spoken.first_ms is None
        return _verdict("fax", "uncertain", "fax") if answers or calls else None

    def _while_speaking(self, now_ms: int) -> Verdict | None:
        limits, spoken, text = self._limits, self._spoken, self._spoken.text
        if spoken.first_ms is not None:
            since_ms = now_ms - spoken.first_ms
            if since_ms >= limits.total_analysis_time_ms:
                return self._at_last(now_ms)
        long = spoken.length_ms(now_ms) > limits.greeting_ms
        wordy = len(text.split()) > limits.maximum_number_of_words
        if long and wordy and not self._worth_waiting(text):
            return _verdict("machine_start", "machine-vm", "long-greeting")
        return None

    def _worth_waiting(self, text: str) -> bool:
        """Tell whether the end of it says more: who it is, or which machine."""
        return phrases.person(text) or phrases.opening(text) or phrases.vague(text)

    def _after_speech(self, now_ms: int) -> Verdict | None:
        silent_ms = now_ms - self._spoken.end_ms
        return self._at_last(now_ms) if silent_ms >= self._enough_silence_ms() else None

    def _enough_silence_ms(self) -> int:
        """Return how much silence behind a greeting decides."""
        limits, spoken = self._limits, self._spoken
        enough_ms = limits.after_greeting_silence_ms
        if not spoken.known:
            return max(enough_ms, TEXT_WAIT_MS)
        if phrases.introduction(spoken.text):
            return max(enough_ms, limits.introduction_silence_ms)
        return enough_ms

    def _at_last(self, now_ms: int) -> Verdict:
        """Decide with what there is."""
        limits, spoken, text = self._limits, self._spoken, self._spoken.text
        if spoken.first_ms is None:
            return _verdict("unknown", "uncertain", self._instead_of_speech())
        if phrases.vague(text):
            return _verdict("machine_start", "machine-vm", "words")
        if phrases.person(text):
            return _verdict("human", "human", "words")
        if len(text.split()) > limits.maximum_number_of_words:
            return _verdict("machine_start", "machine-vm", "long-greeting")
        if not text and spoken.length_ms(now_ms) > limits.greeting_ms:
            return _verdict("machine_start", "machine-vm", "long-greeting")
        return _verdict("human", "human", "short-greeting")

    def _instead_of_speech(self) -> Reason:
        for tone in ("music", "busy", "ringback"):
            if tone in self._tones:
                return tone
        return "no-speech"

    # -- the end of a machine's greeting ---------------------------------------------------

    def _ended(self, now_ms: int) -> Verdict | None:
        assert self._machine is not None
        category = self._category()
        if "beep" in self._tones or "fax-calling" in self._tones:
            return _verdict("machine_end_beep", category, "beep")
        quiet_ms = now_ms - self._silent_since()
        if not self._spoken.going_on and quiet_ms >= self._limits.end_silence_ms:
            return _verdict("machine_end_silence", category, "silence")
        return None

    def _silent_since(self) -> int:
        return max(self._spoken.end_ms, self._start_ms)

    def _category(self) -> Category:
        """Return what the whole greeting says it is."""
        assert self._machine is not None
        return phrases.machine(self._spoken.text) or self._machine.category


def _verdict(answered_by: AnsweredBy, category: Category, reason: Reason) -> Verdict:
    return Verdict(answered_by=answered_by, category=category, reason=reason)
