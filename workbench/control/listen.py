"""The verbs that have a call listened to: speech, words, turns and tones become events."""

from collections.abc import Sequence
from typing import Any

from workbench import events as ev
from workbench.control.desk import Verbs, is_text
from workbench.control.fork import DIRECTIONS
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.redaction import Redaction, Redactor, as_redaction

LEAST_SILENCE_MS, MOST_SILENCE_MS = 100, 5000
MOST_HINTS = 500


class ListenVerbs(Verbs):
    """What is heard, beside keys."""

    async def listen(
        self,
        direction: str = "received",
        *,
        recognizer: str = "",
        hints: Sequence[str] = (),
        silence_ms: int = 500,
        redact: Redaction | None = None,
    ) -> str:
        """Listen from now to the call's end; return the listening's name.

        It returns when the first audio has been taken, with what was said meanwhile.

        Args:
            direction: `received` for what the far end says, `sent` for what it hears, `both`.
            recognizer: a recogniser by name, in place of the bench's.
            hints: words that are likely, for recognisers that can make use of them.
            silence_ms: of silence that ends an utterance, from 100 to 5000.
            redact: what is hidden before it is stored, in place of the bench's way; it is not
                on record itself.

        Raises:
            InvalidInput: an argument cannot be used.
            NotAllowedNow: the call cannot be listened to; the message says why.
        """
        check(direction, recognizer, hints, silence_ms)
        await self._media()
        listening = self._desk.name("listening")
        if redact is not None:
            self._desk.entrust(listening, Redactor, (as_redaction(redact),))
        self._desk.floor.ask(listening, direction)
        self._desk.decide(
            ev.ListenRequested, listening=listening, direction=direction,
            recognizer=recognizer, hints=tuple(hints), silence_ms=silence_ms,
        )  # fmt: skip
        started = await self._wait("listening", listening)
        if isinstance(started, ev.ListeningFinished):
            message = f"Call {self.id} cannot be listened to: {started.reason}."
            raise NotAllowedNow(message)
        return listening

    async def stop_listening(self, listening: str = "") -> None:
        """End a listening, or all of them, once the last of it is on record."""
        self._alive()
        running = list(self._desk.call.listening)
        if listening and listening not in running:
            raise NotAllowedNow(f"Call {self.id} has no listening {listening!r} that runs.")
        for name in [listening] if listening else running:
            self._desk.decide(ev.ListenStopRequested, listening=name)
            await self._wait("listening_finished", name)


def check(direction: Any, recognizer: Any, hints: Any, silence_ms: Any) -> None:
    """Refuse what nobody can listen by.

    Raises:
        InvalidInput: which, and what to give instead.
    """
    if direction not in DIRECTIONS:
        message = f"`direction` is one of {', '.join(DIRECTIONS)}, not {direction!r}."
        raise InvalidInput(message)
    if not is_text(recognizer):
        raise InvalidInput(f"A recogniser is chosen here by its name, not by {recognizer!r}.")
    if is_text(hints) or len(hints) > MOST_HINTS or not all(map(is_text, hints)):
        raise InvalidInput(f"`hints` are at most {MOST_HINTS} words or phrases, in a list.")
    check_silence(silence_ms)


def check_silence(silence_ms: Any) -> None:
    """Refuse a silence that ends no utterance.

    Raises:
        InvalidInput: it is too short, too long or no number.
    """
    if not isinstance(silence_ms, int) or not (
        LEAST_SILENCE_MS <= silence_ms <= MOST_SILENCE_MS
    ):
        message = (
            f"`silence_ms` is a number from {LEAST_SILENCE_MS} to {MOST_SILENCE_MS}, "
            f"not {silence_ms!r}."
        )
        raise InvalidInput(message)
