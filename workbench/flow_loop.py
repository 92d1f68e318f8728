"""The deterministic asyncio loop on which a flow runs, live and in replay alike.

It has no clock, no sockets and no threads of its own: it runs until nothing is ready, and
waits for its driver to say that a timer fired. What it does not define raises.
"""

import asyncio
import contextvars
import itertools
import math
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

from workbench.asking import note_line, short_name
from workbench.errors import CallEnded, NotAllowedNow

T = TypeVar("T")

MOST_STEPS = 100_000
"""Steps after one event beyond which a flow is taken to spin for ever."""

_OUTSIDE = (
    "A flow may not use threads, sockets or processes directly, since a replay could not "
    "repeat them; ask with `await call.step(name, function, *args)`."
)


_UNORDERED = (
    "`asyncio.as_completed` starts coroutines in an order that memory decides, which a replay "
    "could not repeat: give it tasks, made by `asyncio.create_task`."
)


class SpinningFlow(BaseException):
    """The flow goes round without waiting; no `except Exception` of its own may hold this."""


class FlowFuture(asyncio.Future[T]):
    """A future that the end of the call cancels with `CallEnded` instead of its parent."""

    ended_by: CallEnded | None = None

    def __init__(self, *, loop: "FlowLoop", number: int) -> None:
        """Bear a number, so that a set of futures has the same order in every replay."""
        self._number = number
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        """Return the number instead of the place in memory."""
        return self._number

    def cancel(self, msg: Any | None = None) -> bool:
        """Cancel, and remember when the end of the call is the reason."""
        loop = self.get_loop()
        if isinstance(loop, FlowLoop):
            self.ended_by = loop.ending
        return super().cancel(msg=msg)

    def result(self) -> T:
        """Return the result, or raise what happened instead."""
        if self.ended_by is not None and self.cancelled():
            raise self.ended_by
        return super().result()


class FlowTask(asyncio.Task[T]):
    """A task that bears a number, so that a set of tasks has the same order in every replay."""

    def __init__(self, coro: Coroutine[Any, Any, T], *, number: int, **options: Any) -> None:
        """Take the number before asyncio puts the task into a set of its own."""
        self._number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        """Return the number instead of the place in memory."""
        return self._number


# Typing calls abstract what a flow has no use for; at run time it raises, which is the point.
_AbstractEventLoop: Any = asyncio.AbstractEventLoop


class FlowLoop(_AbstractEventLoop):  # type: ignore[misc]
    """Runs one flow's tasks; time moves only when the driver moves it."""

    def __init__(
        self,
        timer_started: Callable[[asyncio.TimerHandle, float], None],
        timer_cancelled: Callable[[asyncio.TimerHandle], None],
        *,
        lines: bool = True,
    ) -> None:
        """Report timers to the driver; with `lines`, note which line creates a task."""
        self.now = 0.0
        """Seconds since the call began, at the event that is being handled."""
        self.ending: CallEnded | None = None
        """Set while the end of the call is being told to the flow."""
        self.errors: list[dict[str, Any]] = []
        """What tasks raised that nobody awaited."""
        self._lines = lines
        self._numbers = itertools.count(1)
        self._ready: deque[asyncio.Handle] = deque()
        self._tasks: list[asyncio.Task[Any]] = []
        self._timer_started = timer_started
        self._timer_cancelled = timer_cancelled

    def run_until_idle(self) -> None:
        """Run everything that is ready, and what that makes ready.

        Raises:
            SpinningFlow: the flow goes round without waiting for anything.
        """
        outer = asyncio._get_running_loop()
        hooks = sys.get_asyncgen_hooks()
        asyncio._set_running_loop(self)
        sys.set_asyncgen_hooks(firstiter=None, finalizer=self._close_generator)
        try:
            self._run_ready()
        finally:
            sys.set_asyncgen_hooks(*hooks)
            asyncio._set_running_loop(outer)

    def _run_ready(self) -> None:
        for _ in range(MOST_STEPS):
            if not self._ready:
                return
            handle = self._ready.popleft()
            if handle._cancelled:
                continue
            try:
                handle._run()
            except (KeyboardInterrupt, SystemExit):
                # The task that raised it holds it too, and the flow is recorded as failed.
                continue
        self._ready.clear()
        message = f"The flow took {MOST_STEPS} steps without waiting for anything; it spins."
        raise SpinningFlow(message)

    def _close_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        # One that was left by `break`: its own `finally` may await.
        if self.is_running():
            self.create_task(generator.aclose())

    def fire(self, handle: asyncio.TimerHandle) -> None:
        """Make a timer's callback ready to run."""
        self._ready.append(handle)

    # -- what asyncio asks of a loop -------------------------------------------------------

    def time(self) -> float:
        """Return seconds since the call began."""
        return self.now

    def call_soon(
        self,
        callback: Callable[..., Any],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """Run the callback in this run."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[..., Any],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run the callback after `delay` seconds of the call's time; never, after `inf`."""
        delay = float(delay)
        handle = asyncio.TimerHandle(self.now + delay, callback, args, self, context)
        if math.isfinite(delay):
            self._timer_started(handle, delay)
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[..., Any],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run the callback at a moment of the call's time."""
        return self.call_later(when - self.now, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._timer_cancelled(handle)

    def create_future(self) -> FlowFuture[Any]:
        """Return a future that knows when the call ended."""
        return FlowFuture(loop=self, number=next(self._numbers))

    def create_task(
        self,
        coro: Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
    ) -> asyncio.Task[T]:
        """Run a coroutine beside the others.

        Raises:
            NotAllowedNow: `asyncio.as_completed` was given coroutines instead of tasks.
        """
        if _is_as_completed(sys._getframe(1)):
            coro.close()
            raise NotAllowedNow(_UNORDERED)
        if self._lines:
            context = context or contextvars.copy_context()
            context.run(note_line)
        number = next(self._numbers)
        task = FlowTask(coro, number=number, loop=self, name=name, context=context)
        self._tasks = [*self.unfinished(), task]
        return task

    def unfinished(self) -> list[asyncio.Task[Any]]:
        """Return the tasks that still run, oldest first."""
        return [task for task in self._tasks if not task.done()]

    def get_debug(self) -> bool:
        """Return False: asyncio's debug mode would read the machine's clock."""
        return False

    def is_running(self) -> bool:
        """Return whether the flow is being run at this moment."""
        return asyncio._get_running_loop() is self

    def is_closed(self) -> bool:
        """Return False: there is nothing to close."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what a task raised that nobody awaited."""
        self.errors.append(context)


def _is_as_completed(frame: FrameType | None) -> bool:
    for _ in range(4):
        if frame is None:
            return False
        if frame.f_code.co_name == "as_completed" and not short_name(frame.f_code.co_filename):
            return True
        frame = frame.f_back
    return False


def _refuse(*_args: Any, **_kwargs: Any) -> Any:
    raise NotAllowedNow(_OUTSIDE)


for _name in dir(asyncio.AbstractEventLoop):
    # Threads, sockets, processes: what they bring in would not be on record.
    if not _name.startswith("_") and _name not in vars(FlowLoop):
        setattr(FlowLoop, _name, _refuse)
