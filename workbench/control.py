"""`CallControl`: the verbs of a flow, and what they return.

A verb records a decision and waits for the events that answer it. It knows no engine, no
clock and no store, so that the same flow runs on a live call and in every replay.
"""

import asyncio
import math
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from numbers import Real
from pathlib import Path
from typing import Any, Protocol

import msgspec

from workbench import events as ev
from workbench.call import Call, Phase
from workbench.commands import KEYS
from workbench.errors import CallEnded, InvalidAudio, InvalidInput, NotAllowedNow, StepFailed


class Gathered(msgspec.Struct, frozen=True):
    """What `gather` collected; true when there is at least one digit."""

    digits: str
    reason: str
    """`digits` (enough of them), `finish_on`, or `timeout`."""

    def __bool__(self) -> bool:
        """Return whether anything was pressed."""
        return bool(self.digits)


class Played(msgspec.Struct, frozen=True):
    """How a prompt ended."""

    outcome: str
    """`completed` or `interrupted`."""
    played_ms: int
    """Milliseconds of it that were really played."""


class Desk(Protocol):
    """What the verbs need of the run that they belong to."""

    call: Call
    digits: deque[str]

    def name(self, kind: str) -> str:
        """Return the next name of this kind, the same in every replay."""

    def decide(self, kind: type[ev.Decision], **fields: Any) -> None:
        """Put a decision on record, with the line that asked for it."""

    def expect(self, *key: str) -> "asyncio.Future[Any]":
        """Return a future of the event that this key stands for."""

    def entrust(self, step: str, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Keep the function of a step for whoever runs the world."""

    def attempt(self) -> None:
        """Count a verb that may come to nothing."""

    def now(self) -> datetime:
        """Return the time of the event that is being handled."""


class CallControl:
    """The verbs of a flow, on one call.

    Every verb that needs the call raises `CallEnded` once it is over. `step`, `sleep`,
    `now` and `random` go on working, so that a `finally` can tidy up.
    """

    def __init__(self, desk: Desk) -> None:
        """Belong to one run of one flow."""
        self._desk = desk
        self.random = random.Random(desk.call.id)
        """Randomness that is the same in every replay."""

    @property
    def id(self) -> str:
        """The call's id."""
        return self._desk.call.id

    @property
    def direction(self) -> str:
        """`inbound` or `outbound`."""
        return self._desk.call.direction

    @property
    def from_(self) -> str:
        """The SIP URI of the caller."""
        return self._desk.call.from_

    @property
    def to(self) -> str:
        """The SIP URI that was called."""
        return self._desk.call.to

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the INVITE that carry context (`X-*`, `User-to-User`, `Diversion` …)."""
        return self._desk.call.headers

    @property
    def ended(self) -> bool:
        """Whether the flow knows that the call is over."""
        return self._desk.call.ended is not None

    def now(self) -> datetime:
        """Return the call's time (UTC): the time of the event that woke the flow."""
        return self._desk.now()

    async def ring(self) -> None:
        """Tell the caller that it rings (180)."""
        self._require(Phase.OFFERED, Phase.RINGING)
        self._desk.decide(ev.RingRequested)

    async def answer(self) -> None:
        """Take the call; does nothing when it is answered already."""
        self._alive()
        if self._desk.call.phase is not Phase.ANSWERED:
            self._require(Phase.OFFERED, Phase.RINGING, Phase.EARLY)
            self._desk.decide(ev.AnswerRequested)
            await self._wait("answered")

    async def reject(self, sip_code: int = 603) -> None:
        """Refuse the call with a final SIP code (400 to 699) and wait for its end."""
        self._require(Phase.OFFERED, Phase.RINGING, Phase.EARLY)
        if not 400 <= sip_code <= 699:
            message = f"A call is refused with a SIP code from 400 to 699, not {sip_code}."
            raise InvalidInput(message)
        self._desk.decide(ev.RejectRequested, sip_code=sip_code)
        await self._outlive()

    async def hangup(self) -> None:
        """End the call and wait until it is over; the flow then goes on, to tidy up."""
        if self.ended:
            return
        self._desk.decide(ev.HangupRequested)
        await self._outlive()

    async def play(self, source: str | Path) -> Played:
        """Play an audio file of any format that libsndfile reads, to its end.

        A relative path is looked for beside the flow's file, then in the working folder.
        Cancelling the verb (`asyncio.timeout`, a cancelled task) stops the prompt.

        Raises:
            InvalidAudio: the file is missing or cannot be read.
        """
        return await self._prompt(source=str(source))

    async def say(self, text: str) -> Played:
        """Speak a text, to its end.

        Raises:
            InvalidAudio: the text cannot be spoken.
        """
        if not _is_text(text) or not text.strip():
            message = f"`say` needs a text, not {text!r}."
            raise InvalidInput(message)
        return await self._prompt(text=str(text))

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
        self._require(Phase.ANSWERED)
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

    async def send_digits(self, digits: str) -> None:
        """Send keypad digits (RFC 4733) and wait until they left; `w` 0.5 s, `W` 1 s pause.

        Raises:
            InvalidInput: a character that is not on a keypad.
        """
        if not _is_text(digits) or not digits or set(digits) - KEYS - set("wW"):
            message = f"{digits!r} cannot be sent: digits are 0-9 * # A-D, w and W are pauses."
            raise InvalidInput(message)
        await self._media()
        sending = self._desk.name("sending")
        self._desk.decide(ev.DigitsRequested, sending=sending, digits=digits)
        sent = await self._wait("sending", sending)
        if sent.outcome == "failed":
            raise NotAllowedNow(f"The digits {digits!r} could not be sent: {sent.reason}")

    async def record(self) -> str:
        """Record both directions from now to the call's end; return the recording's name."""
        await self._media()
        recording = self._desk.name("recording")
        self._desk.decide(ev.RecordRequested, recording=recording)
        started = await self._wait("recording", recording)
        if isinstance(started, ev.RecordingFailed):
            raise NotAllowedNow(f"Call {self.id} cannot be recorded: {started.reason}")
        return recording

    async def sleep(self, seconds: float) -> None:
        """Wait; the same as `asyncio.sleep` in a flow."""
        await asyncio.sleep(seconds)

    async def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Ask the world: run a function outside of the flow and put its result on record.

        In a replay the function is not called; its recorded result is returned. It may be
        `async`. The arguments are not recorded; the result is, so it holds no secrets.

        Returns:
            The result as JSON holds it (a tuple comes back as a list).

        Raises:
            StepFailed: the function raised, or returned what JSON cannot hold.
        """
        step = self._desk.name("step")
        self._desk.entrust(step, function, args)
        self._desk.decide(ev.StepRequested, step=step, name=str(name))
        returned = await self._desk.expect("step", step)
        if returned.error_type:
            raise StepFailed(name, returned.error_type, returned.error)
        return returned.value

    # -- how the verbs wait ----------------------------------------------------------------

    def _alive(self) -> None:
        self._desk.attempt()
        if (ended := self._desk.call.ended) is not None:
            raise CallEnded(ended.by, ended.reason)

    def _require(self, *phases: Phase) -> None:
        self._alive()
        phase = self._desk.call.phase
        if phase not in phases:
            hint = " Do `await call.answer()` first." if phases == (Phase.ANSWERED,) else ""
            message = (
                f"Call {self.id} is {phase}, and this verb needs it {' or '.join(phases)}."
            )
            raise NotAllowedNow(message + hint)

    async def _media(self) -> None:
        self._require(Phase.ANSWERED)
        if not self._desk.call.media:
            await self._wait("media")

    async def _wait(self, *key: str) -> Any:
        try:
            return await self._desk.expect(*key)
        except asyncio.CancelledError:
            self._alive()
            raise

    async def _outlive(self) -> None:
        try:
            await self._desk.expect("ended")
        except CallEnded:
            if (task := asyncio.current_task()) is not None:
                task.uncancel()

    async def _prompt(self, *, source: str = "", text: str = "") -> Played:
        await self._media()
        prompt = self._desk.name("prompt")
        self._desk.decide(ev.PromptRequested, prompt=prompt, source=source, text=text)
        try:
            finished = await self._desk.expect("prompt", prompt)
        except asyncio.CancelledError:
            self._alive()
            self._desk.decide(ev.PromptStopRequested, prompt=prompt)
            raise
        if finished.outcome == "failed":
            raise InvalidAudio(finished.reason)
        return Played(finished.outcome, finished.played_ms)

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


def _is_text(value: object) -> bool:
    return isinstance(value, str)


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
    if not _is_text(finish_on) or set(finish_on) - KEYS:
        message = f"`finish_on` is keys of 0-9 * # A-D, not {finish_on!r}."
        raise InvalidInput(message)
