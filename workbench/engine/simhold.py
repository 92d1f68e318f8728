"""Hold on a simulated call: re-INVITEs without descriptions, music without sound."""

from collections.abc import Callable
from typing import Any, Protocol

from workbench.engine.simtapes import SimTape

_PHRASES = {200: "OK", 488: "Not Acceptable Here", 491: "Request Pending"}


class HoldObserver(Protocol):
    """Who is told of re-INVITEs."""

    def takes_reinvite(self, name: str) -> int:
        """Return the code by which a re-INVITE is answered."""

    def reinvited(self, name: str, sip_code: int, reason: str) -> None:
        """Take note of the answer to a re-INVITE."""

    def far_end_holds(self, name: str, held: bool) -> None:
        """Take note that the other end holds, or does no more."""


class Holdable:
    """The part of a simulated line that holds, or is held."""

    leg: str
    _uri: str
    _observer: Any
    _send: Callable[..., None]
    _hear: Callable[..., None]
    _respond: Callable[..., None]
    _over: bool
    play: Callable[..., SimTape]

    def reinvite(self, *, held: bool) -> None:
        """Send a re-INVITE."""
        start = f"INVITE {self._uri} SIP/2.0"
        self._send(start, "INVITE", lambda far: far._reinvited(held=held))

    def on_hold(self, path: str) -> SimTape | None:
        """Let the time pass."""
        return self.play(path, endless=True) if path else None

    def off_hold(self) -> None:
        """Go on in silence."""

    def mute(self, *, muted: bool) -> None:
        """Go on in silence."""

    def _reinvited(self, *, held: bool) -> None:
        if self._over:
            return
        start, code = f"INVITE {self._uri} SIP/2.0", self._observer.takes_reinvite(self.leg)
        self._hear(start, "INVITE")
        if code < 300:
            self._observer.far_end_holds(self.leg, held)
        self._respond(code, "INVITE", lambda far: far._settled(code))

    def _settled(self, sip_code: int) -> None:
        self._send(f"ACK {self._uri} SIP/2.0", "INVITE", lambda far: None)
        if not self._over:
            self._observer.reinvited(self.leg, sip_code, _PHRASES.get(sip_code, ""))
