"""Prompts and recordings of a simulated call: time without sound, files of silence."""

import math
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import soundfile

from workbench.clock import Clock, Timer
from workbench.engine.line import LineError
from workbench.engine.spans import Spans

RATE = 8000
A_TICK_S = 1e-5
"""More than the clock is rounded."""


class SimTape:
    """A prompt that takes its time and makes no sound."""

    def __init__(self, clock: Clock, seconds: float, out: Callable[["SimTape"], None]) -> None:
        """Begin to play; `out` is told of the end, once there is one."""
        self._clock, self._out = clock, out
        self.spans = Spans(self._now)
        self._parts: list[tuple[float, float]] = []
        """When each part begins, on the clock, and how long it is."""
        self._whole = self._stopped = False
        self._over_s = 0.0
        """How much was played when it was stopped."""
        self._timer: Timer | None = None
        self._extend(seconds)
        self.spans.begin(0)

    @property
    def played_ms(self) -> int:
        """Return how many milliseconds of the file have gone out."""
        return round((self._over_s if self._stopped else self._played_s()) * 1000)

    @property
    def late_ms(self) -> int:
        """Return how long it was silent for want of its next part."""
        ends = [began + seconds for began, seconds in self._parts]
        begins = [began for began, _ in self._parts[1:]]
        gaps = (begin - end for end, begin in zip(ends, begins, strict=False))
        return round(sum(gaps) * 1000)

    @property
    def over(self) -> bool:
        """Tell whether it makes no sound any more."""
        return self._stopped or self._now() > self._ends_at - A_TICK_S

    def add(self, path: str) -> None:
        """Let the time pass that a further part takes."""
        late = self.over
        if late:
            self.spans.end(self.played_ms)
        self._extend(duration_s(path))
        if late:
            self.spans.begin(self.played_ms)

    def finish(self) -> None:
        """End when all there is has been played."""
        if not self._whole and not self._stopped:
            self._whole = True
            left_s = max(0.0, self._ends_at - self._now())
            if left_s < math.inf:
                self._timer = self._clock.call_later(left_s, lambda: self._out(self))

    def hush(self, *, silent: bool) -> None:
        """Take note that nothing of it is heard from now on, or that it is again."""
        self.spans.hush(self.played_ms, silent=silent)

    def stop(self) -> None:
        """Stop; does nothing the second time."""
        if not self._stopped:
            self._over_s, self._stopped = self._played_s(), True
            self.spans.end(self.played_ms)
            if self._timer is not None:
                self._timer.cancel()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    @property
    def _ends_at(self) -> float:
        began, seconds = self._parts[-1]
        return began + seconds

    def _extend(self, seconds: float) -> None:
        now = self._now()
        began = max(now, self._ends_at) if self._parts else now
        self._parts.append((began, seconds))

    def _played_s(self) -> float:
        now = self._now()
        return sum(min(max(0.0, now - began), seconds) for began, seconds in self._parts)


def duration_s(path: str) -> float:
    """Return how long a file plays; raises `LineError` when it cannot be opened."""
    try:
        return float(soundfile.info(path).duration)
    except (OSError, RuntimeError) as error:
        raise LineError(f"opening the prompt failed: {error}") from None


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
