"""Simulated calls in one thread: the whole bench but its thread, on a clock that is moved."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from workbench import events as ev
from workbench.clock import ManualClock
from workbench.effects import Effects
from workbench.engine.loopback import Loopback
from workbench.flow import Flow
from workbench.flow_run import FlowRun
from workbench.policy import Policy
from workbench.prompts import PromptShelf, Voice
from workbench.runner import Runner
from workbench.shipped import shipped
from workbench.speech.ears import Ears
from workbench.store import CallLog
from workbench.switchboard import Switchboard

TURNS = 25
"""Turns of the loop after which everything that is ready has run."""


class Inline(Executor):
    """Runs what it is given at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed on, as every executor does
            future.set_exception(error)
        return future


class CommitAtOnce:
    """Commits in the thread that asks; `error` makes every later commit fail."""

    def __init__(self, log: CallLog) -> None:
        self.log = log
        self.error: BaseException | None = None

    def submit(
        self, events: Sequence[ev.Event], done: Callable[[BaseException | None], None]
    ) -> None:
        if self.error is None:
            self.log.put(events)
        done(self.error)


class Simulation:
    """A switchboard, a runner and a simulated engine; use it with `async with`."""

    def __init__(
        self,
        folder: Path,
        *,
        inbound: Flow | None = None,
        policy: Policy | None = None,
        ears: Ears | None = None,
        voice: Voice | None = None,
        files: Executor | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.engine = Loopback(self.clock)
        self.log = CallLog.open(folder)
        self.commit = CommitAtOnce(self.log)
        self.switchboard = Switchboard(self.commit, self.clock, policy=policy)
        runs: dict[str, FlowRun] = {}
        self.effects = Effects(
            self.switchboard, self.engine, self.clock, PromptShelf(self.log.prompts, voice),
            [shipped("recordings")], folder, files or Inline(), Inline(), runs, policy, ears,
        )  # fmt: skip
        self.runner = Runner(self.switchboard, self.effects, runs)
        self.runner.route = lambda _offered: inbound
        self.closed: list[str] = []
        self.switchboard.on_closed(self.closed.append)

    async def __aenter__(self) -> "Simulation":
        self.switchboard.start()
        await self.engine.start(self.switchboard.report)
        await self.engine.listen("127.0.0.1", 5060)
        self._commands = asyncio.get_running_loop().create_task(self.effects.run())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._commands.cancel()
        await asyncio.wait({self._commands})
        self.log.close()

    def dial(self, to: str, flow: Flow | None = None, call_id: str = "CA01") -> str:
        """Place a call."""
        if flow is not None:
            self.runner.assign(call_id, flow)
        self.switchboard.place(call_id, from_="", to=to, headers={}, ring_timeout_s=30.0)
        return call_id

    async def settle(self) -> None:
        """Let everything run that is ready."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def until(self, done: Callable[[], bool]) -> None:
        """Move the clock from timer to timer until something is so."""
        await self.settle()
        while not done():
            moved = self.clock.advance_to_next() or self.effects.consuming
            assert moved, f"Nothing is left to happen: {self.words()}"
            await self.settle()

    async def until_closed(self, calls: int = 1) -> list[list[ev.Event]]:
        """Move the clock until so many calls are closed; return their histories."""
        await self.until(lambda: len(self.closed) >= calls)
        return [self.log.history(call_id) for call_id in self.closed]

    def words(self) -> list[str]:
        """All events so far, by topic."""
        return [event.TOPIC for _, history in self.log.histories() for event in history]
