"""The bench's side of the process that serves pages: started with the first talk."""

import asyncio
import itertools
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from workbench.engine.child import Child
from workbench.errors import EngineError, NotAllowedNow
from workbench.framing import Frames
from workbench.talking.wire import FromBooths, Open, Opened, Over, Shut, from_booths, packed

WAIT_S = 15.0
"""A token that no page has shown by then opens nothing."""
OPENING_S = 20.0
CLOSING_S = 3.0

Tell = Callable[[str], None]
"""Is told why a talk is over that was opened, on the bench's thread, once."""


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """Where one page may come in, once."""

    talk: str
    port: int
    """On 127.0.0.1."""
    token: str = field(repr=False)
    """The first message of the page."""


class Desk:
    """Opens booths for pages; all are in one process, and another when it has died."""

    def __init__(self) -> None:
        """Have no process yet."""
        self._process: BoothProcess | None = None
        self._talks = itertools.count(1)
        self._closed = False

    async def open(
        self, end: socket.socket, origin: str, over: Tell, wait_s: float = WAIT_S
    ) -> Entrance:
        """Let one page of an origin speak through a socket, by messages of one frame each.

        The socket stays the caller's; the process has one of its own to the same end.

        Raises:
            EngineError: the process could not open it.
            NotAllowedNow: the bench is closing.
        """
        process = self._running()
        talk, token = f"page-{next(self._talks)}", secrets.token_urlsafe(32)
        opened = process.open(
            Open(talk=talk, token=token, origin=origin, wait_s=wait_s), end, over
        )
        try:
            async with asyncio.timeout(OPENING_S):
                port = await opened
        except TimeoutError:
            process.kill()
            message = f"The process for pages did not answer within {OPENING_S:.0f} s."
            raise EngineError(message) from None
        return Entrance(talk=talk, port=port, token=token)

    def shut(self, talk: str) -> None:
        """End a talk; does nothing when it is over."""
        if self._process is not None:
            self._process.write(packed(Shut(talk=talk)))

    @property
    def pid(self) -> int:
        """The id of the process; 0 when none runs."""
        return self._process.pid if self._process else 0

    async def close(self) -> None:
        """End all talks, and the process."""
        self._closed = True
        if (process := self._process) is None:
            return
        process.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await asyncio.shield(process.ended)
        if not process.ended.done():
            process.kill()
            await process.ended

    def _running(self) -> "BoothProcess":
        if self._closed:
            message = "The bench is closing: no page is let in any more."
            raise NotAllowedNow(message)
        if self._process is None:
            self._process = BoothProcess(self._forget)
            self._process.start("workbench.talking.process", [])
        return self._process

    def _forget(self) -> None:
        self._process = None


class BoothProcess(Child):
    """One process, and the talks in it."""

    def __init__(self, forget: Callable[[], None]) -> None:
        """Call `forget` when it has ended."""
        super().__init__("booths")
        self._forget, self._frames = forget, Frames()
        self._opening: dict[str, asyncio.Future[int]] = {}
        self._talks: dict[str, Tell] = {}

    def open(self, order: Open, end: socket.socket, over: Tell) -> asyncio.Future[int]:
        """Order a booth; return a future of its port."""
        opened: asyncio.Future[int] = self._loop.create_future()
        self._opening[order.talk], self._talks[order.talk] = opened, over
        self.write(packed(order), descriptors=[end.fileno()])
        return opened

    def receive(self, data: bytes) -> None:
        """Take bytes from the process."""
        self._frames.feed(data)
        for body in self._frames.bodies():
            self._take(from_booths(body))

    def _take(self, message: FromBooths) -> None:
        match message:
            case Opened(talk=talk, port=port):
                if not (opened := self._opening.pop(talk)).done():
                    opened.set_result(port)
            case Over(talk=talk, reason=reason):
                self._end(talk, reason)

    def _end(self, talk: str, reason: str) -> None:
        over, opened = self._talks.pop(talk), self._opening.pop(talk, None)
        if opened is None:
            over(reason)
        elif not opened.done():
            opened.set_exception(EngineError(f"No page can be let in: {reason}."))

    def lost(self, cause: str) -> None:
        """Take note that the process has ended, and all talks with it."""
        self._forget()
        for talk in tuple(self._talks):
            self._end(talk, f"the process for pages ended by {cause}")
