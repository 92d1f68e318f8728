"""One run of one flow on one call, without any input or output of its own.

Recorded events go in, drafts of decided events come out; live calls, the simulator and
every replay drive this same class.
"""

import asyncio
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from workbench import events as ev
from workbench import flow_loop
from workbench.asking import NOWHERE, AskedAt, asked_line, short_name
from workbench.call import Call
from workbench.clock import EPOCH
from workbench.control import CallControl, Floor
from workbench.errors import CallEnded, InvalidInput
from workbench.flow import Flow
from workbench.flow_loop import SpinningFlow
from workbench.hearing import Hearing

LIVES_TO_TELL = 50
"""Rounds of cancelling that a flow gets to end its remaining tasks."""

MOST_AFTER_END = 1000
"""Decisions after the end of the call beyond which a flow is taken never to end."""


class Draft(NamedTuple):
    """A decision that the switchboard has still to record."""

    kind: type[ev.Decision]
    caused_by: int
    fields: dict[str, Any]
    flow: Flow | None = None
    """None when somebody outside decided."""
    asked_at: AskedAt = NOWHERE

    def columns(self) -> dict[str, Any]:
        """Return the fields of the event, its cause included."""
        file, line = self.asked_at
        cause = {"caused_by": self.caused_by, "file": file, "line": line}
        if self.flow is not None:
            cause |= {"flow": self.flow.name, "flow_version": self.flow.version}
        return cause | self.fields


class Entrusted(NamedTuple):
    """The function of a step, for whoever runs the world."""

    function: Callable[..., Any]
    args: tuple[Any, ...]


class FlowRun:
    """Folds what is delivered, wakes the flow, and collects what it decides."""

    def __init__(
        self, flow: Flow | None, call_id: str, *, lines: bool = True, number: int = 1
    ) -> None:
        """Wait for the first event; the flow, if there is one, starts with `start`.

        Without `lines` no decision names its line, which is much of the work. `number` tells
        the flows apart that one call has one after another.
        """
        self.flow, self.number = flow, number
        self.call = Call(call_id)
        self.digits: deque[str] = deque()
        self.floor = Floor()
        self.steps: dict[str, Entrusted] = {}
        self.pieces: dict[str, deque[Any]] = {}
        self.finished = False
        self._asked_line = asked_line if lines else _unasked
        self._loop = flow_loop.FlowLoop(self._timer_started, self._timer_cancelled, lines=lines)
        self._control = CallControl(self)
        self._task: asyncio.Task[Any] | None = None
        self._event: ev.Event | None = None
        self._drafts: list[Draft] = []
        self._counts: dict[str, int] = {}
        self._hearing = Hearing(self._loop.create_future)
        self._timers: dict[asyncio.TimerHandle, str] = {}
        self._attempts = self._decisions_after_end = 0
        self._lines = lines

    @property
    def started(self) -> bool:
        """Whether the flow has begun."""
        return self._task is not None

    # -- the driver's side -----------------------------------------------------------------

    def fold(self, event: ev.Event) -> None:
        """Take note of an event from before the flow started."""
        self.call.apply(event)
        self.floor.fold(event)
        if isinstance(event, ev.DigitReceived):
            self.digits.append(event.digit)
        elif isinstance(event, ev.StepYielded | ev.StepReturned) and event.step in self.pieces:
            self.pieces[event.step].append(event)

    def start(self, event: ev.Event) -> list[Draft]:
        """Start the flow; this event, taken note of already, is the cause."""
        assert self.flow is not None
        self._event = event
        self.decide(ev.FlowStarted)
        # No line of it asked; with where it begins, its lines are found in its source.
        self._drafts[-1] = self._drafts[-1]._replace(asked_at=self.flow.begins)
        self._task = self._loop.create_task(_run(self.flow, self._control), name=self.flow.name)
        return self._turn()

    def deliver(self, event: ev.Event) -> list[Draft]:
        """Give the flow its next observed event; return what it decides because of it."""
        self.fold(event)
        if self.finished or not self._hear(event):
            return []
        self._event = event
        return self._turn()

    def note(self, event: ev.Decision) -> None:
        """Take note of what somebody outside of the flow decided; it wakes nobody."""
        self.floor.fold(event)
        self._hearing.asked(type(event), getattr(event, "prompt", ""))

    def hear(self, event: ev.Event) -> list[Draft]:
        """Take the next event of the call, of whatever kind, as a replay has them."""
        if isinstance(event, ev.FlowReplaceRequested):
            return self.cut(event)
        if isinstance(event, ev.Decision):
            self.note(event)
            return []
        return self.deliver(event)

    def cut(self, event: ev.FlowReplaceRequested) -> list[Draft]:
        """End the flow in this turn, because another takes over.

        What it waits for is cancelled; what its cleanup decides is on record, and what that
        would wait for is cancelled too.
        """
        if self.finished or self._task is None or self.call.ended is not None:
            return []
        self._event = event
        self._loop.now = self._seconds(event)
        self._task.cancel()
        error: BaseException | None = None
        try:
            self._loop.run_until_idle()
        except (Exception, SpinningFlow) as spinning:  # noqa: BLE001 - as in a turn
            error = spinning
        self._stop_the_rest()
        if error is None and self._task.done() and not self._task.cancelled():
            error = self._task.exception()
        self._close(ev.FlowReplaced, digits="".join(self.digits), **_as_fields(error))
        return self._taken()

    def follower(self, flow: Flow) -> "FlowRun":
        """Return the run of a flow that is to take over; it starts with `start`."""
        number = self.number + 1 if self.started else self.number
        following = FlowRun(flow, self.call.id, number=number)
        following.call, following.digits, following.steps = self.call, self.digits, self.steps
        following.floor = self.floor
        return following

    def abandon(self) -> None:
        """Let go of a flow that will hear no more: its tasks are cancelled, off the record."""
        self.finished = True
        self._stop_the_rest()

    def _turn(self) -> list[Draft]:
        assert self._event is not None
        assert self._task is not None
        self._loop.now = self._seconds(self._event)
        self._attempts = 0
        try:
            self._loop.run_until_idle()
            if self._task.done() and not self.finished:
                self._finish(self._task)
        except (Exception, SpinningFlow) as error:  # noqa: BLE001 - the flow's fault, on record
            self._fail(error)
            self._stop_the_rest()
        self._loop.ending = None
        return self._taken()

    def _seconds(self, event: ev.Event) -> float:
        return (event.at - (self.call.started_at or event.at)).total_seconds()

    def _taken(self) -> list[Draft]:
        drafts, self._drafts, self._event = self._drafts, [], None
        return drafts

    # -- how a flow ends -------------------------------------------------------------------

    def _finish(self, task: asyncio.Task[Any]) -> None:
        self._stop_the_rest()
        if task.cancelled():
            error: BaseException | None = None if self.call.ended else asyncio.CancelledError()
        else:
            error = task.exception()
        if error is not None:
            self._fail(error)
        else:
            value = None if task.cancelled() else _recordable(task.result())
            self._close(ev.FlowReturned, value=value)

    def _stop_the_rest(self) -> None:
        for _ in range(LIVES_TO_TELL):
            left = self._loop.unfinished()
            if not left:
                return
            for task in left:
                task.cancel()
            with suppress(SpinningFlow):
                self._loop.run_until_idle()

    def _fail(self, error: BaseException) -> None:
        self._decisions_after_end = 0  # what is still to come ends it
        self._close(
            ev.FlowFailed,
            error_type=type(error).__name__,
            error=_text_of(error),
            traceback=_traceback_of(error),
            **_line_of(error),
        )

    def _close(self, kind: type[ev.Decision], **fields: Any) -> None:
        for handle in list(self._timers):
            self._timer_cancelled(handle)
        self.decide(kind, **fields)
        goes_on = kind is ev.FlowReplaced or self._leaves_it_up(kind, fields)
        if self.call.ended is None and not goes_on:
            self.decide(ev.HangupRequested)
        self.finished = True

    def _leaves_it_up(self, kind: type[ev.Decision], fields: dict[str, Any]) -> bool:
        # The flow of a leg that was dialled only asks the callee, who then talks to the caller.
        asked = bool(self.call.parent) and kind is ev.FlowReturned
        return asked and fields["value"] is not False

    # -- the flow's side (control.Desk) ----------------------------------------------------

    def now(self) -> datetime:
        """Return the time of the event that is being handled."""
        at = self._event.at if self._event else self.call.last_at
        assert at is not None
        return at

    def name(self, kind: str) -> str:
        """Return the next name of this kind, the same in every replay."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        count = self._counts[kind]
        return f"{kind}-{count}" if self.number == 1 else f"{kind}-{self.number}.{count}"

    def decide(self, kind: type[ev.Decision], **fields: Any) -> None:
        """Collect a decision, with the line that asked for it."""
        if self._event is None or self.finished:
            # A coroutine that Python cleans up after the run has nothing left to decide.
            return
        self._check(kind, fields)
        self._hearing.asked(kind, fields.get("prompt", ""))
        asked_at = self._asked_line()
        self._drafts.append(Draft(kind, self._event.version, fields, self.flow, asked_at))

    def _check(self, kind: type[ev.Decision], fields: dict[str, Any]) -> None:
        if self.call.ended is not None:
            self._decisions_after_end += 1
            if self._decisions_after_end > MOST_AFTER_END:
                message = f"The flow took {MOST_AFTER_END} decisions after its call's end."
                raise SpinningFlow(message)
        if not self._lines:
            return
        try:
            trial = {"call_id": "", "version": 1, "at": EPOCH, "caused_by": 1, **fields}
            msgspec.json.decode(msgspec.json.encode(trial), type=kind)
        except (TypeError, ValueError, msgspec.MsgspecError) as error:
            message = f"{kind.TOPIC} cannot be put on record with {fields}: {error}."
            raise InvalidInput(message) from None

    def attempt(self) -> None:
        """Count a verb that may come to nothing, so that trying for ever is noticed."""
        self._attempts += 1
        if self._attempts > flow_loop.MOST_STEPS:
            message = f"The flow tried {self._attempts} verbs without waiting; it spins."
            raise SpinningFlow(message)

    def expect(self, *key: str) -> asyncio.Future[Any]:
        """Return a future of the event that this key stands for."""
        return self._hearing.expect(*key)

    def playing(self) -> list[str]:
        """Return the prompts that play or are about to."""
        return self._hearing.playing()

    def entrust(self, step: str, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Keep the function of a step for the runner."""
        self.steps[step] = Entrusted(function, args)

    # -- hearing events --------------------------------------------------------------------

    def _hear(self, event: ev.Event) -> bool:
        if isinstance(event, ev.Ended):
            self._hear_end(event)
        elif isinstance(event, ev.TimerFired):
            self._hear_timer(event)
        else:
            return self._hearing.hear(event)
        return True

    def _hear_end(self, event: ev.Ended) -> None:
        assert self._task is not None
        # It stands for the whole turn, so that tasks which the flow's own task cancels in
        # turn hear the same.
        self._loop.ending = CallEnded(event.by, event.reason or event.hangup_cause)
        self._task.cancel()

    # -- timers ----------------------------------------------------------------------------

    def _timer_started(self, handle: asyncio.TimerHandle, seconds: float) -> None:
        timer = self.name("timer")
        self._timers[handle] = timer
        self.decide(ev.TimerRequested, timer=timer, seconds=seconds)

    def _timer_cancelled(self, handle: asyncio.TimerHandle) -> None:
        if (timer := self._timers.pop(handle, None)) is not None:
            self.decide(ev.TimerCancelled, timer=timer)

    def _hear_timer(self, event: ev.TimerFired) -> None:
        for handle, timer in list(self._timers.items()):
            if timer == event.timer:
                del self._timers[handle]
                self._loop.fire(handle)


def _unasked() -> AskedAt:
    return NOWHERE


async def _run(flow: Flow, call: CallControl) -> Any:
    return await flow(call)


def _recordable(value: Any) -> Any:
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except Exception:  # noqa: BLE001 - a flow may return what cannot even be looked at
        return _text_of(value, repr)


def _text_of(value: Any, say: Callable[[Any], str] = str) -> str:
    try:
        return say(value)
    except Exception:  # noqa: BLE001 - its own text raises; the record needs one all the same
        return f"<{type(value).__name__}>"


def _traceback_of(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except Exception:  # noqa: BLE001 - as above
        return ""


def _as_fields(error: BaseException | None) -> dict[str, str]:
    if error is None:
        return {}
    text = _text_of(error).encode("utf-8", "replace").decode()
    return {"error_type": type(error).__name__, "error": text}


def _line_of(error: BaseException) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for frame, line in traceback.walk_tb(error.__traceback__):
        if name := short_name(frame.f_code.co_filename):
            found = {"file": name, "line": line}
    return found
