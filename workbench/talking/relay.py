"""A talk through the kernel, for a page that cannot come to a booth: slower, but anywhere.

What a page says comes in lumps then. The call's frames are the clock: for each, one of the
page is sent.
"""

import select
import socket
import threading
from collections import deque
from collections.abc import Callable

from workbench.talking.pace import CALL_OVER, FRAME_BYTES, NO_FRAME, Finished, Pace

PRIME, MOST = 4, 12
"""Frames of the page that wait before the first is sent, and beyond which the oldest go."""
PAIR = 2
"""Frames that go to the page together."""
LUMP = 10
"""Frames that may come at once."""
LOOK_MS = 500
"""Between two looks whether the talk was ended, when the call sends nothing."""


class Relay:
    """A talk of one page, on a thread of its own."""

    def __init__(
        self,
        end: socket.socket,
        play: Callable[..., None],
        over: Callable[[str], None],
    ) -> None:
        """Give `play` the frames of the call, and `over` the reason of the end, once."""
        self._end = end.dup()
        self._end.setblocking(False)
        self._play, self._over = play, over
        self._pace, self._failure = Pace(), ""
        self._said: deque[bytes] = deque(maxlen=MOST)
        self._heard: list[bytes] = []
        self._primed, self._closed = False, threading.Event()
        threading.Thread(target=self._run, name="workbench-relay", daemon=True).start()

    def say(self, audio: bytes) -> None:
        """Take some frames of the page, from any thread."""
        count, rest = divmod(len(audio), FRAME_BYTES)
        if rest or not 0 < count <= LUMP:
            self.close(NO_FRAME)
            return
        try:
            for at in range(0, len(audio), FRAME_BYTES):
                self._pace.said()
                self._said.append(audio[at : at + FRAME_BYTES])
        except Finished as finished:
            self.close(str(finished))

    def close(self, reason: str = "the talk was ended") -> None:
        """End the talk soon."""
        self._failure = self._failure or reason
        self._closed.set()

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._end, select.POLLIN)
        try:
            while not self._closed.is_set():
                if poll.poll(LOOK_MS):
                    self._carry()
        except Finished as finished:
            self.close(str(finished))
        except OSError:
            self.close(CALL_OVER)
        self._end.close()
        self._over(self._failure)

    def _carry(self) -> None:
        """Take a frame of the call, and send one of the page in return."""
        try:
            frame = self._end.recv(FRAME_BYTES)
        except BlockingIOError:
            return
        self._pace.heard(frame)
        self._heard.append(frame)
        if len(self._heard) == PAIR:
            self._play(*self._heard)
            self._heard.clear()
        self._answer()

    def _answer(self) -> None:
        self._primed = self._primed or len(self._said) >= PRIME
        if not self._primed:
            return
        try:
            self._end.send(self._said.popleft())
        except IndexError:
            self._primed = False
        except BlockingIOError:
            return  # the call does not take it: nobody waits
