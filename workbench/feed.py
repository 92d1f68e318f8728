"""Raw audio on its way to one consumer: a queue that never waits, and counts what it loses."""

import asyncio
import functools
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.engine.slices import FRAME_BYTES, FRAME_MS, Slice

MOST_WAITING = 100
"""Frames that a consumer may be behind (2 s); then frames are lost until it is half as far."""

Samples = npt.NDArray[np.int16]


class AudioFrame(NamedTuple):
    """20 ms of a call: 160 samples at 8000 Hz in each direction that was asked for."""

    media_ms: int
    """Where it begins on the leg's audio clock; a jump means that frames were lost."""
    received: Samples
    """What the far end said; shape (160,), int16, read-only; empty if not asked for."""
    sent: Samples
    """What the far end was sent; the same."""


class Gap(NamedTuple):
    """Frames that a consumer did not get."""

    frames: int
    media_ms: int
    """Where the first of them began."""


class Feed:
    """The frames of one fork; an iterator for its consumer, plain or asynchronous."""

    def __init__(self, lost: Callable[[Gap], None], most: int | None = MOST_WAITING) -> None:
        """Tell `lost`, on any thread, of each gap once it is over; None keeps all frames."""
        self.given = self.lost = 0
        """Frames that the consumer took, and that it will never get."""
        self.over = False
        """Whether nothing is added any more."""
        self._tell, self._most = lost, most
        self._queue: deque[AudioFrame] = deque()
        self._expected = self._gap = self._gap_at = 0
        self._choked = False
        self._changed = threading.Condition()
        self._wake: Callable[[], object] = _nobody

    def put(self, audio: Slice) -> None:
        """Add what has come; frames for which there is no room are counted."""
        with self._changed:
            if self.over:
                return
            missing = audio.sequence - self._expected
            if missing > 0:
                self._lose(missing, audio.media_ms - missing * FRAME_MS)
            self._expected = audio.sequence + audio.frames
            for frame in _frames(audio):
                self._add(frame)
            if audio.last:
                self._end()
            self._rouse()

    def close(self) -> None:
        """Add nothing more; what waits may still be taken."""
        with self._changed:
            self._end()
            self._rouse()

    def _rouse(self) -> None:
        self._changed.notify()
        with suppress(RuntimeError):  # its loop is closed: the consumer has left
            self._wake()

    def _add(self, frame: AudioFrame) -> None:
        if self._most is not None:
            limit = self._most // 2 if self._choked else self._most
            self._choked = len(self._queue) >= limit
        if self._choked:
            self._lose(1, frame.media_ms)
            return
        self._tell_gap()
        self._queue.append(frame)

    def _lose(self, frames: int, media_ms: int) -> None:
        if not self._gap:
            self._gap_at = media_ms
        self._gap += frames
        self.lost += frames

    def _tell_gap(self) -> None:
        if self._gap:
            gap, self._gap = Gap(self._gap, self._gap_at), 0
            self._tell(gap)

    def _end(self) -> None:
        self._tell_gap()
        self.over = True

    # -- for the consumer ------------------------------------------------------------------

    def __iter__(self) -> Iterator[AudioFrame]:
        """Give each frame as it comes, to the end of the fork."""
        while (frame := self._await_frame()) is not None:
            yield frame

    def _await_frame(self) -> AudioFrame | None:
        with self._changed:
            while not self._queue and not self.over:
                self._changed.wait()
            return self._next()

    def _next(self) -> AudioFrame | None:
        if not self._queue:
            return None
        self.given += 1
        return self._queue.popleft()

    async def __aiter__(self) -> AsyncIterator[AudioFrame]:
        """Give each frame as it comes, to the end of the fork."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        with self._changed:
            self._wake = functools.partial(loop.call_soon_threadsafe, news.set)
        try:
            while True:
                news.clear()
                with self._changed:
                    frame, over = self._next(), self.over
                if frame is not None:
                    yield frame
                elif over:
                    return
                else:
                    await news.wait()
        finally:
            with self._changed:
                self._wake = _nobody


def _frames(audio: Slice) -> Iterator[AudioFrame]:
    received = np.frombuffer(audio.received, np.int16)
    sent = np.frombuffer(audio.sent, np.int16)
    size = FRAME_BYTES // 2
    for number in range(audio.frames):
        part = slice(number * size, (number + 1) * size)
        media_ms = audio.media_ms + number * FRAME_MS
        yield AudioFrame(media_ms, received[part], sent[part])


def _nobody() -> None:
    """Wake nobody."""
