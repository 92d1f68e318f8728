"""Where the engines perform: their signals are collected and waited for, time is moved."""

import asyncio
import socket
from typing import Any, TypeVar

from workbench import commands, signals
from workbench.clock import ManualClock
from workbench.engine import Engine
from workbench.engine.loopback import FarEnd, Loopback
from workbench.engine.pool import Pool
from workbench.engine.slices import Slice
from workbench.signals import AnySignal, Signal

PATIENCE_S = 15.0
LONGEST_S = 30.0
SomeSignal = TypeVar("SomeSignal", bound=Signal)


class Stage:
    """An engine, all its signals, and how to wait for one of them."""

    engine: Engine

    def __init__(self) -> None:
        self.signals: list[AnySignal] = []
        self.audio: list[Slice] = []
        self.host, self.port = "127.0.0.1", 0
        self._taken: set[int] = set()

    def report(self, signal: AnySignal) -> None:
        self.signals.append(signal)

    async def pass_time(self) -> None:
        """Let the next thing happen; raise TimeoutError when nothing will."""
        raise NotImplementedError

    def silent_uri(self) -> str:
        """Return an address from which no response ever comes."""
        raise NotImplementedError

    def hear(self, audio: Slice) -> None:
        self.audio.append(audio)

    async def open(self) -> None:
        self.engine.hear(self.hear)
        await self.engine.start(self.report)
        self.host, self.port = await self.engine.listen("127.0.0.1", 0)

    async def close(self) -> None:
        await self.engine.close()

    def uri(self, user: str = "bob") -> str:
        return f"sip:{user}@{self.host}:{self.port}"

    async def do(self, kind: type[commands.Command], leg: str, **fields: Any) -> None:
        await self.engine.execute(kind(leg=leg, **fields))  # type: ignore[arg-type]

    async def until(
        self, kind: type[SomeSignal], leg: str | None = None, **fields: Any
    ) -> SomeSignal:
        """Wait for a signal that has not been returned before."""
        while True:
            for index, signal in enumerate(self.signals):
                wanted = isinstance(signal, kind) and leg in (None, signal.leg)
                if wanted and index not in self._taken and has(signal, fields):
                    self._taken.add(index)
                    assert isinstance(signal, kind)
                    return signal
            try:
                await self.pass_time()
            except TimeoutError:
                raise self.missing(kind, leg, fields) from None

    def missing(
        self, kind: type[Signal], leg: str | None, fields: dict[str, Any]
    ) -> AssertionError:
        """Tell what was waited for, and what came instead."""
        came = "\n".join(map(str, self.signals))
        return AssertionError(f"No {kind.__name__} {fields or ''} on leg {leg}, only:\n{came}")

    async def fork_of(self, leg: str, fork: str) -> list[Slice]:
        """Wait for the end of a fork; return all of its slices."""
        while True:
            found = [each for each in self.audio if (each.leg, each.fork) == (leg, fork)]
            if found and found[-1].last:
                return found
            await self.pass_time()

    async def ring(self, leg: str = "a", **dial: Any) -> str:
        """Dial ourselves; return the leg that was offered the call."""
        await self.do(commands.Dial, leg, **{"uri": self.uri(), **dial})
        return (await self.until(signals.Offered)).leg

    async def talk(self, leg: str = "a", **dial: Any) -> str:
        """Dial ourselves and answer; return the leg that answered."""
        far = await self.ring(leg, **dial)
        await self.do(commands.Answer, far)
        await self.until(signals.Answered, leg)
        await self.until(signals.Answered, far)
        return far

    def of(self, leg: str) -> list[AnySignal]:
        """Return the signals of a leg, without its SIP messages."""
        return [
            signal
            for signal in self.signals
            if signal.leg == leg and not isinstance(signal, signals.SipMessageSeen)
        ]

    def legs(self) -> set[str]:
        return {signal.leg for signal in self.signals}


class LoopbackStage(Stage):
    """The simulation on a clock that the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.loopback = self.engine = Loopback(self.clock, {"nobody": FarEnd(responds=False)})

    async def pass_time(self) -> None:
        if not self.clock.advance_to_next():
            raise TimeoutError

    def silent_uri(self) -> str:
        return "sip:nobody@loopback"


class PoolStage(Stage):
    """Real calls from one worker to another."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        # Two that are ready: one places the calls, the other takes them.
        self.pool = self.engine = Pool(**{"workers": 2, **options})
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._silent.bind(("127.0.0.1", 0))

    def report(self, signal: AnySignal) -> None:
        super().report(signal)
        self._news.set()

    def hear(self, audio: Slice) -> None:
        super().hear(audio)
        self._loop.call_soon_threadsafe(self._news.set)

    async def pass_time(self) -> None:
        self._news.clear()
        async with asyncio.timeout(PATIENCE_S):
            await self._news.wait()

    def silent_uri(self) -> str:
        return "sip:nobody@{}:{}".format(*self._silent.getsockname())

    async def until(
        self, kind: type[SomeSignal], leg: str | None = None, **fields: Any
    ) -> SomeSignal:
        """Wait, but not for ever: what is sampled while a call goes on is news, too."""
        try:
            async with asyncio.timeout(LONGEST_S):
                return await super().until(kind, leg, **fields)
        except TimeoutError:
            raise self.missing(kind, leg, fields) from None

    async def close(self) -> None:
        await super().close()
        self._silent.close()


def has(signal: Signal, fields: dict[str, Any]) -> bool:
    """Tell whether a signal's fields have these values."""
    return all(getattr(signal, name) == value for name, value in fields.items())
