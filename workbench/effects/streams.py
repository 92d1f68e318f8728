"""Steps that stream: each piece goes on record as it comes, and so does the end.

An `async` generator runs on the bench's loop, any other on a thread of its own. One that is
stopped has its end on record at once: what its source still does about that is of no concern.
"""

import asyncio
import inspect
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any

import msgspec

from workbench import events as ev
from workbench.call import Call
from workbench.effects.stage import Stage
from workbench.flow_run import Entrusted

MOST_PIECES = 10_000
"""Of one step: a source that gives more is taken never to end."""


class StreamEffects(Stage):
    """What is asked outside and answered bit by bit."""

    def _start_stream(self, call_id: str, step: str, source: Entrusted) -> None:
        self._streaming[call_id, step] = self._spawn(self._take_pieces(call_id, step, source))

    def _stop_step(self, call: Call, event: ev.StepStopRequested) -> None:
        self._stop_stream(call.id, event.step)

    def stop_streams(self, call_id: str) -> None:
        """Stop what streams for a flow that is over."""
        for call, step in tuple(self._streaming):
            if call == call_id:
                self._stop_stream(call, step)

    def _stop_stream(self, call_id: str, step: str) -> None:
        if (task := self._streaming.pop((call_id, step), None)) is not None:
            task.cancel()
            self._end_stream(call_id, step)

    async def _take_pieces(self, call_id: str, step: str, source: Entrusted) -> None:
        fields: dict[str, Any] = {}
        try:
            async with aclosing(self._pieces(source)) as pieces:
                async for piece in pieces:
                    self._record_piece(call_id, step, piece)
        except BaseException as error:
            if self._closing:
                raise
            # Whatever it raises is its end, as with every step.
            fields = {"error_type": type(error).__name__, "error": str(error)}
        if self._streaming.pop((call_id, step), None) is not None:
            self._end_stream(call_id, step, **fields)

    def _record_piece(self, call_id: str, step: str, piece: Any) -> None:
        value = msgspec.json.decode(msgspec.json.encode(piece))
        key = call_id, step
        self._given[key] = self._given.get(key, 0) + 1
        if self._given[key] > MOST_PIECES:
            message = f"The step gave more than {MOST_PIECES} pieces."
            raise OverflowError(message)
        self._switchboard.observe(call_id, ev.StepYielded, step=step, value=value)

    def _end_stream(self, call_id: str, step: str, **fields: Any) -> None:
        given = self._given.pop((call_id, step), 0)
        self._switchboard.observe(call_id, ev.StepReturned, step=step, value=given, **fields)

    async def _pieces(self, source: Entrusted) -> AsyncGenerator[Any, None]:
        if not inspect.isasyncgenfunction(source.function):
            async with aclosing(self._of_thread(source)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        async with aclosing(source.function(*source.args)) as pieces:
            async for piece in pieces:
                yield piece

    async def _of_thread(self, source: Entrusted) -> AsyncGenerator[Any, None]:
        loop, stop = asyncio.get_running_loop(), threading.Event()
        pieces: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

        def give(*piece: Any) -> bool:
            with suppress(RuntimeError):  # the bench is closed
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            return not stop.is_set()

        running = loop.run_in_executor(self._steps, _give_all, source, give)
        try:
            while piece := await pieces.get():
                yield piece[0]
            await running
        finally:
            stop.set()


def _give_all(source: Entrusted, give: Callable[..., bool]) -> None:
    try:
        pieces = iter(source.function(*source.args))
        for count, piece in enumerate(pieces):
            # One more than may be taken, so that whoever takes them notices.
            if not give(piece) or count == MOST_PIECES:
                break
        if inspect.isgenerator(pieces):
            pieces.close()
    finally:
        give()
