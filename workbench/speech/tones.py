"""The tones of machines in a call's audio: a beep, a fax, busy, ringback, music on hold.

Frequencies and cadences are those of ITU-T T.30 (fax), ITU-T V.25 (answering tone) and ITU-T
E.180 with its Supplement 2 (busy, ringback). `sinusoids` finds the tones of a moment.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.speech import Tone
from workbench.speech.music import SPAN, Music
from workbench.speech.sinusoids import PAIRS, Chord, Sinusoids

FRAME_MS = 20
MISSES = 3
"""Frames without a tone that end it: two may straddle a phase that turns."""
STEADY_HZ = 12.0
"""How far a tone may wander."""
ALONE_MS = 100
"""Silence or other sound beside a beep: tones that follow each other are a melody."""
BEEP_MS = (100, 3000)
LOW_HZ, LOW_MS = 430.0, 250
"""A beep below this is longer than this: the hum of an m or n is not."""
FLAT_DB, FALL_DB = 4.0, 5.0
"""A beep is as loud at its end as at its begin, and what follows is softer by so much."""
CALLING_HZ, CALLING_MS = (1062.0, 1138.0), (405, 595)
"""T.30: 1100 Hz ± 38 Hz for 0.5 s ± 15 %."""
ANSWER_HZ, ANSWER_MS = (2080.0, 2120.0), 1000
"""T.30 and V.25: 2100 Hz ± 15 Hz for 2.6 s and more; told once it has lasted this long."""
NETWORK_HZ = ((392.0, 408.0), (415.0, 435.0))
"""Single tones of networks, which are no beeps: 400 Hz and 425 Hz."""
BUSY_MS = (180, 620)
"""Of the tone and of the pause between two of it: busy and congestion."""
RING_MS, RING_PAUSE_MS = (750, 2500), (1500, 5500)
RINGING: tuple[Chord, ...] = PAIRS[:2]
RING_PART_MS = 360
"""The shortest part of a ringback of two tones."""
REMEMBERED_MS = 6000
MUSIC_MS = SPAN * FRAME_MS
PIECE_MS = 5000
"""Without music, after which it is told again."""

ToneName = Literal["beep", "fax-calling", "fax-answer", "busy", "ringback", "music"]
Frame = npt.NDArray[np.int16]


class _Burst:
    """A tone that sounds."""

    def __init__(self, chord: Chord, start_ms: int, level_db: float) -> None:
        self.chord, self.start_ms = chord, start_ms
        self.end_ms = start_ms + 2 * FRAME_MS
        self.misses = 0
        self.told = False
        self._frequencies, self._levels = [chord[0]], [level_db]

    @property
    def frequency(self) -> float:
        return float(np.median(self._frequencies))

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms

    @property
    def level_db(self) -> float:
        return float(np.median(self._levels))

    @property
    def beeplike(self) -> bool:
        """Whether it is as long, as high and as steady as a beep."""
        inner = self._levels[1:-1] or self._levels
        shortest = LOW_MS if self.frequency < LOW_HZ else BEEP_MS[0]
        return max(inner) - min(inner) <= FLAT_DB and _in(
            self.duration_ms, (shortest, BEEP_MS[1])
        )

    def hear(self, chord: Chord, level_db: float, now_ms: int) -> bool:
        """Take what sounds now; return whether the tone goes on."""
        same = len(chord) == len(self.chord) and (
            abs(chord[0] - self.frequency) <= STEADY_HZ if len(chord) == 1 else True
        )
        if not chord or not same or (len(chord) > 1 and chord != self.chord):
            self.misses += 1
            return self.misses < MISSES
        self.misses, self.end_ms = 0, now_ms
        self._frequencies.append(chord[0])
        self._levels.append(level_db)
        return True

    def within(self, hertz: tuple[float, float]) -> bool:
        return len(self.chord) == 1 and hertz[0] <= self.frequency <= hertz[1]

    def goes_on_in(self, later: "_Burst") -> bool:
        """Tell whether a later burst belongs to the same signal of a network."""
        soon = later.start_ms - self.end_ms <= REMEMBERED_MS
        return soon and self.chord[1:] == later.chord[1:]

    @property
    def network(self) -> bool:
        return len(self.chord) > 1 or any(self.within(hertz) for hertz in NETWORK_HZ)

    def named(self, tone: ToneName, start_ms: int | None = None) -> Tone:
        start_ms = self.start_ms if start_ms is None else start_ms
        return Tone(
            tone=tone,
            frequency_hz=round(self.frequency),
            start_ms=max(0, start_ms),
            duration_ms=self.end_ms - start_ms,
        )


class Tones:
    """Hears the frames of one direction of a call, tells of the tones in them."""

    def __init__(self) -> None:
        """Begin in silence."""
        self._sinusoids = Sinusoids()
        self._music = Music()
        self._plays_since: int | None = None
        self._now_ms = 0
        self._burst: _Burst | None = None
        self._last: _Burst | None = None
        """The last tone of any length that ended."""
        self._beep: _Burst | None = None
        """One that is a beep unless another tone follows at once."""
        self._network: _Burst | None = None
        """The last burst of a network's tone."""

    def hear(self, frame: Frame, media_ms: int) -> Iterator[Tone]:
        """Take the next 20 ms, which begin at `media_ms`; give each tone once it is known.

        A frame has the shape (160,), int16 at 8 kHz.
        """
        chord = self._sinusoids.hear(frame)
        self._now_ms = media_ms + FRAME_MS
        level_db = self._sinusoids.level_db
        if self._burst is not None and not self._burst.hear(chord, level_db, self._now_ms):
            ended, self._burst = self._burst, None
            yield from self._end(ended)
        if self._burst is None and chord:
            self._burst = _Burst(chord, self._now_ms - 2 * FRAME_MS, level_db)
        yield from self._early(self._burst)
        yield from self._lone_beep()
        yield from self._playing(self._music.hear(frame, chord))

    def _playing(self, music: bool) -> Iterator[Tone]:
        if not music:
            # A bar that sounds like speech does not begin another piece.
            if self._plays_since is not None and self._now_ms - self._plays_since > PIECE_MS:
                self._plays_since = None
            return
        if self._plays_since is None:
            start_ms = self._now_ms - MUSIC_MS
            yield Tone(tone="music", frequency_hz=0, start_ms=start_ms, duration_ms=MUSIC_MS)
        self._plays_since = self._now_ms

    def _early(self, burst: _Burst | None) -> Iterator[Tone]:
        if burst is None or burst.told or not burst.within(ANSWER_HZ):
            return
        if burst.duration_ms >= ANSWER_MS:
            burst.told = True
            yield burst.named("fax-answer")

    def _end(self, burst: _Burst) -> Iterator[Tone]:
        before, self._last = self._last, burst
        if burst.told or burst.duration_ms < BEEP_MS[0]:
            return
        if burst.network:
            yield from self._cadence(burst)
        elif burst.within(CALLING_HZ) and _in(burst.duration_ms, CALLING_MS):
            yield burst.named("fax-calling")
        elif before is None or burst.start_ms - before.end_ms >= ALONE_MS:
            self._beep = burst if burst.beeplike else None

    def _lone_beep(self) -> Iterator[Tone]:
        if self._beep is None:
            return
        sounding = self._burst is not None and self._burst.duration_ms > 2 * FRAME_MS
        if sounding and self._burst is not None:
            close = self._burst.start_ms - self._beep.end_ms < ALONE_MS
            self._beep = None if close else self._beep
        if self._beep is not None and self._now_ms - self._beep.end_ms >= ALONE_MS + FRAME_MS:
            beep, self._beep = self._beep, None
            if beep.level_db - self._sinusoids.level_db >= FALL_DB:
                yield beep.named("beep")

    def _cadence(self, burst: _Burst) -> Iterator[Tone]:
        before, self._network = self._network, burst
        if before is not None and not before.goes_on_in(burst):
            before = None
        if before is not None and before.told:
            burst.told = True
        elif burst.chord in RINGING and burst.duration_ms >= RING_PART_MS:
            burst.told = True
            yield burst.named("ringback")
        elif before is not None and (name := _rhythm(before, burst)):
            burst.told = True
            yield burst.named(name, before.start_ms)


def _rhythm(first: _Burst, second: _Burst) -> ToneName | None:
    pause = second.start_ms - first.end_ms
    both = (first.duration_ms, second.duration_ms)
    if all(_in(each, BUSY_MS) for each in (*both, pause)):
        return "busy"
    if all(_in(each, RING_MS) for each in both) and _in(pause, RING_PAUSE_MS):
        return "ringback"
    return None


def _in(value: float, limits: tuple[int, int]) -> bool:
    return limits[0] <= value <= limits[1]
