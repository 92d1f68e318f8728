"""A prompt that comes part by part, each while the one before it plays.

Its frames are taken on the library's clock thread, by a port of the pool, so that its place is
known to the frame: what was taken left in that moment.
"""

import wave
from collections import deque

from workbench.engine.exchange import Exchange
from workbench.engine.line import LineError, Monotonic
from workbench.engine.patch import Patch
from workbench.engine.ports import FRAME_BYTES, PortPool
from workbench.engine.settings import CLOCK_RATE, FRAME_MS
from workbench.engine.spans import Spans

SOON_FRAMES = 50
"""Before its end it is looked at often, so that the end is told in time."""
BYTES_A_MS = 2 * CLOCK_RATE // 1000


class PartsTape:
    """Parts of a prompt on their way to one call."""

    def __init__(self, path: str, patch: Patch, ports: PortPool, monotonic: Monotonic) -> None:
        """Begin with the first part.

        Raises:
            LineError: it cannot be opened, or no port is free.
        """
        self.spans = Spans(monotonic)
        self._frames: deque[bytes] = deque()
        self._rest = b""
        """Less than a frame, which waits for what follows."""
        self._bytes = self._taken = self._late = 0
        self._whole = self._over = False
        self.add(path)
        self._patch, self._ports, self._port = patch, ports, ports.lend()
        self._playing = True
        self._port.speak(self._next)
        patch.add(self._port.slot, "prompt")

    @property
    def played_ms(self) -> int:
        """Return how many milliseconds of its audio have gone out."""
        return min(self._taken * FRAME_MS, round(self._bytes / BYTES_A_MS))

    @property
    def late_ms(self) -> int:
        """Return how long it was silent for want of its next part."""
        return self._late * FRAME_MS

    @property
    def ends_soon(self) -> bool:
        """Tell whether its end is near."""
        return self._whole and len(self._frames) < SOON_FRAMES

    def add(self, path: str) -> None:
        """Play a further part after what there is.

        Raises:
            LineError: it cannot be opened, or has another form than the bridge.
        """
        audio = self._rest + _audio(path)
        self._bytes += len(audio) - len(self._rest)
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        self._frames.extend(audio[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES))

    def finish(self) -> None:
        """End when all there is has been played."""
        if self._rest:
            self._frames.append(self._rest.ljust(FRAME_BYTES, b"\0"))
            self._rest = b""
        self._whole = True

    def hush(self, *, silent: bool) -> None:
        """Take note that nothing of it is heard from now on, or that it is again."""
        self.spans.hush(self.played_ms, silent=silent)

    def stop(self) -> None:
        """Fall silent; does nothing the second time."""
        if self._playing:
            self._playing = False
            self._patch.dismiss(self._port.slot)
            self._ports.take_back(self._port)
            self.spans.end(self.played_ms)

    def watch(self, leg: str, exchange: Exchange) -> bool:
        """Report its end; False when there is nothing more to watch."""
        if self._playing and self._over:
            exchange.played_out(leg, self)
        return self._playing

    def _next(self) -> bytes | None:
        """Give the next frame to the bridge."""
        if self._frames:
            self.spans.begin(self.played_ms)
            frame = self._frames.popleft()
            self._taken += 1
            return frame
        self.spans.end(self.played_ms)
        if self._whole:
            self._over = True
        else:
            self._late += 1
        return None


def _audio(path: str) -> bytes:
    try:
        with wave.open(path) as file:
            if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (
                CLOCK_RATE, 2, 1,
            ):  # fmt: skip
                raise LineError(f"the part {path} of a prompt is not mono, 16 bit, 8 kHz")
            return bytes(file.readframes(file.getnframes()))
    except (OSError, wave.Error, EOFError) as error:
        raise LineError(f"opening the prompt {path} failed: {error}") from None
