"""Prompts and recordings of a simulated call: time without sound, files of silence."""

import wave
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from workbench.clock import Clock, Timer
from workbench.engine.line import LineError

RATE = 8000


class SimTape:
    """A prompt that takes its time and makes no sound."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        """Begin to play."""
        self._clock, self._began, self._seconds = clock, clock.now(), seconds
        self._stopped_at: datetime | None = None
        self.timer: Timer | None = None

    @property
    def played_ms(self) -> int:
        """Return how many milliseconds of the file have gone out."""
        elapsed = ((self._stopped_at or self._clock.now()) - self._began).total_seconds()
        return round(min(elapsed, self._seconds) * 1000)

    @property
    def over(self) -> bool:
        """Tell whether it makes no sound any more."""
        elapsed = (self._clock.now() - self._began).total_seconds()
        return self._stopped_at is not None or elapsed >= self._seconds

    def stop(self) -> None:
        """Stop; does nothing the second time."""
        if self._stopped_at is None:
            self._stopped_at = self._clock.now()
            if self.timer is not None:
                self.timer.cancel()


class SimRecorders:
    """Two files of silence, as long as the recording ran."""

    def __init__(self, clock: Clock, paths: tuple[str, str]) -> None:
        """Begin to record."""
        self._clock, self._began, self._paths = clock, clock.now(), paths
        self._stopped = False
        self.whole: Callable[[], None] = lambda: None

    @property
    def played_ms(self) -> int:
        """Return how long the recorders have run."""
        return round((self._clock.now() - self._began).total_seconds() * 1000)

    def write(self, milliseconds: int) -> None:
        """Write both files."""
        silence = bytes(2 * (milliseconds * RATE // 1000))
        for path in self._paths:
            try:
                with Path(path).open("wb") as opened, wave.open(opened, "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(RATE)
                    file.writeframes(silence)
            except OSError as error:
                raise LineError(f"opening the recording failed: {error}") from None

    def stop(self) -> None:
        """Close the files; does nothing the second time."""
        if not self._stopped:
            self._stopped = True
            with suppress(LineError):  # the folder has been taken away meanwhile
                self.write(self.played_ms)
            self._clock.call_later(0.0, self.whole)
