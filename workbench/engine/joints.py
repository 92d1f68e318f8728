"""What joins legs of an exchange: two of its own, or one and a link to another worker.

A joint waits until audio flows on its legs, and comes apart when one of them ends; both is
told of every leg that it joins.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench import signals
from workbench.engine.line import LineError

if TYPE_CHECKING:
    from workbench.engine.legs import Leg

Work = Callable[[], None]


class Joint:
    """A bridge as this exchange sees it."""

    def __init__(self, legs: "dict[str, Leg]", join: Callable[[], Work]) -> None:
        """Join `legs`, each under the name of the leg that it is joined to.

        `join` connects the audio, and returns how that is undone.
        """
        self._legs, self._join = legs, join
        self._part: Work | None = None
        self._over = False
        for other, leg in legs.items():
            leg.joints[other] = self
        self.try_join()

    def try_join(self) -> None:
        """Join the legs as soon as audio flows on all of them."""
        ready = all(leg.media_ms is not None and leg.line for leg in self._legs.values())
        if not ready or self._part is not None or self._over:
            return
        try:
            self._part = self._join()
        except LineError as fault:
            self.part(fault.reason)
            return
        for other, leg in self._legs.items():
            leg.tell(signals.Bridged, other=other)

    def part(self, reason: str) -> None:
        """Part the legs; does nothing the second time."""
        if self._over:
            return
        self._over = True
        if self._part is not None:
            self._part()
        for other, leg in self._legs.items():
            leg.joints.pop(other, None)
            leg.tell(signals.Unbridged, other=other, reason=reason)
