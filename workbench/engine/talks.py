"""Who talks on one leg from outside of the engine: each by the socket of a link."""

from collections.abc import Callable
from dataclasses import asdict

from workbench import signals
from workbench.commands import StopTalk, Talk
from workbench.engine.line import Line, LinkCount

GONE = "its other end was closed"

Discard = Callable[[str], None]
"""Closes the end that was handed over for a talk, if nobody has taken it."""


class Talks:
    """What has been asked for, and what runs."""

    def __init__(
        self,
        line: Callable[[], Line],
        tell: Callable[..., None],
        media_ms: Callable[[], int | None],
        discard: Discard,
    ) -> None:
        """Report by `tell`; `discard` the end of a talk that comes to nothing."""
        self._line, self._tell, self._media_ms = line, tell, media_ms
        self._discard = discard
        self._waiting: list[str] = []
        self._running: dict[str, tuple[Line, LinkCount]] = {}

    def obey(self, command: Talk | StopTalk) -> None:
        """Begin a talk, or end it."""
        if isinstance(command, StopTalk):
            self.stop(command.talk)
        elif command.talk not in (*self._running, *self._waiting):
            self._waiting.append(command.talk)
            self.start_media()

    def start_media(self) -> None:
        """Begin what has waited for audio."""
        while self._waiting and self._media_ms() is not None:
            self._start(self._waiting.pop(0))

    def _start(self, talk: str) -> None:
        try:
            line = self._line()
            self._running[talk] = line, line.link(talk, hears=True, heard=True)
        except OSError as error:
            self.refuse(talk, str(error))
        else:
            self._tell(signals.TalkStarted, talk=talk)

    def stop(self, talk: str, reason: str = "") -> None:
        """Let somebody talk no more; does nothing the second time."""
        if talk in self._running:
            line, count = self._running.pop(talk)
            line.unlink(talk)
            self._tell(signals.TalkFinished, talk=talk, reason=reason, **asdict(count))
        elif talk in self._waiting:
            self._waiting.remove(talk)
            self.refuse(talk, reason or "it was stopped before audio flowed")

    def refuse(self, talk: str, reason: str) -> None:
        """Report a talk that cannot even begin."""
        self._discard(talk)
        self._tell(signals.TalkFinished, talk=talk, reason=reason)

    def wind_up(self) -> None:
        """End all of them with the leg."""
        for talk in (*self._running, *self._waiting):
            self.stop(talk, "the call is ending")
