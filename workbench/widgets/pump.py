"""The one thread that writes to all widgets of this process, twenty times a second at most.

The notebook server drops messages silently above a thousand a second, and traits are not
locked; so many threads say what is to be shown, and only this one sends it.
"""

import logging
import threading
from datetime import datetime
from typing import Protocol

from workbench.clock import Clock, SystemClock

logger = logging.getLogger(__name__)

PERIOD_S = 0.05
"""Between two rounds: 20 a second."""
BEAT_S = 2.0
"""How often a panel that has nothing to say shows that the kernel lives."""


class Written(Protocol):
    """What the pump writes: a `Panel`."""

    def write(self, now: datetime) -> None:
        """Send what has changed, and a sign of life when it is time for one."""


class Pump:
    """Writes every panel that is open, on one daemon thread."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin without panels; the thread starts with the first."""
        self._clock = clock or SystemClock()
        self._panels: list[Written] = []
        self._lock = threading.Lock()
        self._news, self._never = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, panel: Written) -> None:
        """Write this panel from now on."""
        with self._lock:
            self._panels.append(panel)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="workbench-widgets", daemon=True
                )
                self._thread.start()

    def remove(self, panel: Written) -> None:
        """Write this panel no more."""
        with self._lock:
            if panel in self._panels:
                self._panels.remove(panel)

    def wake(self) -> None:
        """Say that some panel has news."""
        self._news.set()

    def round(self) -> None:
        """Write all panels once; one that fails does not hold up the others."""
        with self._lock:
            panels = tuple(self._panels)
        for panel in panels:
            try:
                panel.write(self._clock.now())
            except Exception:
                logger.exception("A widget could not be written")

    def _run(self) -> None:
        while True:
            self._news.wait(BEAT_S / 2)
            self._news.clear()
            self.round()
            self._never.wait(PERIOD_S)


PUMP = Pump()
"""The pump of this process."""
