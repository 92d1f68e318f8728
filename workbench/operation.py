"""The bench's own thread: switchboard, runner, effects and engine on one asyncio loop.

A busy notebook cell never holds up a call, since nothing here runs on the cell's thread.
"""

import asyncio
import itertools
import logging
import threading
import uuid
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from workbench import commands as cm
from workbench import events as ev
from workbench.clock import Clock
from workbench.effects import Effects
from workbench.ending import lost_ends
from workbench.engine import Engine
from workbench.errors import NotAllowedNow
from workbench.extension import Extension
from workbench.feed import Feed
from workbench.flow import Flow
from workbench.flow_run import FlowRun
from workbench.outside import OutsideDesk
from workbench.policy import Policy
from workbench.prompts import PromptShelf
from workbench.runner import Runner
from workbench.speech.choice import Speech
from workbench.speech.listeners import Listeners
from workbench.step_threads import StepThreads
from workbench.store import CallLog, GroupCommit
from workbench.switchboard import Switchboard
from workbench.talking.desk import Desk

T = TypeVar("T")

logger = logging.getLogger(__name__)

GRACE_S = 5.0
"""Seconds that calls and flows get to end by themselves when the bench is closed."""

CLOSING_S = 30.0
"""Seconds after which a bench that cannot end is left behind."""

FILE_THREADS = 16
"""How many prompts and recordings may be worked on at once."""


class Operation:
    """Everything that is alive while a bench is open."""

    def __init__(
        self,
        log: CallLog,
        engine: Engine,
        clock: Clock,
        sounds: Sequence[Path],
        policy: Policy,
        speech: Speech,
    ) -> None:
        """Start the thread; it is ready when this returns. Prompts are looked for in `sounds`.

        Raises:
            EngineError: the engine cannot be started.
        """
        self._commit = GroupCommit(log.put)
        self._executor = ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="workbench-file")
        self.engine = engine
        self._clock = clock
        self.switchboard = Switchboard(
            self._commit, clock, salt=uuid.uuid4().hex, policy=policy
        )
        self._ears = speech.ears or Listeners(speech)
        self._early = speech.early
        runs: dict[str, FlowRun] = {}
        shelf = PromptShelf(log.prompts, speech.voice)
        self._effects = Effects(
            self.switchboard, engine, clock, shelf, sounds, log.folder,
            self._executor, StepThreads(), runs, policy, self._ears,
        )  # fmt: skip
        self._effects.redaction = speech.redact
        self.runner = Runner(self.switchboard, self._effects, runs)
        self.booths = Desk()  # where pages come in that speak into calls
        self._numbers = itertools.count(1)  # of what is asked from outside
        self._asked: set[asyncio.Task[Any]] = set()
        self._waiting: dict[str, list[Future[None]]] = {}
        self._placing: dict[str, Future[None]] = {}
        self.switchboard.subscribe(self._tell_placed)
        self.switchboard.on_closed(self._tell_waiting)
        self.switchboard.on_failure(self._fail)
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._live(ready)), name="workbench", daemon=True
        )
        self._thread.start()
        try:
            ready.result()
        except BaseException:
            self._commit.close()
            self._executor.shutdown(wait=False)
            raise

    # -- asked from any thread -------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the bench's thread and wait for it.

        Raises:
            NotAllowedNow: asked on the bench's thread itself, which would wait for ever.
        """
        if threading.current_thread() is self._thread:
            work.close()
            message = (
                "This was asked on the thread that runs all calls (by a flow or a subscriber), "
                "which cannot wait for itself: ask from a step, or from another thread."
            )
            raise NotAllowedNow(message)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def closed(self, call_id: str) -> Future[None]:
        """Return a future that is done when the call is over and all of it on record."""
        future: Future[None] = Future()
        self._loop.call_soon_threadsafe(self._wait_for, call_id, future)
        return future

    async def place(self, flow: Flow | None, **fields: Any) -> str:
        """Begin a call; return its id once the beginning is on record.

        Raises:
            StoreError: it cannot be recorded; nobody is called.
        """
        self._check()
        call_id = f"CA{uuid.uuid4().hex}"
        placed: Future[None] = Future()
        if flow is not None:
            self.runner.assign(call_id, flow)
        self._placing[call_id] = placed
        self.switchboard.place(call_id, **fields)
        await asyncio.wrap_future(placed)
        return call_id

    async def listen(self, host: str, port: int, transport: str = "udp") -> tuple[str, int]:
        """Take calls at an address; return where."""
        self._check()
        return await self.engine.listen(host, port, transport)

    async def fork(
        self, call_id: str, name: str, consumer: Callable[[Feed], Any], direction: str
    ) -> str:
        """Give the raw audio of a call to a consumer; return the fork's name."""
        call = self.switchboard.calls.get(call_id)
        if call is None or call.ended is not None:
            raise NotAllowedNow(f"Call {call_id} is over: there is no audio to fork.")
        fork = f"listener-{next(self._numbers)}"
        self._effects.entrust(call_id, fork, consumer)
        fields = {"fork": fork, "name": str(name), "direction": direction}
        self.switchboard.order(call_id, ev.ForkRequested, **fields)
        return fork

    async def stop_fork(self, call_id: str, fork: str) -> None:
        """End a fork; does nothing when it is over."""
        call = self.switchboard.calls.get(call_id)
        if call is not None and ("fork", fork) in call.open:
            self.switchboard.order(call_id, ev.ForkStopRequested, fork=fork)

    async def talk(self, call_id: str, name: str) -> Extension:
        """Let somebody talk on a call, by a socket; return their side of it.

        Raises:
            NotAllowedNow: the call is not up, or the engine has no port for it.
        """
        self._check()
        talk = f"talk-{next(self._numbers)}"
        desk = OutsideDesk(call_id, self.switchboard)
        end = await self._done(self._begin(desk.talk(talk, name, self._effects.entrust_end)))
        return Extension(call_id, talk, end, lambda: self._stop_talking(call_id, talk))

    def _stop_talking(self, call_id: str, talk: str) -> None:
        """End a talk, from any thread; does not wait."""
        with suppress(RuntimeError):  # the bench is closed, and the talk over
            self._loop.call_soon_threadsafe(self._stop_talk, call_id, talk)

    def _stop_talk(self, call_id: str, talk: str) -> None:
        call = self.switchboard.calls.get(call_id)
        if call is not None and call.ended is None and ("talk", talk) in call.open:
            self.switchboard.order(call_id, ev.TalkStopRequested, talk=talk)

    async def ask(
        self, call_id: str, verb: str, args: Any, options: dict[str, Any], *, wait: bool
    ) -> Any:
        """Let a verb be carried out from outside of a flow; without `wait` only begin it.

        Raises:
            NotAllowedNow: the state of the call does not allow it.
            InvalidInput: an argument cannot be used.
        """
        self._check()
        desk = OutsideDesk(call_id, self.switchboard)
        work = self._begin(desk.take(verb, args, options))
        if not wait:
            await asyncio.sleep(0)
        return await self._done(work) if wait or work.done() else None

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._asked.add(task)
        task.add_done_callback(self._let_be)
        return task

    async def _done(self, work: asyncio.Task[T]) -> T:
        try:
            return await work
        except asyncio.CancelledError:
            self._check()
            raise

    def _let_be(self, work: asyncio.Task[Any]) -> None:
        # Perhaps nobody waits for it: what became of it, as of keys when the call ends, is on
        # record.
        self._asked.discard(work)
        if not work.cancelled():
            work.exception()

    async def replace_flow(self, call_id: str, flow: Flow) -> None:
        """Let another flow take a call over while it goes on.

        Raises:
            NotAllowedNow: the call is over, or its flow is.
        """
        self._check()
        self.runner.replace(call_id, f"change-o{next(self._numbers)}", flow)

    def show_out(self, talk: str) -> None:
        """Let a page speak no more, from any thread; does not wait."""
        with suppress(RuntimeError):  # the thread is over, and every page out
            self._loop.call_soon_threadsafe(self.booths.shut, talk)

    def request_hang_up(self, call_id: str) -> None:
        """End a call from outside of its flow, from any thread; does not wait."""
        self._loop.call_soon_threadsafe(self._hang_up, call_id)

    def _hang_up(self, call_id: str) -> None:
        call = self.switchboard.calls.get(call_id)
        if call is not None and call.ended is None:
            self.switchboard.order(call_id, ev.HangupRequested)

    def close(self) -> None:
        """End every call, then the engine, then the thread; what is on record stays."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(CLOSING_S)
        if self._thread.is_alive():
            logger.error("A flow holds the bench's thread; it is left behind.")
        self._commit.close()
        self._executor.shutdown(wait=False, cancel_futures=True)

    # -- on the bench's thread -------------------------------------------------------------

    async def _live(self, ready: "Future[None]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.switchboard.start()
        try:
            await self.engine.start(self.switchboard.report)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            ready.set_exception(error)
            return
        if self._early:
            self._ears.open()
        async with asyncio.TaskGroup() as tasks:
            commands = tasks.create_task(self._effects.run())
            ready.set_result(None)
            await self._stop.wait()
            await self._end_all()
            commands.cancel()

    async def _end_all(self) -> None:
        for call_id in tuple(self.switchboard.calls):
            self._hang_up(call_id)
        await self._all_closed()
        await self.booths.close()
        await self.engine.close()
        await self._all_closed()
        await self._ears.close()
        for call in tuple(self.switchboard.calls.values()):
            for kind, fields in lost_ends(call):
                self.switchboard.observe(call.id, kind, **fields)

    async def _all_closed(self) -> None:
        futures = [
            asyncio.wrap_future(self._waiting_for(call)) for call in self.switchboard.calls
        ]
        if futures and self.switchboard.failure is None:
            await asyncio.wait(futures, timeout=GRACE_S)

    def _check(self) -> None:
        if (failure := self.switchboard.failure) is not None:
            raise failure

    def _waiting_for(self, call_id: str) -> "Future[None]":
        future: Future[None] = Future()
        self._wait_for(call_id, future)
        return future

    def _wait_for(self, call_id: str, future: "Future[None]") -> None:
        if self.switchboard.failure is not None:
            future.set_exception(self.switchboard.failure)
        elif self.switchboard.is_open(call_id):
            self._waiting.setdefault(call_id, []).append(future)
        else:
            future.set_result(None)

    def _tell_waiting(self, call_id: str) -> None:
        for future in self._waiting.pop(call_id, []):
            # One that was cancelled is waited for by nobody.
            if future.set_running_or_notify_cancel():
                future.set_result(None)

    def _tell_placed(self, event: ev.Event) -> None:
        if isinstance(event, ev.Placed):
            placed = self._placing.pop(event.call_id, None)
            if placed is not None:  # a flow's own second leg is awaited by nobody
                placed.set_result(None)

    def _fail(self, error: BaseException) -> None:
        # Nothing may happen that cannot be recorded: every call is ended at once.
        logger.error("Nothing can be recorded any more, all calls are ended: %s", error)
        for call in self.switchboard.calls.values():
            self._effects.ask(cm.Hangup(leg=call.leg))
        waiting = [future for futures in self._waiting.values() for future in futures]
        for future in [*waiting, *self._placing.values()]:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
        for work in self._asked:
            work.cancel()  # what it waits for will never be on record
        self._waiting.clear()
        self._placing.clear()
