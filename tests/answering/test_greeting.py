"""Who answered, by events alone: the default detector, and the plain rule."""

from typing import Any

import pytest

from workbench import events as ev
from workbench.answering import AnsweringMachine, Thresholds, Verdict
from workbench.answering.greeting import Greeting
from workbench.answering.wordcount import WordCount
from workbench.clock import EPOCH

MS_A_WORD = 300


class Heard:
    """A far end that says things, and a detector that listens."""

    def __init__(self, *, wait_for_beep: bool = False, **limits: int) -> None:
        thresholds = Thresholds(**limits)
        self.machine: AnsweringMachine = Greeting(thresholds, 0, wait_for_beep=wait_for_beep)
        self.now_ms = 0
        self.verdict: Verdict | None = None
        self._utterances = 0

    def at(self, now_ms: int, kind: type[ev.Event] | None = None, **fields: Any) -> None:
        """Let an event be heard at this moment, behind the alarms that come before it."""
        while self.verdict is None:
            wake_ms = self.machine.wake_ms()
            if wake_ms is None or wake_ms >= now_ms:
                break
            self._hear(None, max(wake_ms, self.now_ms + 20))
        if self.verdict is None and kind is not None:
            whole = {"call_id": "CA", "version": 1, "at": EPOCH, "listening": "listening-1"}
            make: Any = kind
            self._hear(make(**whole, track="received", **fields), now_ms)

    def _hear(self, event: ev.Event | None, now_ms: int) -> None:
        self.now_ms = now_ms
        self.verdict = self.machine.hear(event, now_ms)

    def says(self, text: str, at_ms: int) -> int:
        """Let words be said, 300 ms each; return where they end."""
        self._utterances += 1
        words, name = text.split(), f"u-{self._utterances}"
        end_ms = at_ms + MS_A_WORD * len(words)
        one = {"utterance": name, "start_ms": at_ms}
        self.at(at_ms + 130, ev.SpeechStarted, **one)
        for count in range(2, len(words), 2):
            until = at_ms + count * MS_A_WORD
            text_so_far = " ".join(words[:count])
            self.at(until, ev.TranscriptUpdated, **one, text=text_so_far, end_ms=until)
        self.at(end_ms + 500, ev.SpeechEnded, **one, end_ms=end_ms)
        self.at(end_ms + 650, ev.TranscriptFinal, **one, text=text, end_ms=end_ms)
        return end_ms

    def tone(self, tone: str, at_ms: int, duration_ms: int = 400) -> None:
        """Let a tone be heard."""
        whole = {"frequency_hz": 1000, "start_ms": at_ms, "duration_ms": duration_ms}
        self.at(at_ms + duration_ms + 130, ev.ToneHeard, tone=tone, **whole)

    def answer(self, until_ms: int = 20_000) -> tuple[str, str, str]:
        """Return the verdict after silence."""
        self.at(until_ms)
        assert self.verdict is not None
        return self.verdict.answered_by, self.verdict.category, self.verdict.reason


def heard(text: str) -> tuple[str, str, str]:
    call = Heard()
    call.says(text, 400)
    return call.answer()


@pytest.mark.parametrize("text", ["Hello?", "Yes, who is this?", "Anna Miller speaking"])
def test_a_short_greeting_and_silence_are_a_person(text: str) -> None:
    assert heard(text)[:2] == ("human", "human")


def test_a_person_is_known_800_ms_after_the_greeting() -> None:
    call = Heard()
    end_ms = call.says("Hello?", 400)
    assert call.answer() == ("human", "human", "short-greeting")
    assert call.now_ms - end_ms == 800


def test_who_says_only_who_it_is_is_waited_for_longer() -> None:
    call = Heard()
    end_ms = call.says("This is Tom.", 400)
    assert call.answer() == ("human", "human", "short-greeting")
    assert call.now_ms - end_ms == 1500
    call = Heard()
    end_ms = call.says("This is Tom.", 400)
    call.says("Leave a message.", end_ms + 860)
    assert call.answer()[0] == "machine_start"


def test_words_of_a_person_make_a_long_greeting_one_of_a_person() -> None:
    text = "Good afternoon, Smith and Company, this is Karen speaking, how can I help you?"
    assert heard(text) == ("human", "human", "words")


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Please leave a message after the tone", "machine-vm"),
        ("You've reached Karen, I can't come to the phone", "machine-vm"),
        ("For sales press one, for support press two", "machine-ivr"),
        ("The number you have dialed is not in service", "machine-unavailable"),
        ("This mailbox cannot accept any messages", "machine-unavailable"),
    ],
)
def test_words_of_a_machine_decide_at_once(text: str, category: str) -> None:
    call = Heard()
    end_ms = call.says(text, 400)
    assert call.answer() == ("machine_start", category, "words")
    assert call.now_ms <= end_ms + 650


def test_which_machine_it_is_may_come_last() -> None:
    call = Heard()
    end_ms = call.says("The mailbox of the person you are calling is full", 400)
    assert call.answer() == ("machine_start", "machine-unavailable", "words")
    assert call.now_ms == end_ms + 650


def test_a_long_greeting_of_any_words_is_a_machine_before_it_ends() -> None:
    call = Heard()
    end_ms = call.says("lorem ipsum dolor sit amet " * 4, 400)
    assert call.answer() == ("machine_start", "machine-vm", "long-greeting")
    assert call.now_ms < end_ms


def test_without_any_words_the_length_decides() -> None:
    for length_ms, answered_by in ((900, "human"), (4000, "machine_start")):
        call = Heard()
        one = {"utterance": "u-1", "start_ms": 400}
        call.at(530, ev.SpeechStarted, **one)
        call.at(length_ms + 900, ev.SpeechEnded, **one, end_ms=length_ms + 400)
        assert call.answer()[0] == answered_by


def test_nobody_says_anything() -> None:
    call = Heard(initial_silence_ms=2000)
    assert call.answer() == ("unknown", "uncertain", "no-speech")
    assert call.now_ms == 2000


@pytest.mark.parametrize("tone", ["music", "busy", "ringback"])
def test_what_is_heard_in_place_of_speech_is_named(tone: str) -> None:
    call = Heard()
    call.tone(tone, 0)
    assert call.answer() == ("unknown", "uncertain", tone)


@pytest.mark.parametrize("tone", ["fax-calling", "fax-answer"])
def test_a_fax_is_known_by_its_tone(tone: str) -> None:
    call = Heard()
    call.tone(tone, 500)
    assert call.answer() == ("fax", "uncertain", "fax")


def test_a_tap_on_the_microphone_is_no_word() -> None:
    call = Heard()
    call.at(500, ev.SpeechStarted, utterance="u-1", start_ms=400)
    call.at(980, ev.SpeechEnded, utterance="u-1", start_ms=400, end_ms=480)
    assert call.answer() == ("unknown", "uncertain", "no-speech")


def test_the_end_of_a_greeting_is_its_beep() -> None:
    call = Heard(wait_for_beep=True)
    end_ms = call.says("Please leave a message after the tone", 400)
    assert call.verdict is None
    call.tone("beep", end_ms + 1200)
    assert call.answer() == ("machine_end_beep", "machine-vm", "beep")
    assert call.now_ms == end_ms + 1730


def test_a_beep_of_the_frequency_of_a_fax_is_a_beep_behind_words() -> None:
    call = Heard(wait_for_beep=True)
    end_ms = call.says("Please leave a message after the tone", 400)
    call.tone("fax-calling", end_ms + 600)
    assert call.answer()[0] == "machine_end_beep"


def test_without_a_beep_silence_is_the_end() -> None:
    call = Heard(wait_for_beep=True, end_silence_ms=2000)
    end_ms = call.says("Please leave a message after the tone", 400)
    assert call.answer() == ("machine_end_silence", "machine-vm", "silence")
    assert call.now_ms == end_ms + 2000


def test_a_pause_in_the_greeting_is_not_its_end() -> None:
    call = Heard(wait_for_beep=True)
    end_ms = call.says("You have reached the Millers", 400)
    end_ms = call.says("leave your number and we will call you back", end_ms + 1500)
    assert call.verdict is None
    call.tone("beep", end_ms + 300)
    assert call.answer()[0] == "machine_end_beep"


def test_a_menu_that_goes_on_has_no_end() -> None:
    call = Heard(wait_for_beep=True)
    call.says("for sales press one " * 20, 400)
    assert call.machine.give_up(30_000).answered_by == "machine_end_other"


def test_a_person_is_not_waited_for_until_a_beep() -> None:
    call = Heard(wait_for_beep=True)
    call.says("Hello?", 400)
    assert call.answer()[0] == "human"


@pytest.mark.parametrize(
    ("text", "answered_by"),
    [
        ("Hello?", "human"),
        ("Leave a message", "human"),
        ("one two three four five six seven eight nine ten", "machine_start"),
    ],
)
def test_the_plain_rule_only_counts(text: str, answered_by: str) -> None:
    call = Heard()
    call.machine = WordCount(Thresholds(), 0, wait_for_beep=False)
    call.says(text, 400)
    assert call.answer()[0] == answered_by
