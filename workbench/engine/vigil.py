"""Watches what a leg hears: audio that never came or stopped, silence, and strangers.

What it sees is for people, so it looks once a second, and at the meter four times.
"""

from collections.abc import Callable
from contextlib import suppress

from workbench import signals
from workbench.clock import Clock, Timer
from workbench.engine.line import Hearing, Line, LineError

LOOK_S = 0.25
LOOKS = 4
"""Of which the last is a closer one."""
CLOSE_S = LOOKS * LOOK_S
MISSING_S = 3.0
"""Without a packet from the far end, which is to send, before its audio is missed."""
SILENCE_S = 10.0
"""Of nothing but silence before it is worth a word."""
AUDIBLE = 24
"""From 0 to 255, on the scale of the bridge's meter: noise of a quiet line stays below."""


class Vigil:
    """The watch over one leg."""

    def __init__(
        self, clock: Clock, line: Callable[[], Line | None], tell: Callable[..., None]
    ) -> None:
        """Look at `line`, which gives None while there is nothing to see; report by `tell`."""
        self._clock, self._line, self._tell = clock, line, tell
        self._looks = self._loudest = 0
        self._timer: Timer | None = None
        self._packets: int | None = None
        self._idle_s = self._silent_s = 0.0
        self._missing = self._silent = False
        self._told: set[str] = set()

    def run(self) -> None:
        """Begin to look."""
        self._timer = self._clock.call_later(LOOK_S, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        line = self._line()
        if line is not None:
            with suppress(LineError):  # the call is about to be over
                self._loudest = max(self._loudest, line.level())
                self._looks += 1
                if self._looks % LOOKS == 0:
                    self._look_closely(line.hearing())
        self.run()

    def _look_closely(self, hearing: Hearing | None) -> None:
        if hearing is not None:
            self._watch_packets(hearing)
            self._watch_level(hearing)
            self._watch_sources(hearing)
        self._loudest = 0

    def _watch_packets(self, hearing: Hearing) -> None:
        came = hearing.packets not in (0, self._packets)
        self._packets = hearing.packets
        if came or not hearing.expected:
            if self._missing and came:
                missing_ms = round(self._idle_s * 1000)
                self._tell(signals.AudioResumed, missing_ms=missing_ms)
            self._idle_s, self._missing = 0.0, self._missing and not came
            return
        self._idle_s += CLOSE_S
        if self._idle_s >= MISSING_S and not self._missing:
            self._missing = True
            self._tell(signals.AudioMissing, ever=hearing.packets > 0)

    def _watch_level(self, hearing: Hearing) -> None:
        if self._loudest >= AUDIBLE or self._idle_s or not hearing.expected:
            if self._silent:
                silent_ms = round(self._silent_s * 1000)
                self._tell(signals.SilenceEnded, silent_ms=silent_ms)
            self._silent_s, self._silent = 0.0, False
            return
        self._silent_s += CLOSE_S
        if self._silent_s >= SILENCE_S and not self._silent:
            self._silent = True
            self._tell(signals.SilenceStarted)

    def _watch_sources(self, hearing: Hearing) -> None:
        for source, packets in hearing.strangers.items():
            if source not in self._told:
                self._told.add(source)
                refused = hearing.refused
                self._tell(
                    signals.RtpFromStranger, source=source, packets=packets, refused=refused
                )
