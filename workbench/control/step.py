"""The verbs that ask the world: an answer as a whole, or piece by piece."""

from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

from workbench import events as ev
from workbench.control.desk import Verbs
from workbench.errors import StepFailed


class StepVerbs(Verbs):
    """What a flow wants of the world outside of its call."""

    async def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Ask the world: run a function outside of the flow and put its result on record.

        In a replay the function is not called; its recorded result is returned. It may be
        `async`. The arguments are not recorded; the result is, so it holds no secrets.

        Returns:
            The result as JSON holds it (a tuple comes back as a list).

        Raises:
            StepFailed: the function raised, or returned what JSON cannot hold.
        """
        step = self._desk.name("step")
        self._desk.entrust(step, function, args)
        self._desk.decide(ev.StepRequested, step=step, name=str(name))
        return _value(name, await self._desk.expect("step", step))

    async def stream(
        self, name: str, function: Callable[..., Any], *args: Any
    ) -> AsyncGenerator[Any, None]:
        """Ask the world for an answer that comes piece by piece; put every piece on record.

        The function is a generator function, `async` or not, and runs outside of the flow; in
        a replay it is not called. Pieces that come while the flow is elsewhere wait for it.
        Leaving the loop, by `break` or because the flow is cancelled, stops the source.

        Yields:
            Each piece as JSON holds it.

        Raises:
            StepFailed: the function raised, gave what JSON cannot hold, or gave too much.
        """
        step = self._desk.name("step")
        self._desk.entrust(step, function, args)
        pieces = self._desk.pieces[step] = deque()
        self._desk.decide(ev.StepRequested, step=step, name=str(name), streams=True)
        try:
            while True:
                while not pieces:
                    await self._desk.expect("piece", step)
                if isinstance(pieces[0], ev.StepReturned):
                    _value(name, pieces[0])
                    return
                yield pieces.popleft().value
        finally:
            del self._desk.pieces[step]
            if not (pieces and isinstance(pieces[-1], ev.StepReturned)):
                self._desk.decide(ev.StepStopRequested, step=step)


def _value(name: str, returned: ev.StepReturned) -> Any:
    if returned.error_type:
        raise StepFailed(name, returned.error_type, returned.error)
    return returned.value
