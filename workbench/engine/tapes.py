"""Prompts that play and recorders that run, on players and recorders of a C library.

A prompt's end is read from its position (`player` says why); a recording's from its file.
"""

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from workbench.engine.exchange import Exchange
from workbench.engine.line import LineError, Monotonic
from workbench.engine.player import Player
from workbench.engine.settings import FRAME_MS
from workbench.engine.spans import Spans

SOON_S = 1.0
"""Before its end a prompt is followed closely: more than the library buffers."""
SLACK_MS = 100
"""How long after its length a prompt is taken to be over, whatever its position says."""
CLOSING_MS = 300
"""How long a recorder may take to write the sizes into its file's header."""
WAV_DATA_SIZE = slice(40, 44)


class PlayerTape:
    """A prompt of one file on its way to one call."""

    late_ms = 0

    def __init__(
        self, player: Player, monotonic: Monotonic, freed: Callable[[int], None]
    ) -> None:
        """Follow a player; `freed` is told when its slot is gone."""
        self.spans = Spans(monotonic)
        self._player: Player | None = player
        self._freed = freed
        self._samples, self._rate = player.samples, player.rate
        self._endless = player.endless
        self._monotonic, self._began = monotonic, monotonic()
        self._position, self._behind_s = 0, 0.0
        """Where it was seen last, and how far that is behind its begin's clock."""
        self._ended_at: float | None = None
        self._stopped_ms: int | None = None
        self.spans.begin(0)

    @property
    def played_ms(self) -> int:
        """Return how many milliseconds of the file have gone out."""
        if self._stopped_ms is not None:
            return self._stopped_ms
        if self._endless:
            return round((self._monotonic() - self._began) * 1000)
        self._follow()
        position = self._position
        if self._ended_at is not None:
            # The rest is buffered, and goes out with the clock.
            elapsed_s = self._monotonic() - self._began - self._behind_s
            position = max(position, int(elapsed_s * self._rate))
        return round(min(position, self._samples) * 1000 / self._rate)

    @property
    def ends_soon(self) -> bool:
        """Tell whether its end is near, or long gone."""
        elapsed_s = self._monotonic() - self._began
        return not self._endless and elapsed_s > self._samples / self._rate - SOON_S

    def add(self, path: str) -> None:
        """Refuse: it is one file."""
        raise LineError(f"{path} cannot follow a prompt that is whole")

    def finish(self) -> None:
        """Do nothing: it is whole."""

    def hush(self, *, silent: bool) -> None:
        """Take note that nothing of it is heard from now on, or that it is again."""
        self.spans.hush(self.played_ms, silent=silent)

    def stop(self) -> None:
        """Fall silent and close the file."""
        if self._player is not None:
            self._stopped_ms = self.played_ms
            player, self._player = self._player, None
            player.free()
            self._freed(player.slot)
            self.spans.end(self._stopped_ms)

    def watch(self, leg: str, exchange: Exchange) -> bool:
        """Report the file's end; False when there is nothing more to watch."""
        if self._player is None:
            return False
        if not self.ends_soon:
            return True
        self._follow()
        if self._ended_at is None or self._monotonic() < self._ended_at:
            return True
        self._stopped_ms = round(self._samples * 1000 / self._rate)
        exchange.played_out(leg, self)
        return False

    def _follow(self) -> None:
        """Read the position, which falls back to zero when the last of the file is buffered.

        What is buffered has still to be played: the end is not before the file's length.
        """
        if self._player is None or self._ended_at is not None or self._endless:
            return
        now, position = self._monotonic(), self._player.position()
        if position > self._position:
            self._position = position
            self._behind_s = max(0.0, now - self._began - position / self._rate)
        elif position < self._position:
            length = self._samples / self._rate
            self._ended_at = max(now, self._began + length) + FRAME_MS / 1000
        if (now - self._began) * 1000 > self._samples * 1000 / self._rate + SLACK_MS:
            self._ended_at = now


class RecorderTape:
    """The two recorders of one call."""

    def __init__(
        self,
        recorders: tuple[Any, Any],
        paths: tuple[str, str],
        monotonic: Monotonic,
        freed: Callable[[], None],
    ) -> None:
        """Follow recorders; `freed` is told when their slots are gone."""
        self._freed = freed
        self._recorders: tuple[Any, Any] | None = recorders
        self._paths, self._monotonic = paths, monotonic
        self._began, self._stopped_at = monotonic(), 0.0
        self._claim = claim(paths[0])

    @property
    def played_ms(self) -> int:
        """Return how long the recorders have run."""
        return round((self._monotonic() - self._began) * 1000)

    @property
    def runs(self) -> bool:
        """Tell whether it has not been stopped."""
        return self._recorders is not None

    def stop(self) -> None:
        """Let go of the recorders; the library closes their files within a frame."""
        if self._recorders is not None:
            self._recorders, self._stopped_at = None, self._monotonic()
            self._freed()

    def watch(self, leg: str, exchange: Exchange) -> bool:
        """Report when both files are whole; False when there is nothing more to watch."""
        if self._recorders is not None:
            return True
        late = (self._monotonic() - self._stopped_at) * 1000 > CLOSING_MS
        if not late and not all(map(is_whole, self._paths)):
            return True
        self._claim.close()
        exchange.recorded(leg, self)
        return False


def claim(path: str) -> BinaryIO:
    """Lock a recording while it is written, which outlives the bench when that is killed."""
    file = Path(path).open("rb")  # noqa: SIM115 - open as long as the recorder runs
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def is_whole(path: str) -> bool:
    """Tell whether the header of a WAV file has its sizes, which are written at its end."""
    with Path(path).open("rb") as file:
        return any(file.read(WAV_DATA_SIZE.stop)[WAV_DATA_SIZE])
