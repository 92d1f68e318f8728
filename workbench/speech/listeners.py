"""Processes that listen for a bench: started when needed, watched, replaced when they die.

A call whose listener dies goes on: what was being said has no words, the log says why, and
the next process hears what follows.
"""

import asyncio
import itertools
from contextlib import suppress

from workbench.engine.child import Child
from workbench.errors import InvalidInput
from workbench.framing import Frames
from workbench.speech.choice import NAMES, Speech
from workbench.speech.ears import Ear, Order, Tell
from workbench.speech.remote_ear import RemoteEar
from workbench.speech.wire import (
    Audio,
    Begin,
    Broken,
    End,
    Expect,
    FromBench,
    FromListener,
    Heard,
    Ping,
    Pong,
    Ready,
    Setup,
    from_listener,
    packed,
)

PING_S = 5.0
SILENT_S = 15.0
"""A process that says nothing for so long is killed."""
LOADING_S = 60.0
"""Before it is ready, it has so long."""
MOST_FAILURES = 3
"""In a row, of processes that were never ready; then nobody listens."""
CLOSING_S = 3.0


class Listeners:
    """An `Ears` of processes, between which calls are spread."""

    def __init__(self, speech: Speech) -> None:
        """Listen with what is chosen; no process is started yet."""
        self._speech = speech
        self._crew: list[Listener] = []

    def open(self) -> None:
        """Start the processes, so that the first call need not wait for the models."""
        while len(self._crew) < self._speech.processes:
            self._crew.append(Listener(self._speech, len(self._crew) + 1))
        for listener in self._crew:
            listener.start()

    def begin(self, order: Order, tell: Tell) -> Ear:
        """Let the least busy process listen to a call.

        Raises:
            InvalidInput: there is no recogniser of that name.
        """
        if order.recognizer and order.recognizer not in NAMES["recognizer"]:
            known = ", ".join(sorted(NAMES["recognizer"]))
            message = f"there is no recogniser {order.recognizer!r}, only {known}"
            raise InvalidInput(message)
        self.open()
        return min(self._crew, key=lambda listener: listener.busy).attend(order, tell)

    async def close(self) -> None:
        """End the processes."""
        for listener in self._crew:
            listener.close()
        for listener in self._crew:
            await listener.wait_ended()

    @property
    def pids(self) -> list[int]:
        """The ids of the processes that run."""
        return [listener.pid for listener in self._crew if listener.pid]


class Listener:
    """One of the processes, and whatever replaces it."""

    def __init__(self, speech: Speech, number: int) -> None:
        """Have none running yet."""
        self._speech, self._number = speech, number
        self._ears: dict[int, RemoteEar] = {}
        self._keys = itertools.count(1)
        self._process: ListenerProcess | None = None
        self._failures = 0
        self._closed = False

    @property
    def busy(self) -> int:
        """How many calls it listens to."""
        return len(self._ears)

    @property
    def pid(self) -> int:
        """The process id; 0 when none runs."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start a process, if none runs."""
        if self._process is None and not self._closed:
            self._process = ListenerProcess(f"listener-{self._number}", self)
            self._process.begin(self._speech)

    def attend(self, order: Order, tell: Tell) -> Ear:
        """Listen to a call."""
        key = next(self._keys)

        def over() -> None:
            self._ears.pop(key, None)

        ear = RemoteEar(
            order, tell, over,
            put=lambda audio: self._send(Audio(key=key, audio=audio)),
            expect=lambda expected: self._send(Expect(key=key, expected=expected)),
            end=lambda: self._send(End(key=key)),
        )  # fmt: skip
        self._ears[key] = ear
        self._failures = 0
        self.start()
        self._send(Begin(key=key, order=order))
        return ear

    def _send(self, message: FromBench) -> None:
        if self._process is not None:
            self._process.write(packed(message))

    def take(self, message: FromListener) -> None:
        """Act on what the process says."""
        match message:
            case Ready():
                self._failures = 0
            case Heard(key=key, finding=finding):
                if (ear := self._ears.get(key)) is not None:
                    ear.hear(finding)

    def lost(self, reason: str) -> None:
        """Replace a process that has ended, for the calls that it listened to."""
        self._process = None
        self._failures += 1
        give_up = self._closed or self._failures >= MOST_FAILURES
        for ear in tuple(self._ears.values()):
            ear.lost(reason, give_up=give_up)
        if self._ears:
            self.start()
            for key, ear in self._ears.items():
                begin = Begin(key=key, order=ear.order, first_utterance=ear.next_utterance)
                self._send(begin)
                if ear.expected is not None:
                    self._send(Expect(key=key, expected=ear.expected))

    def close(self) -> None:
        """Let the process end."""
        self._closed = True
        if self._process is not None:
            self._process.close()

    async def wait_ended(self) -> None:
        """Wait for the end of the process; kill it when it does not come."""
        if (process := self._process) is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await asyncio.shield(process.ended)
        if not process.ended.done():
            process.kill()
            await process.ended


class ListenerProcess(Child):
    """The bench's side of one process."""

    def __init__(self, name: str, listener: Listener) -> None:
        """Belong to a listener."""
        super().__init__(name)
        self._listener, self._frames = listener, Frames()
        self._reason = ""
        self._patience_ends = self._loop.time() + LOADING_S
        self._watch: asyncio.TimerHandle | None = None

    def begin(self, speech: Speech) -> None:
        """Start it, and tell it what to listen with."""
        self.start("workbench.speech.process", [])
        self.write(packed(Setup(choices=speech.choices)))
        self._look()

    def receive(self, data: bytes) -> None:
        """Take bytes from the process."""
        self._frames.feed(data)
        for body in self._frames.bodies():
            message = from_listener(body)
            if isinstance(message, Broken):
                self._reason = message.reason
            if isinstance(message, Ready | Pong | Heard):
                self._patience_ends = self._loop.time() + SILENT_S
            self._listener.take(message)

    def lost(self, cause: str) -> None:
        """Take note that the process has ended."""
        if self._watch is not None:
            self._watch.cancel()
        self._listener.lost(self._reason or f"the process that listens ended by {cause}")

    def _look(self) -> None:
        if self._loop.time() > self._patience_ends:
            self._reason = f"the process that listens said nothing for {SILENT_S:.0f} s"
            self.kill()
            return
        self.write(packed(Ping()))
        self._watch = self._loop.call_later(PING_S, self._look)
