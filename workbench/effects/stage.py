"""What every effect stands on: the engine's queue, threads for files, tasks that are kept."""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from workbench import commands as cm
from workbench import events as ev
from workbench.clock import Clock, Timer
from workbench.effects.dialling import Dialling, Obeyed
from workbench.engine import Engine
from workbench.feed import Feed
from workbench.flow_run import FlowRun
from workbench.policy import Gatekeeper, Policy
from workbench.prompts import PromptShelf
from workbench.speech.ears import Ear, Ears, Names
from workbench.speech.scripted import ScriptedEars
from workbench.step_threads import StepThreads
from workbench.switchboard import Switchboard

logger = logging.getLogger(__name__)


class Stage:
    """What effects share."""

    def __init__(
        self,
        switchboard: Switchboard,
        engine: Engine,
        clock: Clock,
        shelf: PromptShelf,
        sounds: Sequence[Path],
        folder: Path,
        executor: Executor,
        steps: Executor,
        runs: dict[str, FlowRun],
        policy: Policy | None = None,
        ears: Ears | None = None,
    ) -> None:
        """Look for prompts in `sounds`, keep call audio in `folder`.

        Files are worked on by `executor`; `steps` runs what flows ask of the world. Without
        a policy only this machine may be called, without `ears` nothing is heard.
        """
        self._steps = steps
        self._switchboard = switchboard
        self._engine = engine
        self._clock = clock
        self._shelf, self._sounds = shelf, sounds
        self._folder = folder
        self._executor = executor
        self._runs = runs
        self._ears = ears or ScriptedEars()
        self._gatekeeper = Gatekeeper(policy or Policy())
        self._listeners = StepThreads()
        self._closing = False
        self._know_nothing()

    def _know_nothing(self) -> None:
        """Begin with no call and nothing under way."""
        self._commands: asyncio.Queue[cm.AnyCommand] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[tuple[str, str], Timer] = {}
        self._preparing: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._storing: set[tuple[str, str]] = set()
        self._placed: dict[str, ev.Placed] = {}
        self._limits: dict[str, Timer] = {}
        self._dials: dict[str, Dialling] = {}
        """Second legs that are not over, by the ids of their calls."""
        self._obeyed: dict[str, Obeyed] = {}
        """REFER requests that are obeyed, by the ids of the calls to their targets."""
        self._rooms: dict[str, list[str]] = {}
        """The calls in each conference."""
        self._slots: dict[str, tuple[str, str]] = {}
        """The call that waits in each slot, and the name of its waiting."""
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._consumers: dict[tuple[str, str], Callable[[Feed], Any]] = {}
        self._ends: dict[tuple[str, str], socket.socket] = {}
        """The engine's ends of talks that nobody has asked it for yet."""
        self._streaming: dict[tuple[str, str], asyncio.Task[None]] = {}
        """Steps that stream, by their calls and names."""
        self._given: dict[tuple[str, str], int] = {}
        """How many pieces each has given."""
        self._attending: dict[tuple[str, str], Ear] = {}
        self._names: dict[str, Names] = {}
        """Of utterances, by the ids of their calls."""

    async def run(self) -> None:
        """Hand commands to the engine, one after another, until cancelled."""
        try:
            while True:
                await self._execute(await self._commands.get())
        finally:
            self._closing = True
            for task in tuple(self._tasks):
                task.cancel()
            for run in self._runs.values():
                run.abandon()

    async def _execute(self, command: cm.AnyCommand) -> None:
        try:
            await self._engine.execute(command)
        except Exception:
            logger.exception("The engine failed at %s", command)

    def ask(self, command: cm.AnyCommand) -> None:
        """Queue a command for the engine."""
        self._commands.put_nowait(command)

    def _search(self, call_id: str) -> list[Path]:
        """Return where a relative path of a call's flow is looked for."""
        run = self._runs.get(call_id) or self._runs.get(self._parent_of(call_id))
        return [*([run.flow.folder] if run and run.flow else []), Path.cwd(), *self._sounds]

    def _parent_of(self, call_id: str) -> str:
        dialling = self._dials.get(call_id)
        return dialling.parent if dialling else ""

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)
