"""Keys of one line as tones in its audio, both ways.

The clock's thread only takes frames from a queue and puts frames into another; whoever
pumps the library makes the tones and looks for them.
"""

from collections import deque
from collections.abc import Iterator

from workbench.engine.patch import Patch
from workbench.engine.ports import Port, PortPool
from workbench.engine.tones import Detector, tone


class LineTones:
    """What is pressed and what is heard, by ports that are lent when they are needed."""

    def __init__(self, patch: Patch, ports: PortPool) -> None:
        """Send and hear by `patch`."""
        self._patch, self._ports = patch, ports
        self._sender: Port | None = None
        self._ear: Port | None = None
        self._sent: deque[bytes] = deque()
        self._heard: deque[bytes] = deque()
        self._detector: Detector | None = None

    def press(self, key: str, milliseconds: int) -> None:
        """Send the tones of a key; raises `LineError` when no port is free."""
        if self._sender is None:
            self._sender = self._ports.lend()
            self._sender.speak(self._next)
            self._patch.add(self._sender.slot, "keys")
        self._sent.extend(tone(key, milliseconds))

    @property
    def listening(self) -> bool:
        """Tell whether it looks for keys."""
        return self._ear is not None

    def listen(self) -> None:
        """Look for keys in what the far end says; raises `LineError` when no port is free."""
        if self._ear is None:
            self._ear = self._ports.lend()
            self._detector = Detector()
            self._ear.hear(self._heard.append)
            self._patch.listen(self._ear.slot, "received", keys=True)

    def found(self) -> Iterator[tuple[str, int | None]]:
        """Give the keys that were heard: None at the begin, milliseconds at the end."""
        while self._detector is not None and self._heard:
            yield from self._detector.hear(self._heard.popleft())

    def stop(self) -> None:
        """Give the ports back."""
        if self._sender is not None:
            self._patch.dismiss(self._sender.slot)
            self._ports.take_back(self._sender)
        if self._ear is not None:
            self._patch.unlisten(self._ear.slot)
            self._ports.take_back(self._ear)
        self._sender = self._ear = self._detector = None

    def _next(self) -> bytes | None:
        return self._sent.popleft() if self._sent else None
