"""A thread for each step, which nobody waits for when the process ends.

The pool of the standard library joins its threads at exit, so that one step that hangs would
keep Ctrl-C from ending the process.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class StepThreads(Executor):
    """Runs every function on a daemon thread of its own, at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start a thread; a slow step holds up no other."""
        future: Future[Any] = Future()
        thread = threading.Thread(
            target=_run, args=(future, fn, args, kwargs), name="workbench-step", daemon=True
        )
        thread.start()
        return future


def _run(
    future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = fn(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the future
        future.set_exception(error)
    else:
        future.set_result(result)
