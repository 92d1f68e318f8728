"""The verbs of the keypad: gather digits, send digits; `turns` gathers speech too."""

import asyncio
import math
from collections import deque
from numbers import Real
from typing import Any, Literal, get_args

import msgspec

from workbench import events as ev
from workbench.commands import KEYS, KeyMethod
from workbench.control.audio import AudioVerbs
from workbench.control.desk import is_text
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.vault import MARK, Secret

SHORTEST_MS, LONGEST_MS = 40, 5000


Reason = Literal["digits", "finish_on", "speech", "timeout", "no-match", "cancelled"]


class Gathered(msgspec.Struct, frozen=True):
    """What `gather` collected; true when something was pressed or said, and accepted."""

    digits: str
    """A mark for each when they are secret."""
    reason: Reason
    """`digits` (enough of them), `finish_on`, `speech`, `timeout` or `no-match`."""
    speech: str = ""
    """The words of the turn that came first; empty when keys did, or nothing."""
    confidence: float | None = None
    """Of the speech, from 0 to 1, where the provider gives it."""
    choice: Any = None
    """What `accept` made of it."""
    secret: Secret | None = None
    """What stands for secret digits: given to `step`, its function gets the digits."""

    def __bool__(self) -> bool:
        """Return whether there is an answer."""
        return bool(self.digits or self.speech) and self.reason != "no-match"


class DigitVerbs(AudioVerbs):
    """What is pressed, there and here; a prompt may play meanwhile."""

    async def _gather_digits(
        self, digits: int, first: float, finish_on: str, further: float, play: str, say: str,
        *, secret: bool,
    ) -> Gathered:  # fmt: skip
        gather = self._desk.name("gather")
        self._desk.decide(
            ev.GatherRequested, gather=gather, max_digits=digits, finish_on=finish_on,
            timeout_s=first, digit_timeout_s=further, secret=secret,
        )  # fmt: skip
        collected: list[str] = []
        reason: Reason = "cancelled"
        try:
            if secret:
                await self._wait("concealed", gather)
            number = self._desk.call.secret_keys - len(self._keys(secret=secret))
            if play or say:
                await self._until_digit(play, say)
            reason = await self._collect(
                collected, digits, finish_on, first, further, secret=secret
            )
        finally:
            got = "".join(collected)
            self._desk.decide(ev.GatherFinished, gather=gather, digits=got, reason=reason)
        if not secret:
            return Gathered(got, reason)
        token = Secret(call_id=self.id, first=number, length=len(got))
        return Gathered(got, reason, secret=token)

    def _keys(self, *, secret: bool) -> deque[str]:
        """Return the keys that nobody took, without those pressed in secret, or in the open."""
        keys = self._desk.digits
        fitting = [key for key in keys if (key == MARK) == secret]
        if len(fitting) < len(keys):
            keys.clear()
            keys.extend(fitting)
        return keys

    async def send_digits(
        self, digits: str | Secret, *, method: KeyMethod = "rfc4733", duration_ms: int = 160
    ) -> None:
        """Send keypad digits and wait until they left; `w` 0.5 s, `W` 1 s pause.

        Args:
            digits: 0-9 * # A-D, and pauses; or what was gathered in secret, of which marks are
                on record here too.
            method: as RTP events (RFC 4733), as requests (`sip-info`), or as tones (`inband`).
            duration_ms: how long each key is pressed.

        Raises:
            InvalidInput: a character that is not on a keypad, or no such method or time; a
                secret by tones, which a recording would hold.
        """
        if method not in get_args(KeyMethod):
            message = f"Digits are sent by rfc4733, sip-info or inband, not by {method!r}."
            raise InvalidInput(message)
        if type(duration_ms) is not int or not SHORTEST_MS <= duration_ms <= LONGEST_MS:
            message = f"`duration_ms` is {SHORTEST_MS} to {LONGEST_MS}, not {duration_ms!r}."
            raise InvalidInput(message)
        _check_sent(digits, method)
        await self._media()
        sending, shown = self._desk.name("sending"), digits
        if isinstance(digits, Secret):
            self._desk.entrust(sending, Secret, (digits,))
            shown = MARK * len(digits)
        self._desk.decide(
            ev.DigitsRequested, sending=sending, digits=shown, method=method,
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

    async def _collect(
        self, got: list[str], most: int, finish_on: str, first: float, further: float,
        *, secret: bool = False,
    ) -> Reason:  # fmt: skip
        while len(got) < most:
            digit = await self._digit(further if got else first, secret=secret)
            if digit is None:
                return "timeout"
            if digit in finish_on:
                return "finish_on"
            got.append(digit)
        return "digits"

    async def _digit(self, seconds: float, *, secret: bool) -> str | None:
        if not self._awaited(secret=secret):
            try:
                async with asyncio.timeout(seconds):
                    while not self._awaited(secret=secret):
                        await self._wait("digit")
            except TimeoutError:
                return None
        return self._desk.digits.popleft()

    def _awaited(self, *, secret: bool) -> deque[str]:
        # During a secret, what is not a mark is the key that ends it.
        return self._desk.digits if secret else self._keys(secret=False)


def _check_sent(digits: Any, method: KeyMethod) -> None:
    if isinstance(digits, Secret):
        if not digits or method == "inband":
            message = "A secret is sent by rfc4733 or sip-info, and has one digit at least."
            raise InvalidInput(message)
    elif not is_text(digits) or not digits or set(digits) - KEYS - set("wW"):
        message = f"{digits!r} cannot be sent: digits are 0-9 * # A-D, w and W are pauses."
        raise InvalidInput(message)


def check_gather(
    digits: int, first: float, further: float, finish_on: str, *, least: int = 1
) -> None:
    """Refuse what cannot be gathered.

    Raises:
        InvalidInput: which, and what may be.
    """
    if not all(isinstance(number, Real) for number in (digits, first, further)):
        message = "`gather` needs a number of digits and times in seconds."
        raise InvalidInput(message)
    if (
        digits < least
        or digits != int(digits)
        or not (0 < first < math.inf and 0 < further < math.inf)
    ):
        message = "`gather` needs at least one digit and finite times above zero."
        raise InvalidInput(message)
    if not is_text(finish_on) or set(finish_on) - KEYS:
        message = f"`finish_on` is keys of 0-9 * # A-D, not {finish_on!r}."
        raise InvalidInput(message)
