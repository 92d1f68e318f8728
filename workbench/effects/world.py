"""Timers and steps: what a flow wants of the clock and of the world."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import msgspec

from workbench import events as ev
from workbench.call import Call
from workbench.effects.streams import StreamEffects
from workbench.vault import secrets_in


class WorldEffects(StreamEffects):
    """What is waited for, and what is asked outside."""

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
        entrusted = self._runs[call.id].steps.pop(event.step)
        if event.streams:
            self._start_stream(call.id, event.step, entrusted)
        else:
            self._spawn(self._take_step(call.id, event.step, *entrusted))

    async def _take_step(
        self, call_id: str, step: str, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        vault, fields = self._switchboard.vault, {}
        try:
            value = await self._asked(function, *vault.opened(args))
            fields = {"value": msgspec.json.decode(msgspec.json.encode(value))}
        except BaseException as error:
            if self._closing:
                raise
            # Whatever it raises, `sys.exit` and a cancellation too, is the step's result.
            fields = {"error_type": type(error).__name__, "error": str(error)}
        if secrets := secrets_in(args):
            fields = vault.hidden(fields, secrets)
        self._switchboard.observe(call_id, ev.StepReturned, step=step, **fields)

    async def _asked(self, function: Callable[..., Any], *args: Any) -> Any:
        if inspect.iscoroutinefunction(function):
            return await function(*args)
        return await self._beside(function, *args)

    async def _beside(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._steps, function, *args)
