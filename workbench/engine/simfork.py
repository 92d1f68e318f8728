"""The fork of a simulated line: silence, a frame every 20 ms of its clock."""

from workbench.clock import Clock, Timer
from workbench.commands import Fork
from workbench.engine.slices import FRAME_BYTES, FRAME_MS, Slice, Take

FRAME = bytes(FRAME_BYTES)


class SimFork:
    """One fork of one line."""

    def __init__(
        self, clock: Clock, leg: str, command: Fork, media_ms: int, take: Take
    ) -> None:
        """Begin to give frames away, of which the first lies at `media_ms`."""
        self._clock, self._leg, self._fork, self._take = clock, leg, command.fork, take
        self._began, self._frames = media_ms, 0
        self._audio = {
            way: FRAME for way in ("received", "sent") if command.direction in (way, "both")
        }
        self._timer: Timer | None = clock.call_later(FRAME_MS / 1000, self._tick)

    @property
    def played_ms(self) -> int:
        """Return how much audio was given away."""
        return self._frames * FRAME_MS

    def stop(self) -> None:
        """Give nothing more away; does nothing the second time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._take(self._slice({}, last=True))

    def _tick(self) -> None:
        self._take(self._slice(self._audio, last=False))
        self._frames += 1
        self._timer = self._clock.call_later(FRAME_MS / 1000, self._tick)

    def _slice(self, audio: dict[str, bytes], *, last: bool) -> Slice:
        return Slice(
            leg=self._leg, fork=self._fork, sequence=self._frames,
            media_ms=self._began + self.played_ms, last=last, **audio,
        )  # fmt: skip
