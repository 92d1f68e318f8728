"""Whether the far end holds us, as the session descriptions of a dialog say (RFC 3264, 8.4)."""

import re

from workbench.engine.line import Direction

_CSEQ = re.compile(r"^CSeq[ \t]*:[ \t]*(\d+)[ \t]+(INVITE|UPDATE|ACK)\b", re.IGNORECASE | re.M)
_WAY = re.compile(r"^a=(sendrecv|sendonly|recvonly|inactive)[ \t]*\r?$", re.MULTILINE)
_WHERE = re.compile(r"^c=IN IP4 ([^\s/]+)", re.MULTILINE)
_ACCEPTED = re.compile(r"SIP/2\.0 2\d\d ")
NOWHERE = "0.0.0.0"
HOLDING = frozenset({"sendonly", "inactive"})


class Offers:
    """The offers of one dialog that are not answered yet."""

    def __init__(self) -> None:
        """Begin before the first message."""
        self._offered: dict[str, bool] = {}

    def see(self, direction: Direction, message: str) -> bool | None:
        """Return whether the far end holds us from this message on; None: as before."""
        found = _CSEQ.search(message)
        if found is None:
            return None
        accepted, number, held = bool(_ACCEPTED.match(message)), found[1], holds(message)
        if direction == "sent":
            return self._offered.pop(number, None) if accepted else None
        if accepted or found[2].upper() == "ACK":
            return held
        if held is not None and not message.startswith("SIP/"):
            self._offered = {number: held}
        return None


def holds(message: str) -> bool | None:
    """Return whether a description asks for no audio from us; None where there is none."""
    session, audio, medium = message.partition("\nm=audio ")
    if not audio:
        return None
    medium = medium.partition("\nm=")[0]
    (way, *_), (where, *_) = (
        [*found.findall(medium), *found.findall(session), usual]
        for found, usual in ((_WAY, "sendrecv"), (_WHERE, ""))
    )
    return way in HOLDING or where == NOWHERE
