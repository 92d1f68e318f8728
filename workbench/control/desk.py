"""What every verb stands on: the run it belongs to, and how it waits for an event."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from workbench import events as ev
from workbench.call import Call, Phase
from workbench.control.floor import Floor
from workbench.errors import CallEnded, NotAllowedNow


class Desk(Protocol):
    """What the verbs need of the run that they belong to."""

    call: Call
    number: int
    """Which flow of the call it is, from 1."""
    digits: deque[str]
    floor: Floor
    """What the far end is saying."""
    pieces: dict[str, deque[Any]]
    """What steps that stream have given and nobody has taken yet, their ends included."""

    def name(self, kind: str) -> str:
        """Return the next name of this kind, the same in every replay."""

    def decide(self, kind: type[ev.Decision], **fields: Any) -> None:
        """Put a decision on record, with the line that asked for it."""

    def expect(self, *key: str) -> "asyncio.Future[Any]":
        """Return a future of the event that this key stands for."""

    def entrust(self, step: str, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Keep the function of a step for whoever runs the world."""

    def playing(self) -> list[str]:
        """Return the prompts that play or are about to."""

    def attempt(self) -> None:
        """Count a verb that may come to nothing."""

    def now(self) -> datetime:
        """Return the time of the event that is being handled."""


class Verbs:
    """The desk of the verbs, and how they wait."""

    def __init__(self, desk: Desk) -> None:
        """Belong to one run of one flow."""
        self._desk = desk

    @property
    def id(self) -> str:
        """The call's id."""
        return self._desk.call.id

    @property
    def ended(self) -> bool:
        """Whether the flow knows that the call is over."""
        return self._desk.call.ended is not None

    def _alive(self) -> None:
        self._desk.attempt()
        if (ended := self._desk.call.ended) is not None:
            raise CallEnded(ended.by, ended.reason)

    def _require(self, *phases: Phase) -> None:
        self._alive()
        phase = self._desk.call.phase
        if phase not in phases:
            early = Phase.ANSWERED in phases and phase in (Phase.OFFERED, Phase.RINGING)
            hint = " Do `await call.answer()` first." if early else ""
            message = (
                f"Call {self.id} is {phase}, and this verb needs it {' or '.join(phases)}."
            )
            raise NotAllowedNow(message + hint)

    async def _media(self) -> None:
        self._require(Phase.EARLY, Phase.ANSWERED)
        if not self._desk.call.media:
            await self._wait("media")

    async def _wait(self, *key: str) -> Any:
        try:
            return await self._desk.expect(*key)
        except asyncio.CancelledError:
            self._alive()
            raise

    async def _outlive(self, *key: str) -> Any:
        """Wait until the call is over, or for an event that says it will not be."""
        try:
            return await self._desk.expect(*(key or ("ended",)))
        except CallEnded:
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
            return None


def is_text(value: object) -> bool:
    """Tell whether a value is text, whatever its annotation promised."""
    return isinstance(value, str)


def is_seconds(value: object, most: float) -> bool:
    """Tell whether a value is a time above zero, and not too long."""
    return isinstance(value, int | float) and 0 < value <= most
