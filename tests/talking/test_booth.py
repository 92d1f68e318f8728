"""Pages that come to a booth, as they should and otherwise: a real process, real websockets."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus

from workbench.errors import NotAllowedNow
from workbench.talking.desk import Desk, Entrance
from workbench.talking.pace import FRAME_BYTES, STALLED

ORIGIN = "http://localhost:8888"
FRAME = bytes(range(160)) * 2
LONG_S = 30

pytestmark = pytest.mark.slow


class Talk:
    """One talk: the call's end in the test's hand, and why it is over."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.call, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.call.setblocking(False)
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.entrance: Entrance

    async def open(self, wait_s: float = LONG_S) -> "Talk":
        self.entrance = await self._desk.open(
            self._theirs, ORIGIN, self.over.set_result, wait_s
        )
        return self

    def page(self, **options: Any) -> connect:
        options = {"origin": ORIGIN, "compression": None} | options
        return connect(f"ws://127.0.0.1:{self.entrance.port}/", proxy=None, **options)

    async def heard(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self.call, 1000)

    async def say(self, frame: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.call, frame)

    def close(self) -> None:
        self.call.close()
        self._theirs.close()

    async def why(self) -> str:
        return await asyncio.wait_for(self.over, LONG_S)


@asynccontextmanager
async def at_a_desk() -> AsyncIterator[tuple[Desk, Talk]]:
    desk = Desk()
    talk = Talk(desk)
    try:
        yield desk, await talk.open()
    finally:
        talk.close()
        await desk.close()


def at_desk(test: Callable[[Desk, Talk], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Give a test a desk, and a talk that waits for its page."""

    def run() -> None:
        async def whole() -> None:
            async with at_a_desk() as (desk, talk):
                await asyncio.wait_for(test(desk, talk), 2 * LONG_S)

        asyncio.run(whole())

    run.__name__ = test.__name__
    return run


def listening(pid: int) -> list[int]:
    found = psutil.Process(pid).net_connections()
    return [each.laddr.port for each in found if each.status == psutil.CONN_LISTEN]


async def closed(page: ClientConnection) -> tuple[int | None, str | None]:
    """Read a page to its end; return the code and reason of the close."""
    with suppress(ConnectionClosedError):
        async for _ in page:
            pass
    return page.close_code, page.close_reason


@at_desk
async def test_frames_go_both_ways_and_then_nothing_listens(desk: Desk, talk: Talk) -> None:
    assert listening(desk.pid) == [talk.entrance.port]
    async with talk.page() as page:
        await page.send(talk.entrance.token)
        await page.send(FRAME)
        assert await talk.heard() == FRAME
        await talk.say(FRAME[::-1])
        assert await page.recv() == FRAME[::-1]
        assert listening(desk.pid) == []
    assert await talk.why() == "the page has hung up"


@at_desk
async def test_a_used_token_finds_no_door(desk: Desk, talk: Talk) -> None:
    async with talk.page() as page:
        await page.send(talk.entrance.token)
        await page.send(FRAME)
        await talk.heard()
        with pytest.raises(ConnectionRefusedError):
            await talk.page()
        await talk.say(FRAME)
        assert await page.recv() == FRAME


@at_desk
async def test_who_was_connected_already_cannot_use_the_token_again(
    desk: Desk, talk: Talk
) -> None:
    async with talk.page() as second, talk.page() as first:
        await first.send(talk.entrance.token)
        await first.send(FRAME)
        await talk.heard()
        await second.send(talk.entrance.token)
        assert await closed(second) == (1008, "This token opens nothing.")
        await first.send(FRAME)
        assert await talk.heard() == FRAME


@at_desk
async def test_a_wrong_token_opens_nothing_and_harms_nobody(desk: Desk, talk: Talk) -> None:
    for wrong in ("", "x" * 43, talk.entrance.token + "x", "\N{BELL}ü", b"\x00" * 43):
        async with talk.page() as page:
            await page.send(wrong)
            assert (await closed(page))[0] == 1008
    async with talk.page() as page:
        await page.send(talk.entrance.token)
        await page.send(FRAME)
        assert await talk.heard() == FRAME


@pytest.mark.parametrize(
    "options",
    [
        {"origin": "http://evil.example"},
        {"origin": None},
        {"origin": "null"},
        {"additional_headers": {"Origin": "http://evil.example"}},  # two of them
        {"additional_headers": {"Host": "rebound.example"}},
    ],
)
def test_another_page_is_refused(options: dict[str, Any]) -> None:
    @at_desk
    async def run(desk: Desk, talk: Talk) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await talk.page(**options)
        assert refused.value.response.status_code in (400, 403)
        async with talk.page() as page:
            await page.send(talk.entrance.token)
            await page.send(FRAME)
            assert await talk.heard() == FRAME

    run()


@at_desk
async def test_strangers_cannot_take_all_places(desk: Desk, talk: Talk) -> None:
    async with talk.page(), talk.page(), talk.page(), talk.page():
        with pytest.raises(InvalidStatus) as refused:
            await talk.page()
        assert refused.value.response.status_code == 503


@at_desk
async def test_an_expired_token_finds_no_door(desk: Desk, talk: Talk) -> None:
    late = await Talk(desk).open(wait_s=0.01)
    assert await late.why() == "no page has come for the talk"
    with pytest.raises(ConnectionRefusedError):
        await late.page()
    late.close()


@pytest.mark.parametrize(
    "nonsense", [b"", b"x" * (FRAME_BYTES - 1), b"x" * (FRAME_BYTES + 1), "x" * FRAME_BYTES]
)
def test_what_is_no_frame_ends_that_talk_alone(nonsense: bytes | str) -> None:
    @at_desk
    async def run(desk: Desk, talk: Talk) -> None:
        other = await Talk(desk).open()
        async with talk.page() as page, other.page() as unharmed:
            await unharmed.send(other.entrance.token)
            await page.send(talk.entrance.token)
            await page.send(nonsense)
            # What is longer is not even read to its end.
            assert ((await closed(page))[0] == 1009) is (len(nonsense) > FRAME_BYTES)
            assert await talk.why() == "the page sent what is no frame of audio"
            await unharmed.send(FRAME)
            assert await other.heard() == FRAME
        other.close()

    run()


@at_desk
async def test_a_flood_of_frames_ends_the_talk(desk: Desk, talk: Talk) -> None:
    async with talk.page() as page:
        await page.send(talk.entrance.token)
        with suppress(ConnectionClosed):
            while not talk.over.done():
                await page.send(FRAME)
        assert await talk.why() == "the page sent more frames than a microphone has"


@at_desk
async def test_a_page_that_says_nothing_is_taken_to_be_gone(desk: Desk, talk: Talk) -> None:
    async with talk.page() as page:
        await page.send(talk.entrance.token)
        await page.send(FRAME)
        await talk.heard()
        for _ in range(STALLED):
            await talk.say(FRAME)
            await page.recv()
        await talk.say(FRAME)
        assert await talk.why() == "the page has sent nothing for five seconds"


@at_desk
async def test_the_end_of_the_call_is_told_to_the_page(desk: Desk, talk: Talk) -> None:
    async with talk.page() as page:
        await page.send(talk.entrance.token)
        await page.send(FRAME)
        await talk.heard()
        talk.call.close()
        await page.send(FRAME)
        assert await closed(page) == (1000, "the call is over")
    assert await talk.why() == "the call is over"


@at_desk
async def test_a_talk_is_ended_by_the_bench(desk: Desk, talk: Talk) -> None:
    async with talk.page() as page:
        await page.send(talk.entrance.token)
        await page.send(FRAME)
        await talk.heard()
        desk.shut(talk.entrance.talk)
        assert await closed(page) == (1000, "the talk was ended")


@at_desk
async def test_a_killed_process_is_told_and_replaced(desk: Desk, talk: Talk) -> None:
    async with talk.page() as page:
        await page.send(talk.entrance.token)
        await page.send(FRAME)
        await talk.heard()
        os.kill(desk.pid, signal.SIGKILL)
        assert await talk.why() == "the process for pages ended by signal 9"
        assert (await closed(page))[0] == 1006
    again = await Talk(desk).open()
    async with again.page() as page:
        await page.send(again.entrance.token)
        await page.send(FRAME)
        assert await again.heard() == FRAME
    again.close()


def test_nothing_runs_before_the_first_talk_and_nothing_after_the_desk_is_closed() -> None:
    async def whole() -> None:
        desk = Desk()
        assert desk.pid == 0
        talk = await Talk(desk).open()
        process = psutil.Process(desk.pid)
        async with talk.page() as page:
            await page.send(talk.entrance.token)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(desk.close())
                assert await closed(page) == (1000, "the bench was closed")
        assert not process.is_running()
        with pytest.raises(NotAllowedNow, match="closing"):
            await talk.open()
        assert talk.entrance.token not in repr(talk.entrance)
        talk.close()

    asyncio.run(whole())
