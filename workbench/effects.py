"""Carries out what was decided: commands to the engine, prompts, recordings, timers, steps.

It hears of a decision only when it is durable, and whatever it begins it also ends on
record, however that goes.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import msgspec

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.clock import Clock, Timer
from workbench.engine import Engine
from workbench.errors import WorkbenchError
from workbench.flow_run import FlowRun
from workbench.prompts import PreparedPrompt, PromptShelf
from workbench.recording import StoredAudio, store_recording
from workbench.switchboard import Switchboard

logger = logging.getLogger(__name__)


class Effects:
    """What decided events do in the world."""

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
        runs: Mapping[str, FlowRun],
    ) -> None:
        """Look for prompts in `sounds`, keep call audio in `folder`.

        Files are worked on by `executor`; `steps` runs what flows ask of the world.
        """
        self._steps = steps
        self._switchboard = switchboard
        self._engine = engine
        self._clock = clock
        self._shelf, self._sounds = shelf, sounds
        self._folder = folder
        self._executor = executor
        self._runs = runs
        self._commands: asyncio.Queue[cm.AnyCommand] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[tuple[str, str], Timer] = {}
        self._preparing: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._closing = False

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

    def carry_out(self, event: ev.Event) -> None:
        """Do what a committed decision asks for."""
        if isinstance(event, ev.TimerCancelled):
            self._cancel_timer(event)
            return
        call = self._switchboard.calls.get(event.call_id)
        effect = _EFFECTS.get(type(event))
        if call is not None and effect is not None:
            effect(self, call, event)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)

    def dial(self, placed: ev.Placed) -> None:
        """Ask the engine for the call whose beginning is on record."""
        self.ask(
            cm.Dial(
                leg=placed.leg,
                uri=placed.to,
                from_=placed.from_,
                headers=placed.headers,
                ring_timeout_s=placed.ring_timeout_s,
            )
        )

    async def _beside(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._steps, function, *args)

    # -- the leg ---------------------------------------------------------------------------

    def _ring(self, call: Call, _event: ev.RingRequested) -> None:
        self.ask(cm.Ring(leg=call.leg))

    def _answer(self, call: Call, _event: ev.AnswerRequested) -> None:
        self.ask(cm.Answer(leg=call.leg))

    def _reject(self, call: Call, event: ev.RejectRequested) -> None:
        self.ask(cm.Reject(leg=call.leg, sip_code=event.sip_code))

    def _hang_up(self, call: Call, _event: ev.HangupRequested) -> None:
        self.ask(cm.Hangup(leg=call.leg))

    def _send_digits(self, call: Call, event: ev.DigitsRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
        else:
            self.ask(cm.SendDigits(leg=call.leg, sending=event.sending, digits=event.digits))

    # -- prompts ---------------------------------------------------------------------------

    def _prompt(self, call: Call, event: ev.PromptRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
            return
        for key in [key for key in self._preparing if key[0] == call.id]:
            self._forget(key, "another prompt replaced it")
        task = self._spawn(self._play(call, event))
        self._preparing[call.id, event.prompt] = task

    def _stop_prompt(self, call: Call, event: ev.PromptStopRequested) -> None:
        if not self._forget((call.id, event.prompt), "it was stopped"):
            self.ask(cm.Stop(leg=call.leg, prompt=event.prompt))

    def _forget(self, key: tuple[str, str], reason: str) -> bool:
        task = self._preparing.pop(key, None)
        if task is None:
            return False
        task.cancel()
        self._prompt_failed(*key, "interrupted", reason)
        return True

    async def _play(self, call: Call, event: ev.PromptRequested) -> None:
        key = call.id, event.prompt
        try:
            prepared = await self._in_thread(self._prepare, call.id, event)
        except Exception as error:
            # Whatever it is, the prompt has an end on record.
            if not isinstance(error, WorkbenchError):
                logger.exception("Call %s: a prompt could not be prepared", call.id)
            self._prompt_failed(*key, "failed", str(error) or type(error).__name__)
        else:
            self._switchboard.describe_prompt(*key, prepared.audio, prepared.duration_ms)
            path = str(prepared.path)
            self.ask(cm.Play(leg=call.leg, prompt=event.prompt, path=path))
        finally:
            self._preparing.pop(key, None)

    def _prepare(self, call_id: str, event: ev.PromptRequested) -> PreparedPrompt:
        if event.text:
            return self._shelf.from_text(event.text)
        run = self._runs.get(call_id)
        beside = [run.flow.folder] if run else []
        return self._shelf.from_file(event.source, [*beside, Path.cwd(), *self._sounds])

    def _prompt_failed(self, call_id: str, prompt: str, outcome: str, reason: str) -> None:
        call = self._switchboard.calls.get(call_id)
        if call is not None and ("prompt", prompt) in call.open:
            fields = {"outcome": outcome, "played_ms": 0, "reason": reason}
            self._switchboard.observe(call_id, ev.PromptFinished, prompt=prompt, **fields)

    # -- recordings ------------------------------------------------------------------------

    def _record(self, call: Call, event: ev.RecordRequested) -> None:
        if call.ended is not None:
            self._recording_failed(call.id, event.recording, "the call had ended")
            return
        received, sent = live_paths(self._folder, call.id, event.recording)
        self.ask(
            cm.Record(
                leg=call.leg,
                recording=event.recording,
                received_path=str(received),
                sent_path=str(sent),
            )
        )

    def store_open(self, call: Call) -> None:
        """Store the recordings of a call that has just ended."""
        for kind, recording in tuple(call.open):
            if kind == "recording":
                self._spawn(self._store(call, recording))

    def clear(self, stored: ev.RecordingStored) -> None:
        """Remove the live files of a recording whose storing is on record."""
        clear_live(self._folder, stored)

    def _recording_failed(self, call_id: str, recording: str, reason: str) -> None:
        fields = {"recording": recording, "reason": reason}
        self._switchboard.observe(call_id, ev.RecordingFailed, **fields)

    async def _store(self, call: Call, recording: str) -> None:
        try:
            stored = await self._in_thread(store_live, self._folder, call.id, recording)
        except Exception as error:
            if not isinstance(error, WorkbenchError):
                logger.exception("Call %s: a recording could not be stored", call.id)
            self._recording_failed(call.id, recording, str(error) or type(error).__name__)
        else:
            self._switchboard.observe(
                call.id, ev.RecordingStored, recording=recording, audio=stored.audio,
                duration_ms=stored.duration_ms,
                start_media_ms=call.recording_starts.get(recording, 0),
            )  # fmt: skip

    # -- timers and steps ------------------------------------------------------------------

    def _timer(self, call: Call, event: ev.TimerRequested) -> None:
        if ("timer", event.timer) not in call.open:
            return
        left = event.seconds - (self._clock.now() - event.at).total_seconds()
        self._timers[call.id, event.timer] = self._clock.call_later(
            max(0.0, left), lambda: self._fire(call.id, event.timer)
        )

    def _fire(self, call_id: str, timer: str) -> None:
        self._timers.pop((call_id, timer), None)
        call = self._switchboard.calls.get(call_id)
        if call is not None and ("timer", timer) in call.open:
            self._switchboard.observe(call_id, ev.TimerFired, timer=timer)

    def _cancel_timer(self, event: ev.TimerCancelled) -> None:
        # The call may be closed by now, and its timer would wait on all the same.
        if (timer := self._timers.pop((event.call_id, event.timer), None)) is not None:
            timer.cancel()

    def _step(self, call: Call, event: ev.StepRequested) -> None:
        function, args = self._runs[call.id].steps.pop(event.step)
        self._spawn(self._take_step(call.id, event.step, function, args))

    async def _take_step(
        self, call_id: str, step: str, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        try:
            if inspect.iscoroutinefunction(function):
                value = await function(*args)
            else:
                value = await self._beside(function, *args)
            fields = {"value": msgspec.json.decode(msgspec.json.encode(value))}
        except BaseException as error:
            if self._closing:
                raise
            # Whatever it raises, `sys.exit` and a cancellation too, is the step's result.
            fields = {"error_type": type(error).__name__, "error": str(error)}
        self._switchboard.observe(call_id, ev.StepReturned, step=step, **fields)


def live_paths(folder: Path, call_id: str, recording: str) -> tuple[Path, Path]:
    """Return where a recording lies while its call is up: received, sent."""
    stem = folder / "live" / f"{call_id}-{recording}"
    return Path(f"{stem}-received.wav"), Path(f"{stem}-sent.wav")


def store_live(folder: Path, call_id: str, recording: str) -> StoredAudio:
    """Join the two directions of a recording; `clear_live` follows when that is on record.

    Raises:
        InvalidAudio: no audio was written.
    """
    return store_recording(*live_paths(folder, call_id, recording), folder / "recordings")


def clear_live(folder: Path, stored: ev.RecordingStored) -> None:
    """Remove what lay in `live/` of a recording that is stored."""
    for path in live_paths(folder, stored.call_id, stored.recording):
        path.unlink(missing_ok=True)


_EFFECTS: dict[type[ev.Event], Callable[[Effects, Call, Any], None]] = {
    ev.RingRequested: Effects._ring,
    ev.AnswerRequested: Effects._answer,
    ev.RejectRequested: Effects._reject,
    ev.HangupRequested: Effects._hang_up,
    ev.DigitsRequested: Effects._send_digits,
    ev.PromptRequested: Effects._prompt,
    ev.PromptStopRequested: Effects._stop_prompt,
    ev.RecordRequested: Effects._record,
    ev.TimerRequested: Effects._timer,
    ev.StepRequested: Effects._step,
}
