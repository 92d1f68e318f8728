"""The forks of one leg: its raw audio for consumers outside of the engine."""

from collections.abc import Callable

from workbench import signals
from workbench.commands import Fork, StopFork
from workbench.engine.line import Line, Tape
from workbench.engine.slices import Take


class Forks:
    """What has been asked for, and what runs."""

    def __init__(
        self,
        line: Callable[[], Line],
        tell: Callable[..., None],
        media_ms: Callable[[], int | None],
        take: Take,
    ) -> None:
        """Report by `tell`, give the audio to `take`."""
        self._line, self._tell, self._media_ms, self._take = line, tell, media_ms, take
        self._waiting: dict[str, Fork] = {}
        self._running: dict[str, Tape] = {}

    def obey(self, command: Fork | StopFork) -> None:
        """Begin to give audio away, as soon as there is any, or end that."""
        if isinstance(command, StopFork):
            self.stop(command.fork)
        elif command.fork not in self._running:
            self._waiting[command.fork] = command
            self.start_media()

    def start_media(self) -> None:
        """Begin what has waited for audio."""
        media_ms = self._media_ms()
        while self._waiting and media_ms is not None:
            fork, command = self._waiting.popitem()
            try:
                tape = self._line().fork(command, media_ms, self._take)
            except OSError as error:
                self._tell(signals.ForkStopped, fork=fork, reason=str(error))
            else:
                self._running[fork] = tape
                self._tell(signals.ForkStarted, fork=fork, media_ms=media_ms)

    def stop(self, fork: str, reason: str = "") -> None:
        """Give no more audio away; does nothing the second time."""
        tape = self._running.pop(fork, None)
        if tape is not None:
            tape.stop()
            self._tell(signals.ForkStopped, fork=fork, reason=reason)
        elif self._waiting.pop(fork, None) is not None:
            self.refuse(fork, reason or "it was stopped before audio flowed")

    def refuse(self, fork: str, reason: str) -> None:
        """Report a fork that cannot even begin."""
        self._tell(signals.ForkStopped, fork=fork, reason=reason)

    def wind_up(self) -> None:
        """End all of them with the leg."""
        for fork in (*self._running, *self._waiting):
            self.stop(fork, "the call is ending")
