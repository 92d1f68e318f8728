"""REFER requests of the far end on one leg: taken when they are expected, and told how they go.

To take one costs nothing: nobody is called before the bench says so, which is asked of the
policy. What the far end is told meanwhile are NOTIFY requests (RFC 3515, section 2.4.4).
"""

from collections.abc import Callable
from contextlib import suppress

from workbench import refer, signals
from workbench.engine.line import Line

TRYING = 100


class Referrals:
    """What the far end has asked for, and has to be told of."""

    def __init__(self, line: Callable[[], Line], tell: Callable[..., None]) -> None:
        """Send NOTIFY on the line, report by `tell`."""
        self._line, self._tell = line, tell
        self.expected = False
        """Whether a REFER is accepted; else it is refused at once."""
        self._pending: dict[str, str] = {}
        """The CSeq of each REFER that waits for its end, by the name that we gave it."""
        self._count = 0

    def received(self, refer_to: str, cseq: str) -> None:
        """Report a REFER that was accepted."""
        self._count += 1
        name = f"refer-{self._count}"
        # RFC 3515, section 2.4.6: only the first may be told of without an id.
        self._pending[name] = cseq if self._count > 1 else ""
        self._notify(name, TRYING, "Trying")
        target = refer.read_refer_to(refer_to)
        self._tell(signals.ReferReceived, refer=name, to=target.uri, replaces=target.replaces)

    def tell_far_end(self, name: str, sip_code: int, reason: str) -> None:
        """Tell how it goes; from a final code on there is nothing more to tell."""
        if name in self._pending:
            self._notify(name, sip_code, reason)
            if sip_code >= refer.FINAL:
                del self._pending[name]

    def _notify(self, name: str, sip_code: int, reason: str) -> None:
        with suppress(OSError):  # the call is over, and the far end knows no more of it
            self._line().notify(sip_code, reason, self._pending[name])
