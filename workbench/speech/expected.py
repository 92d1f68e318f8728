"""What a flow expects to hear next, and so how much silence ends it.

A rule in front of a listener's `EndOfTurn`: a yes or no is short, and needs no pause behind it;
digits are said in groups, with pauses between them, until there are enough.
"""

from typing import Literal

import msgspec

from workbench.spoken import YES_OR_NO, chosen, digits_in

COMPLETE_MS = 250
"""Of silence behind an answer that is complete by its words."""
SHORT_MS = 300
"""Of silence that ends an utterance where yes or no is likely."""
BETWEEN_DIGITS_MS = 1500
"""More silence to wait for behind digits that are not yet enough."""

Answer = Literal["any", "yes-no", "digits"]


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a flow expects; the fields of `SpeechExpected`."""

    answer: Answer = "any"
    digits: int = 0
    """How many are enough."""
    silence_ms: int = 0
    """Of silence that ends an utterance; 0 for what the kind of answer wants."""
    lasting_ms: int = 0
    """To be told when an utterance has gone on so long, pauses at its end left out; 0 for
    never."""

    def is_complete(self, text: str) -> bool:
        """Tell whether nothing more is to be expected behind these words."""
        if self.answer == "yes-no":
            return chosen(text, YES_OR_NO) is not None
        return self.answer == "digits" and 0 < self.digits <= len(digits_in(text))

    def utterance_ms(self, text: str, usual_ms: int) -> int:
        """Return the silence that ends an utterance.

        `text` is what was made out since the last turn ended, and `usual_ms` what the
        listener was asked for.
        """
        if self.silence_ms:
            return self.silence_ms
        if self.is_complete(text):
            return min(COMPLETE_MS, usual_ms)
        return min(SHORT_MS, usual_ms) if self.answer == "yes-no" else usual_ms

    def wait_ms(self, text: str, usual_ms: int) -> int:
        """Return how much more silence ends the turn; `usual_ms` is what `EndOfTurn` says."""
        if self.is_complete(text):
            return 0
        if self.answer == "digits" and digits_in(text):
            return max(usual_ms, BETWEEN_DIGITS_MS)
        return usual_ms
