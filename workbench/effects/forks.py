"""Forks: the raw audio of a call for a consumer, on a thread of its own."""

import asyncio
import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.clock import SystemClock
from workbench.effects.stage import Stage
from workbench.engine.slices import Slice
from workbench.feed import MOST_WAITING, Feed, Gap

LATE_S = 5.0
"""After the end of a call: how long its last frames may be on their way."""

Consumer = Callable[[Feed], Any]


class ForkEffects(Stage):
    """What listens to calls."""

    @property
    def consuming(self) -> bool:
        """Whether a consumer is at work."""
        return bool(self._feeds)

    async def run(self) -> None:
        """Hear what the engine forks, and hand commands to it."""
        self._engine.hear(self.hear)
        await super().run()

    def entrust(self, call_id: str, fork: str, consumer: Consumer) -> None:
        """Keep the consumer of a fork that somebody outside is about to ask for."""
        self._consumers[call_id, fork] = consumer

    def hear(self, audio: Slice) -> None:
        """Take audio of the engine, on any thread (an `engine.slices.Take`)."""
        if (feed := self._feeds.get((audio.leg, audio.fork))) is not None:
            feed.put(audio)

    def _fork(self, call: Call, event: ev.ForkRequested) -> None:
        consumer = self._consumers.pop((call.id, event.fork), None)
        if consumer is None:
            consumer = self._runs[call.id].steps.pop(event.fork).function
        if call.ended is not None:
            self._finish_fork(call.id, event.fork, reason="the call had ended")
            return
        loop = asyncio.get_running_loop()

        def lost(gap: Gap) -> None:
            with suppress(RuntimeError):  # the bench is closed
                loop.call_soon_threadsafe(self._lost, call.id, event.fork, gap)

        # On a clock that is moved nobody can be slow.
        most = MOST_WAITING if isinstance(self._clock, SystemClock) else None
        feed = self._feeds[call.leg, event.fork] = Feed(lost, most)
        self._spawn(self._consume(call, event.fork, feed, consumer))
        self.ask(cm.Fork(leg=call.leg, fork=event.fork, direction=event.direction))

    def _stop_fork(self, call: Call, event: ev.ForkStopRequested) -> None:
        self.ask(cm.StopFork(leg=call.leg, fork=event.fork))

    def end_feed(self, finished: ev.ForkFinished) -> None:
        """Give a consumer its end whose fork could not begin."""
        call = self._switchboard.calls.get(finished.call_id)
        if call is not None and (feed := self._feeds.get((call.leg, finished.fork))):
            feed.close()

    def end_feeds(self, call: Call) -> None:
        """See to it that the consumers of a call that is over get their end."""
        for (leg, _), feed in self._feeds.items():
            if leg == call.leg:
                self._clock.call_later(LATE_S, feed.close)

    async def _consume(self, call: Call, fork: str, feed: Feed, consumer: Consumer) -> None:
        reason = ""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._listeners, _run, consumer, feed)
        except BaseException as error:
            if self._closing:
                raise
            reason = f"{type(error).__name__}: {error}"
        finally:
            early = not feed.over
            feed.close()
            self._feeds.pop((call.leg, fork), None)
        if early:
            self.ask(cm.StopFork(leg=call.leg, fork=fork))
        await asyncio.sleep(0)  # behind what was lost last
        reason = reason or ("its consumer returned" if early else "")
        self._finish_fork(call.id, fork, frames=feed.given, lost=feed.lost, reason=reason)

    def _lost(self, call_id: str, fork: str, gap: Gap) -> None:
        call = self._switchboard.calls.get(call_id)
        if call is not None and ("fork", fork) in call.open:
            fields = {"frames": gap.frames, "from_media_ms": gap.media_ms}
            self._switchboard.observe(call_id, ev.FramesLost, fork=fork, **fields)

    def _finish_fork(
        self, call_id: str, fork: str, *, frames: int = 0, lost: int = 0, reason: str = ""
    ) -> None:
        call = self._switchboard.calls.get(call_id)
        if call is not None and ("fork", fork) in call.open:
            fields = {"frames": frames, "lost": lost, "reason": reason}
            self._switchboard.observe(call_id, ev.ForkFinished, fork=fork, **fields)


def _run(consumer: Consumer, feed: Feed) -> None:
    outcome = consumer(feed)
    if inspect.isawaitable(outcome):
        asyncio.run(_finish(outcome))


async def _finish(outcome: Any) -> None:
    await outcome
