"""The verbs of the keypad: gather digits, send digits."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from numbers import Real
from pathlib import Path
from typing import Any, get_args

import msgspec

from workbench import events as ev
from workbench.call import Phase
from workbench.commands import KEYS, KeyMethod
from workbench.control.audio import AudioVerbs
from workbench.control.desk import is_text
from workbench.errors import InvalidInput, NotAllowedNow

SHORTEST_MS, LONGEST_MS = 40, 5000


class Gathered(msgspec.Struct, frozen=True):
    """What `gather` collected; true when there is at least one digit."""

    digits: str
    reason: str
    """`digits` (enough of them), `finish_on`, or `timeout`."""

    def __bool__(self) -> bool:
        """Return whether anything was pressed."""
        return bool(self.digits)


class DigitVerbs(AudioVerbs):
    """What is pressed, there and here; a prompt may play meanwhile."""

    async def gather(
        self,
        digits: int = 1,
        *,
        timeout: float = 10.0,  # noqa: ASYNC109 - part of what is put on record
        finish_on: str = "#",
        digit_timeout: float = 4.0,
        play: str | Path = "",
        say: str = "",
    ) -> Gathered:
        """Collect up to `digits` keypad digits.

        Digits pressed before are taken first. A prompt given by `play` or `say` stops at
        the first digit, and the waiting begins when it is over.

        Args:
            digits: how many are enough.
            timeout: seconds to wait for the first digit.
            finish_on: a key that ends the collection and is not part of it; "" for none.
            digit_timeout: seconds to wait for each further digit.
            play: an audio file to play meanwhile.
            say: a text to speak meanwhile.

        Raises:
            InvalidInput: a count, time or key that cannot be.
        """
        self._require(Phase.EARLY, Phase.ANSWERED)
        _check_gather(digits, timeout, digit_timeout, finish_on)
        if play and say:
            message = "`gather` takes `play` or `say`, not both."
            raise InvalidInput(message)
        gather = self._desk.name("gather")
        self._desk.decide(
            ev.GatherRequested, gather=gather, max_digits=int(digits), finish_on=finish_on,
            timeout_s=float(timeout), digit_timeout_s=float(digit_timeout),
        )  # fmt: skip
        collected: list[str] = []
        reason = "cancelled"
        try:
            if play or say:
                await self._until_digit(str(play), say)
            reason = await self._collect(collected, digits, finish_on, timeout, digit_timeout)
        finally:
            got = "".join(collected)
            self._desk.decide(ev.GatherFinished, gather=gather, digits=got, reason=reason)
        return Gathered(got, reason)

    async def send_digits(
        self, digits: str, *, method: KeyMethod = "rfc4733", duration_ms: int = 160
    ) -> None:
        """Send keypad digits and wait until they left; `w` 0.5 s, `W` 1 s pause.

        Args:
            digits: 0-9 * # A-D, and pauses.
            method: as RTP events (RFC 4733), as requests (`sip-info`), or as tones (`inband`).
            duration_ms: how long each key is pressed.

        Raises:
            InvalidInput: a character that is not on a keypad, or no such method or time.
        """
        if method not in get_args(KeyMethod):
            message = f"Digits are sent by rfc4733, sip-info or inband, not by {method!r}."
            raise InvalidInput(message)
        if type(duration_ms) is not int or not SHORTEST_MS <= duration_ms <= LONGEST_MS:
            message = f"`duration_ms` is {SHORTEST_MS} to {LONGEST_MS}, not {duration_ms!r}."
            raise InvalidInput(message)
        if not is_text(digits) or not digits or set(digits) - KEYS - set("wW"):
            message = f"{digits!r} cannot be sent: digits are 0-9 * # A-D, w and W are pauses."
            raise InvalidInput(message)
        await self._media()
        sending = self._desk.name("sending")
        self._desk.decide(
            ev.DigitsRequested, sending=sending, digits=digits, method=method,
            duration_ms=duration_ms,
        )  # fmt: skip
        sent = await self._wait("sending", sending)
        if sent.outcome == "failed":
            raise NotAllowedNow(f"The digits {digits!r} could not be sent: {sent.reason}")

    async def detect_digits(self) -> None:
        """Take the tones of keys in the audio for digits too, to the call's end.

        For a far end that sends neither RFC 4733 nor INFO; one that does is taken at that
        word, and its tones are not counted. Does nothing the second time.

        Raises:
            NotAllowedNow: the engine cannot listen.
        """
        await self._media()
        if self._desk.call.detects_digits:
            return
        self._desk.decide(ev.DigitDetectionRequested)
        started = await self._wait("detecting")
        if started.reason:
            message = f"No tones can be looked for in call {self.id}: {started.reason}"
            raise NotAllowedNow(message)

    async def _until_digit(self, play: str, say: str) -> None:
        async with self._beside(self._prompt(source=play, text=say)) as prompt:
            if not self._desk.digits:
                pressed = self._desk.expect("digit")
                await asyncio.wait({prompt, pressed}, return_when=asyncio.FIRST_COMPLETED)
                pressed.cancel()
        if not prompt.cancelled():
            prompt.result()

    @asynccontextmanager
    async def _beside(self, work: Any) -> AsyncIterator["asyncio.Task[Any]"]:
        task = asyncio.get_running_loop().create_task(work)
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _collect(
        self, got: list[str], most: int, finish_on: str, first: float, further: float
    ) -> str:
        while len(got) < most:
            digit = await self._digit(further if got else first)
            if digit is None:
                return "timeout"
            if digit in finish_on:
                return "finish_on"
            got.append(digit)
        return "digits"

    async def _digit(self, seconds: float) -> str | None:
        if not self._desk.digits:
            try:
                async with asyncio.timeout(seconds):
                    while not self._desk.digits:
                        await self._wait("digit")
            except TimeoutError:
                return None
        return self._desk.digits.popleft()


def _check_gather(digits: int, first: float, further: float, finish_on: str) -> None:
    if not all(isinstance(number, Real) for number in (digits, first, further)):
        message = "`gather` needs a number of digits and times in seconds."
        raise InvalidInput(message)
    if (
        digits < 1
        or digits != int(digits)
        or not (0 < first < math.inf and 0 < further < math.inf)
    ):
        message = "`gather` needs at least one digit and finite times above zero."
        raise InvalidInput(message)
    if not is_text(finish_on) or set(finish_on) - KEYS:
        message = f"`finish_on` is keys of 0-9 * # A-D, not {finish_on!r}."
        raise InvalidInput(message)
