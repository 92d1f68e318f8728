"""One talk: a page at the one side, a call at the other, and nobody waits for either.

A booth listens at a port of its own until the page that has the token is in, or for a while;
then nothing listens any more. A message of the page is one frame of 20 ms, and so is what it
gets. The call's frames are the clock by which those of the page are counted.
"""

import asyncio
import logging
import secrets
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.typing import Origin

from workbench.talking.pace import CALL_OVER, FRAME_BYTES, NO_FRAME, Finished, Pace
from workbench.talking.wire import Open, Opened

LOOPBACK = "127.0.0.1"
TOKEN_S = 5.0
"""So long may whoever is connected take to show the token."""
STRANGERS = 4
"""Connections at once that have not shown it."""
ALIVE_S = 5.0
"""Between two questions whether the page is there, and how long it may take to answer."""
BEHIND = 10
"""Frames that wait for a slow page; the oldest are left out."""
CLEARED = 64
"""Frames read at once."""

SILENT = logging.getLogger(f"{__name__}.connections")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


class Booth:
    """A talk of one page."""

    def __init__(self, order: Open, end: socket.socket, tell: Callable[[Opened], None]) -> None:
        """Join a page to the call at the other end of a socket of messages."""
        self._order, self._end, self._tell = order, end, tell
        self._end.setblocking(False)
        self._strangers, self._pace = 0, Pace()
        self._waiting: deque[bytes] = deque(maxlen=BEHIND)
        loop = asyncio.get_running_loop()
        self._page: asyncio.Future[ServerConnection] = loop.create_future()
        self._over: asyncio.Future[str] = loop.create_future()
        self._news = asyncio.Event()

    def shut(self, reason: str) -> None:
        """End the talk; does nothing the second time."""
        if not self._over.done():
            self._over.set_result(reason)

    async def run(self) -> str:
        """Let the page in and carry its talk; return why it is over."""
        try:
            page = await self._let_in()
            if page is not None:
                await self._carry(page)
        except OSError as error:
            self.shut(f"the booth cannot listen: {error}")
        finally:
            self._end.close()
        return self._over.result()

    # -- who comes in ----------------------------------------------------------------------

    async def _let_in(self) -> ServerConnection | None:
        server = await serve(
            self._receive, LOOPBACK, 0, origins=[Origin(self._order.origin)],
            process_request=self._screen, compression=None, max_size=FRAME_BYTES,
            max_queue=BEHIND, open_timeout=TOKEN_S, close_timeout=1, ping_interval=ALIVE_S,
            ping_timeout=ALIVE_S, server_header=None, logger=SILENT,
        )  # fmt: skip
        self._port = server.sockets[0].getsockname()[1]
        self._tell(Opened(talk=self._order.talk, port=self._port))
        try:
            either: list[asyncio.Future[Any]] = [self._page, self._over]
            await asyncio.wait(
                either,
                timeout=self._order.wait_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self._stop_listening(server)
        return self._page.result() if self._page.done() else None

    def _stop_listening(self, server: Server) -> None:
        if not self._page.done():
            self.shut("no page has come for the talk")
        server.server.close()  # at once; who is connected stays so

    def _screen(self, page: ServerConnection, request: Request) -> Response | None:
        """Refuse what no page of ours asks; the origin is held against ours afterwards."""
        host = request.headers.get_all("Host")
        if request.path != "/" or host != [f"{LOOPBACK}:{self._port}"]:
            return page.respond(HTTPStatus.FORBIDDEN, "Nothing is here.\n")
        if self._strangers >= STRANGERS or self._page.done():
            return page.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Nobody is let in now.\n")
        return None

    async def _receive(self, page: ServerConnection) -> None:
        self._strangers += 1
        try:
            known = await self._has_token(page)
        finally:
            self._strangers -= 1
        if not known or self._page.done() or self._over.done():
            await page.close(CloseCode.POLICY_VIOLATION, "This token opens nothing.")
            return
        self._page.set_result(page)
        reason = await asyncio.shield(self._over)
        await page.close(CloseCode.NORMAL_CLOSURE, reason)

    async def _has_token(self, page: ServerConnection) -> bool:
        with suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(TOKEN_S):
                said = await page.recv()
            token = self._order.token.encode()
            return isinstance(said, str) and secrets.compare_digest(said.encode(), token)
        return False

    # -- what is said ----------------------------------------------------------------------

    async def _carry(self, page: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._end, self._hear)
        try:
            async with asyncio.TaskGroup() as tasks:
                work = [tasks.create_task(self._say(page)), tasks.create_task(self._play(page))]
                await self._over
                for each in work:
                    each.cancel()
        finally:
            loop.remove_reader(self._end)
        with suppress(TimeoutError):
            async with asyncio.timeout(TOKEN_S):
                await page.wait_closed()

    async def _say(self, page: ServerConnection) -> None:
        """Bring what the page says to the call."""
        try:
            async for frame in page:
                self._bring(frame)
        except ConnectionClosed as closed:
            self.shut(_failure(closed))
        except Finished as finished:
            self.shut(str(finished))
        else:
            self.shut("the page has hung up")

    def _bring(self, frame: str | bytes) -> None:
        if not isinstance(frame, bytes) or len(frame) != FRAME_BYTES:
            raise Finished(NO_FRAME)
        self._pace.said()
        try:
            self._end.send(frame)
        except BlockingIOError:
            return  # the call does not take them: nobody waits
        except OSError:
            raise Finished(CALL_OVER) from None

    def _hear(self) -> None:
        """Take what the call says, and leave out the oldest for a page that is slow."""
        try:
            for _ in range(CLEARED):
                frame = self._end.recv(FRAME_BYTES)
                self._pace.heard(frame)
                self._waiting.append(frame)
        except BlockingIOError:
            return
        except OSError:
            self.shut(CALL_OVER)
        except Finished as finished:
            self.shut(str(finished))
        finally:
            self._news.set()

    async def _play(self, page: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    await page.send(self._waiting.popleft())


def _failure(closed: ConnectionClosed) -> str:
    """Say how a page has left that did not hang up."""
    too_big = closed.sent is not None and closed.sent.code == CloseCode.MESSAGE_TOO_BIG
    return NO_FRAME if too_big else "the page is gone"
