"""Barge-in: prompts that stop as soon as the far end speaks or presses a key over them.

What counts is only what is on record: speech that began, words that were made out, keys,
and timers of the call. So a replay stops the same prompts at the same events.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from numbers import Integral
from typing import Any, Literal, Self

import msgspec

from workbench import events as ev
from workbench.control.desk import Desk, Verbs
from workbench.errors import InvalidAudio, InvalidInput

SETTLE_S = 3.0
"""Seconds after the end of speech by which its words must have come, or it was none."""

Interrupter = Literal["", "speech", "digits"]


class BargeIn(msgspec.Struct, frozen=True, kw_only=True):
    """When the far end interrupts a prompt: by speech so long and of so many words, by keys.

    A whole turn of `min_words` words interrupts however short it was.
    """

    min_ms: int = 0
    """Milliseconds of speech, without a pause, that interrupt."""
    min_words: int = 0
    """Words that must have been made out by then; 0 does not wait for words."""
    digits: bool = True
    """Whether a key interrupts."""
    resume: bool = True
    """Whether the prompt goes on where it stopped when the speech was no words."""


class Played(msgspec.Struct, frozen=True):
    """How a prompt ended."""

    outcome: str
    """`completed` or `interrupted`."""
    played_ms: int
    """Milliseconds of it that were really played."""
    heard: str = ""
    """The words of it that left whole, of a text that was spoken."""
    interrupted_by: Interrupter = ""
    """`speech` or `digits` of the far end; empty for everything else that stopped it."""


class Alarm:
    """A timer of the call as a future that is done when it fires."""

    def __init__(self, seconds: float) -> None:
        """Fire in so many seconds."""
        loop = asyncio.get_running_loop()
        self.rung: asyncio.Future[None] = loop.create_future()
        self._timer = loop.call_later(seconds, self._ring)

    def __enter__(self) -> Self:
        """Be forgotten when the block is left."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Forget the timer."""
        self._timer.cancel()

    def _ring(self) -> None:
        if not self.rung.done():
            self.rung.set_result(None)


class Interruption:
    """Whether what the far end does over a prompt interrupts it."""

    def __init__(self, desk: Desk, rule: BargeIn) -> None:
        """Count from now: what is over already interrupts nothing."""
        self._desk, self._floor, self._rule = desk, desk.floor, rule
        self._ignored = desk.floor.ended()
        self._turns, self._failures = len(desk.floor.turns), desk.floor.failures
        self._digits = len(desk.digits)

    def by(self) -> Interrupter:
        """Return who interrupts the prompt at this moment, if anybody does."""
        if self._rule.digits and len(self._desk.digits) > self._digits:
            return "digits"
        return "speech" if self._has_turn() or self._is_spoken_over() else ""

    async def while_playing(self, playing: "asyncio.Task[Any]") -> Interrupter:
        """Wait until the prompt is over or interrupted; return by whom."""
        while not playing.done():
            if by := self.by():
                return by
            await stirred(self._desk, playing)
        return ""

    async def is_meant(self) -> bool:
        """Wait until the speech turns out to be words; False when it was a noise."""
        while self._rule.resume and self._floor.knows_words:
            if self._floor.words(self._ignored) or self._has_turn() or self._was_lost():
                return True
            if not self._floor.utterances.keys() - self._ignored:
                return False
            patience = None if self._floor.speaking else SETTLE_S
            if not await stirred(self._desk, seconds=patience):
                return False
            if self._rule.digits and len(self._desk.digits) > self._digits:
                return True
        return True

    def go_on(self) -> None:
        """Let what turned out to be a noise interrupt no more."""
        self._ignored |= self._floor.ended()

    def forget(self) -> None:
        """Forget what was said over the prompt without interrupting it."""
        del self._floor.turns[self._turns :]

    def _is_spoken_over(self) -> bool:
        if self._floor.lasted_ms(self._ignored) < self._rule.min_ms:
            return False
        return self._floor.words(self._ignored) >= self._rule.min_words

    def _has_turn(self) -> bool:
        enough = max(1, self._rule.min_words)
        return any(turn.words >= enough for turn in self._floor.turns[self._turns :])

    def _was_lost(self) -> bool:
        return self._floor.failures > self._failures


class BargeInVerbs(Verbs):
    """Prompts that may be interrupted."""

    async def _interruptible(
        self, rule: BargeIn, expected: dict[str, Any] | None = None, **asked: Any
    ) -> Played:
        await self._media()
        self._be_listened_to()
        self._expect(**(expected or {}), lasting_ms=rule.min_ms)
        interruption = Interruption(self._desk, rule)
        whole = await self._until_interrupted(interruption, asked)
        while whole.interrupted_by == "speech" and not await interruption.is_meant():
            interruption.go_on()
            rest = asked | {"skip_ms": whole.played_ms}
            whole = joined(whole, await self._until_interrupted(interruption, rest))
        if whole.interrupted_by != "speech":
            interruption.forget()
        return whole

    async def _until_interrupted(
        self, interruption: Interruption, asked: dict[str, Any]
    ) -> Played:
        if by := interruption.by():
            return Played("interrupted", 0, interrupted_by=by)
        prompt = self._desk.name("prompt")
        async with self._beside(self._prompt(prompt=prompt, **asked)) as playing:
            if by := await interruption.while_playing(playing):
                self._desk.decide(ev.PromptStopRequested, prompt=prompt)
                await asyncio.wait({playing})
        played: Played = playing.result()
        by = by if played.outcome == "interrupted" else ""
        return msgspec.structs.replace(played, interrupted_by=by)

    def _be_listened_to(self, hints: tuple[str, ...] = ()) -> None:
        floor = self._desk.floor
        if not floor.listening and not floor.asked:
            floor.asked = self._desk.name("listening")
            self._desk.decide(ev.ListenRequested, listening=floor.asked, hints=hints)

    def _expect(self, **expected: Any) -> None:
        floor = self._desk.floor
        unusual = {name: value for name, value in expected.items() if value not in (0, "any")}
        if floor.listener and unusual != floor.expected:
            floor.expected = unusual
            self._desk.decide(ev.SpeechExpected, listening=floor.listener, **unusual)

    async def _prompt(self, *, prompt: str = "", **asked: Any) -> Played:
        await self._media()
        prompt = prompt or self._desk.name("prompt")
        self._desk.decide(ev.PromptRequested, prompt=prompt, **asked)
        try:
            finished = await self._desk.expect("prompt", prompt)
        except asyncio.CancelledError:
            self._alive()
            self._desk.decide(ev.PromptStopRequested, prompt=prompt)
            raise
        if finished.outcome == "failed":
            raise InvalidAudio(finished.reason)
        return Played(finished.outcome, finished.played_ms, finished.heard)

    @asynccontextmanager
    async def _beside(
        self, work: Coroutine[Any, Any, Any]
    ) -> AsyncIterator["asyncio.Task[Any]"]:
        task = asyncio.get_running_loop().create_task(work)
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait({task})


async def stirred(
    desk: Desk, *others: "asyncio.Future[Any]", seconds: float | None = None
) -> bool:
    """Wait until speech or a key is heard, or one of the others is done; False after a time."""
    heard = [desk.expect("floor"), desk.expect("digit")]
    try:
        if seconds is None:
            await asyncio.wait({*heard, *others}, return_when=asyncio.FIRST_COMPLETED)
            return True
        with Alarm(seconds) as alarm:
            waiting = {*heard, *others, alarm.rung}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return not alarm.rung.done()
    finally:
        for future in heard:
            future.cancel()


def joined(begin: Played, rest: Played) -> Played:
    """Return how a prompt went that was interrupted and went on."""
    return msgspec.structs.replace(
        rest,
        played_ms=begin.played_ms + rest.played_ms,
        heard=f"{begin.heard} {rest.heard}".strip(),
    )


def as_rule(barge_in: Any) -> BargeIn | None:
    """Return the rule that `barge_in` stands for; None when nothing may interrupt.

    Raises:
        InvalidInput: it is neither True, False nor a `BargeIn` of counts.
    """
    if barge_in is True or barge_in is False:
        return BargeIn() if barge_in else None
    if not isinstance(barge_in, BargeIn):
        message = f"`barge_in` is True, False or a BargeIn, not {barge_in!r}."
        raise InvalidInput(message)
    _check_counts(barge_in.min_ms, barge_in.min_words)
    return barge_in


def _check_counts(*counts: Any) -> None:
    for count in counts:
        if not isinstance(count, Integral) or int(count) < 0:
            message = f"A BargeIn takes counts from 0, not {count!r}."
            raise InvalidInput(message)
