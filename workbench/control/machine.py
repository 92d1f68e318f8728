"""The verb that finds out who answered: a person, a machine, a fax, or nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from workbench import events as ev
from workbench.answering import AnsweringMachine, Maker, Thresholds, Verdict
from workbench.answering.greeting import Greeting
from workbench.answering.wordcount import WordCount
from workbench.control.desk import is_seconds, is_text
from workbench.control.listen import ListenVerbs
from workbench.errors import InvalidInput
from workbench.events.speech import AnsweredBy, Category

LONGEST_S = 600.0
SOONEST_MS = 20
"""From now to a moment that is waited for: a timer may fire a little early."""
DETECTORS: dict[str, Maker] = {made.name: made for made in (Greeting, WordCount)}
UNKNOWN = Verdict(answered_by="unknown", category="uncertain", reason="cancelled")
"""Of a detection that nobody waited for."""


class Answerer(msgspec.Struct, frozen=True, kw_only=True):
    """Who answered a call."""

    answered_by: AnsweredBy
    """`human`, `machine_start`, `machine_end_beep`, `machine_end_silence`,
    `machine_end_other`, `fax` or `unknown`."""
    category: Category
    """`human`, `machine-vm`, `machine-ivr`, `machine-unavailable` or `uncertain`."""
    reason: str
    """What decided."""
    text: str
    """What had been said until then."""
    decided_ms: int
    """How long it took."""

    @property
    def human(self) -> bool:
        """Whether it is a person."""
        return self.answered_by == "human"

    @property
    def machine(self) -> bool:
        """Whether it is a machine that speaks."""
        return self.answered_by.startswith("machine")


class MachineVerbs(ListenVerbs):
    """Who answers, when it may not be a person."""

    async def detect_machine(
        self,
        timeout: float = 30.0,  # noqa: ASYNC109 - part of what is put on record
        *,
        wait_for_beep: bool = False,
        detector: str | Maker = "greeting",
        **thresholds: float,
    ) -> Answerer:
        """Find out from what is heard who answered.

        Listens while it takes, unless the call is listened to already.

        Args:
            timeout: seconds after which the best guess is taken.
            wait_for_beep: wait for the end of a machine's greeting, to leave a message.
            detector: by name (`greeting`, `word-count`), or what makes an `AnsweringMachine`.
            thresholds: seconds, most by the names of Asterisk's AMD: `initial_silence`,
                `greeting`, `after_greeting_silence`, `introduction_silence`,
                `total_analysis_time`, `minimum_word_length`, `end_silence`; and
                `maximum_number_of_words`.

        Raises:
            InvalidInput: a time, name or detector that cannot be.
            NotAllowedNow: the call cannot be listened to.
        """
        made, limits = _checked(timeout, detector, thresholds)
        await self._media()
        detection = self._desk.name("detection")
        self._desk.decide(
            ev.MachineDetectionRequested, detection=detection, detector=made.name,
            detector_version=made.version, wait_for_beep=bool(wait_for_beep),
            timeout_s=float(timeout), thresholds=msgspec.structs.asdict(limits),
        )  # fmt: skip
        search, verdict = _Search(), UNKNOWN
        try:
            async with self._heard_meanwhile():
                search.start_ms = self._audio_ms()
                machine = made(limits, search.start_ms, wait_for_beep=bool(wait_for_beep))
                verdict = await self._until_known(machine, search, timeout)
        finally:
            self._desk.floor.turns.clear()  # the greeting is no answer to a later question
            found = _answerer(verdict, search, self._audio_ms())
            self._desk.decide(
                ev.AnswererDetected, detection=detection, **msgspec.structs.asdict(found)
            )
        return found

    @asynccontextmanager
    async def _heard_meanwhile(self) -> AsyncIterator[None]:
        if self._desk.call.listening:
            yield
            return
        listening = await self.listen()
        yield
        # Its last words may take a moment, for which nobody who has answered should wait.
        self._desk.decide(ev.ListenStopRequested, listening=listening)

    async def _until_known(
        self, machine: AnsweringMachine, search: "_Search", timeout_s: float
    ) -> Verdict:
        end_ms = search.start_ms + round(timeout_s * 1000)
        event: ev.Event | None = None
        alarm = _Alarm()
        try:
            while True:
                now_ms = self._audio_ms()
                if (verdict := machine.hear(event, now_ms)) is not None:
                    return verdict
                if now_ms >= end_ms:
                    return machine.give_up(now_ms)
                wake_ms = machine.wake_ms()
                alarm.set(end_ms if wake_ms is None else min(wake_ms, end_ms), now_ms)
                event = await self._next_heard(alarm)
                search.hear(event)
        finally:
            alarm.cancel()

    async def _next_heard(self, alarm: "_Alarm") -> ev.Event | None:
        waiting = {self._desk.expect("floor"), self._desk.expect("tone")}
        try:
            await asyncio.wait({*waiting, alarm.rung}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._alive()
            raise
        finally:
            for future in waiting:
                future.cancel()
        events = [future.result() for future in waiting if not future.cancelled()]
        return events[0] if events and _of_far_end(events[0]) else None

    def _audio_ms(self) -> int:
        return self._desk.call.media_ms(self._desk.now()) or 0


class _Search:
    """What is known while it goes on."""

    def __init__(self) -> None:
        self.start_ms = 0
        self._texts: dict[str, str] = {}

    def hear(self, event: ev.Event | None) -> None:
        if isinstance(event, ev.TranscriptUpdated | ev.TranscriptFinal):
            self._texts[event.utterance] = event.text

    @property
    def text(self) -> str:
        return " ".join(filter(None, self._texts.values()))


class _Alarm:
    """One timer at a time, set again only when its moment changes: each is on record."""

    def __init__(self) -> None:
        self._due_ms: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def set(self, due_ms: int, now_ms: int) -> None:
        if due_ms == self._due_ms and not self.rung.done():
            return
        self.cancel()
        loop = asyncio.get_running_loop()
        self._due_ms, self.rung = due_ms, loop.create_future()
        seconds = max(due_ms - now_ms, SOONEST_MS) / 1000
        self._timer = loop.call_later(seconds, self.rung.set_result, None)

    def cancel(self) -> None:
        if self._timer is not None and not self.rung.done():
            self._timer.cancel()
        self._timer = None


def _of_far_end(event: ev.Event) -> bool:
    return getattr(event, "track", "received") == "received"


def _answerer(verdict: Verdict, search: _Search, now_ms: int) -> Answerer:
    return Answerer(
        answered_by=verdict.answered_by,
        category=verdict.category,
        reason=verdict.reason,
        text=search.text,
        decided_ms=max(0, now_ms - search.start_ms),
    )


def _checked(
    timeout: Any, detector: Any, thresholds: dict[str, Any]
) -> tuple[Maker, Thresholds]:
    if not is_seconds(timeout, LONGEST_S):
        message = f"`timeout` is seconds, above 0 to {LONGEST_S:g}, not {timeout!r}."
        raise InvalidInput(message)
    made = DETECTORS.get(detector) if is_text(detector) else detector
    if not callable(made) or not is_text(getattr(made, "name", None)):
        message = (
            f"`detector` is one of {', '.join(DETECTORS)}, or makes an `AnsweringMachine` and "
            f"has a name and a version; {detector!r} is none."
        )
        raise InvalidInput(message)
    return made, _limits(thresholds)


def _limits(thresholds: dict[str, Any]) -> Thresholds:
    known = {name.removesuffix("_ms"): name for name in Thresholds.__struct_fields__}
    given: dict[str, int] = {}
    for name, value in thresholds.items():
        if name not in known:
            message = f"`detect_machine` has no threshold {name!r}; it has {', '.join(known)}."
            raise InvalidInput(message)
        if not is_seconds(value, LONGEST_S):
            message = f"`{name}` is a number above 0, {LONGEST_S:g} at most, not {value!r}."
            raise InvalidInput(message)
        in_ms = known[name].endswith("_ms")
        given[known[name]] = round(value * 1000) if in_ms else int(value)
    return Thresholds(**given)
