"""The verbs that give a call's raw audio to a consumer."""

from collections.abc import Callable
from typing import Any

from workbench import events as ev
from workbench.control.desk import Verbs
from workbench.errors import InvalidInput, NotAllowedNow

DIRECTIONS = ("received", "sent", "both")


class ForkVerbs(Verbs):
    """Raw audio, 20 ms at a time."""

    async def fork(
        self, name: str, consumer: Callable[[Any], Any], direction: str = "both"
    ) -> str:
        """Give the raw audio to `consumer` from now to the call's end; return the fork's name.

        The consumer is called once, outside of the flow and on a thread of its own, with an
        iterator of `AudioFrame`; it may be `async`, and then uses `async for`. In a replay it
        is not called.

        Args:
            name: what the fork is for, for the record.
            consumer: what takes the frames.
            direction: `received`, `sent` or `both`.

        Raises:
            InvalidInput: the consumer or the direction cannot be used.
            NotAllowedNow: the audio cannot be forked; the message says why.
        """
        check(consumer, direction)
        await self._media()
        fork = self._desk.name("fork")
        self._desk.entrust(fork, consumer, ())
        self._desk.decide(ev.ForkRequested, fork=fork, name=str(name), direction=direction)
        started = await self._wait("fork", fork)
        if isinstance(started, ev.ForkFinished):
            raise NotAllowedNow(f"Call {self.id} cannot be forked: {started.reason}.")
        return fork

    async def stop_fork(self, fork: str) -> None:
        """End a fork, and wait until its consumer is done."""
        self._alive()
        if fork not in self._desk.call.forking:
            raise NotAllowedNow(f"Call {self.id} has no fork {fork!r} that runs.")
        self._desk.decide(ev.ForkStopRequested, fork=fork)
        await self._wait("fork_finished", fork)


def check(consumer: Any, direction: Any) -> None:
    """Refuse what cannot consume, or is no direction.

    Raises:
        InvalidInput: which, and what to give instead.
    """
    if not callable(consumer):
        message = f"A consumer is a function of an iterator of frames, not {consumer!r}."
        raise InvalidInput(message)
    if direction not in DIRECTIONS:
        message = f"`direction` is one of {', '.join(DIRECTIONS)}, not {direction!r}."
        raise InvalidInput(message)
