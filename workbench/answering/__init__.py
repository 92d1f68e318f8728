"""Who answered a call: the interface of whatever decides it, and its verdict.

It decides from recorded events alone, inside of the flow, so that a replay decides the same
without any model. Siblings: `greeting` (the default), `phrases` (what it listens for),
`wordcount` (the plain rule to compare with), `afterwards` (on a recorded call).
"""

from typing import Literal, Protocol

import msgspec

from workbench import events as ev
from workbench.events.speech import AnsweredBy, Category

Reason = Literal[
    "words", "short-greeting", "long-greeting", "beep", "silence", "fax", "music", "busy",
    "ringback", "no-speech", "time", "cancelled",
]  # fmt: skip
"""What decided: words that only machines or people say, how long was spoken, a tone, time."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Who answered, and what made it known."""

    answered_by: AnsweredBy
    category: Category
    reason: Reason


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """When to decide, in milliseconds; the names are those of Asterisk's AMD."""

    initial_silence_ms: int = 4000
    """From the beginning without speech, after which nobody speaks."""
    greeting_ms: int = 2400
    """Of speech, that is longer than people say unless their words are a person's."""
    after_greeting_silence_ms: int = 800
    """After a short greeting, that make it a person's."""
    introduction_silence_ms: int = 1500
    """The same where somebody has only said who it is, as machines do first, too."""
    total_analysis_time_ms: int = 5000
    """From the first speech, after which it is decided one way or the other."""
    minimum_word_length_ms: int = 100
    """Below which speech is no word."""
    maximum_number_of_words: int = 8
    """More in one greeting are a machine's unless they are a person's words."""
    end_silence_ms: int = 2500
    """After a machine's greeting without a beep, that are taken for its end."""


class AnsweringMachine(Protocol):
    """Decides who answered; one for each detection."""

    def hear(self, event: ev.Event | None, now_ms: int) -> Verdict | None:
        """Take what was heard, or None when only time has passed; return who it is, if known.

        `now_ms` is the moment on the leg's audio clock. Events are those of a listening to
        what the far end says. It must decide from these alone: no clock, no model.
        """

    def wake_ms(self) -> int | None:
        """Return when to ask again if nothing is heard, None for never."""

    def give_up(self, now_ms: int) -> Verdict:
        """Return the verdict when the time is up."""


class Maker(Protocol):
    """Makes an `AnsweringMachine`: a class with a name and a version will do."""

    name: str
    version: str
    """Changes when the same events may be judged otherwise."""

    def __call__(
        self, thresholds: Thresholds, start_ms: int, *, wait_for_beep: bool
    ) -> AnsweringMachine:
        """Begin to listen at a moment of the audio clock."""
