"""A leg of which nothing that is pressed or said is kept, as while a secret is gathered.

It lasts until the last key was let go and its tone has faded: a tone is heard later than the
event that tells of its key (RFC 4733), by what the jitter buffer holds.
"""

from collections.abc import Callable
from typing import Protocol

from workbench import signals
from workbench.clock import Clock, Timer
from workbench.commands import Conceal, Reveal
from workbench.engine.line import Method

FADING_S = 0.5
"""After a key was let go: more than a jitter buffer holds."""
LONGEST_PRESS_S = 10.0
"""After which a key is taken to be up, though nothing told of it."""


class Concealable(Protocol):
    """What is concealed of a line."""

    def conceal(self, *, concealed: bool) -> None:
        """Keep nothing of what the far end says, or that again."""


class Concealment:
    """What a leg is concealed for, and the keys that are down."""

    def __init__(
        self, clock: Clock, line: Callable[[], Concealable], tell: Callable[..., None]
    ) -> None:
        """Conceal what comes from the line, report by `tell`."""
        self._clock, self._line, self._tell = clock, line, tell
        self._open: list[str] = []
        self._ending: list[str] = []
        self._down: set[tuple[str, Method]] = set()
        self._timer: Timer | None = None
        self._last_key = clock.now()

    def obey(self, command: Conceal | Reveal) -> None:
        """Begin a concealment or end it."""
        if isinstance(command, Conceal):
            self.begin(command.concealment)
        else:
            self.end(command.concealment)

    def begin(self, concealment: str) -> None:
        """Conceal the line from now on."""
        if not self._open:
            self._line().conceal(concealed=True)
        self._open.append(concealment)
        self._tell(signals.Concealed, concealment=concealment)

    def end(self, concealment: str) -> None:
        """Reveal the line again, as soon as no key can be heard."""
        if concealment in self._open:
            self._ending.append(concealment)
            self._reveal_soon()

    def pressed(self, digit: str, method: Method) -> None:
        """Take note of a key that goes down; an INFO tells of one that is up again."""
        self._last_key = self._clock.now()
        if method != "sip-info":
            self._down.add((digit, method))

    def let_go(self, digit: str, method: Method) -> None:
        """Take note of a key that is up again."""
        self._last_key = self._clock.now()
        self._down.discard((digit, method))

    def stop(self) -> None:
        """Forget all of it, at the end of the call."""
        self._open.clear()
        self._ending.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _reveal_soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        since_s = (self._clock.now() - self._last_key).total_seconds()
        left_s = (LONGEST_PRESS_S if self._down else FADING_S) - since_s
        if left_s > 0:
            # Looked at again at the soonest: the key may have been let go meanwhile.
            again_s = min(left_s, FADING_S)
            self._timer = self._clock.call_later(again_s, self._reveal_soon)
            return
        self._timer = None
        self._down.clear()
        self._reveal()

    def _reveal(self) -> None:
        ending, self._ending = self._ending, []
        self._open = [each for each in self._open if each not in ending]
        if not self._open:
            self._line().conceal(concealed=False)
        for concealment in ending:
            self._tell(signals.Revealed, concealment=concealment)
