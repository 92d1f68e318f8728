"""A process that listens: audio in, findings out, with the models in it.

Started by `listeners`; it ends with its socket.
"""

import asyncio
import os
import socket
from collections.abc import Callable

import click

from workbench import events as ev
from workbench.framing import Frames
from workbench.speech.choice import Choice, choose
from workbench.speech.ears import Finding, found
from workbench.speech.listening import Listening
from workbench.speech.recognition import Job
from workbench.speech.thread_desk import STUCK_S, ThreadDesk
from workbench.speech.track import TrackEar
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
    from_bench,
    packed,
)

CHUNK = 1 << 16
NICENESS = 2
"""Recognition gives way to the processes that carry audio."""
BEHIND_MS = 1000
"""Behind the audio by so much is told."""
TELL_EVERY_MS = 5000
"""Of audio, between two such notes of a call."""
BROKEN = 70
"""The exit status of a process that ends itself."""


class Listener:
    """What a process does, message by message."""

    def __init__(self, send: Callable[[FromListener], None]) -> None:
        """Answer by `send`."""
        self._send = send
        self._choices: dict[str, Choice] = {}
        self._desks: dict[str, ThreadDesk] = {}
        self._listenings: dict[int, Listening] = {}
        self._noted: dict[int, int] = {}

    def take(self, message: FromBench) -> None:
        """Act on a message."""
        match message:
            case Setup(choices=choices):
                self._choices = choices
                self._desk("")
                self._send(Ready())
            case Begin():
                self._begin(message)
            case Audio(key=key, audio=audio):
                self._guard(key, lambda listening: listening.put(audio))
            case Expect(key=key, expected=expected):
                self._guard(key, lambda listening: listening.expect(expected))
            case End(key=key):
                self._guard(key, lambda listening: listening.stop())
            case Ping():
                self._send(Pong())

    def _begin(self, message: Begin) -> None:
        key = message.key

        def tell(finding: Finding) -> None:
            self._send(Heard(key=key, finding=finding))

        try:
            self._listenings[key] = Listening(
                message.order, self._choices, self._desk(message.order.recognizer), tell,
                message.first_utterance,
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - a provider's own
            self._fail(key, error)

    def _guard(self, key: int, work: Callable[[Listening], None]) -> None:
        listening = self._listenings.get(key)
        if listening is None:
            return
        try:
            work(listening)
        except Exception as error:  # noqa: BLE001 - a provider's own
            self._fail(key, error)
        if listening.over:
            self._settled()

    def _fail(self, key: int, error: Exception) -> None:
        self._listenings.pop(key, None)
        reason = f"{type(error).__name__}: {error}"
        self._send(Heard(key=key, finding=found(ev.ListeningFinished, 0, reason=reason)))

    def _desk(self, name: str) -> ThreadDesk:
        if name not in self._desks:
            choice = choose("recognizer", name) if name else self._choices["recognizer"]
            recognizer = choice.make()
            getattr(recognizer, "warm", lambda: None)()
            self._desks[name] = ThreadDesk(
                recognizer, begun=self._begun, settled=self._settled, stuck=self._stuck
            )
        return self._desks[name]

    def _begun(self, job: Job) -> None:
        for key, listening in self._listenings.items():
            if job.track in listening.tracks:
                self._note_delay(key, listening.now_ms, job)

    def _note_delay(self, key: int, now_ms: int, job: Job) -> None:
        behind_ms = now_ms - job.end_ms
        silence_ms = job.track.silence_ms if isinstance(job.track, TrackEar) else 0
        late = behind_ms - (silence_ms if job.final else 0)
        if late > BEHIND_MS and now_ms - self._noted.get(key, -TELL_EVERY_MS) >= TELL_EVERY_MS:
            self._noted[key] = now_ms
            delayed = found(ev.RecognitionDelayed, now_ms, behind_ms=late)
            self._send(Heard(key=key, finding=delayed))

    def _settled(self) -> None:
        for key, listening in tuple(self._listenings.items()):
            listening.finish_if_done()
            if listening.over:
                del self._listenings[key]
                self._noted.pop(key, None)

    def _stuck(self, job: Job) -> None:
        self._send(Broken(reason=f"the recogniser did not answer within {STUCK_S:.0f} s"))
        os._exit(BROKEN)


async def listen(ours: socket.socket) -> None:
    """Serve a bench until it lets go of the socket."""
    reader, writer = await asyncio.open_connection(sock=ours)
    listener, frames = Listener(lambda message: writer.write(packed(message))), Frames()
    while received := await reader.read(CHUNK):
        frames.feed(received)
        for body in frames.bodies():
            try:
                listener.take(from_bench(body))
            except Exception as error:  # noqa: BLE001 - said, then the process ends
                writer.write(packed(Broken(reason=f"{type(error).__name__}: {error}")))
                await writer.drain()
                os._exit(BROKEN)


@click.command()
@click.option("--socket", "descriptor", type=int, required=True)
def main(descriptor: int) -> None:
    """Listen for the bench at the other end of an inherited socket."""
    os.nice(NICENESS)
    ours = socket.socket(fileno=descriptor)
    asyncio.run(listen(ours))
    os._exit(0)  # a recogniser that hangs keeps nobody waiting


if __name__ == "__main__":
    main()
