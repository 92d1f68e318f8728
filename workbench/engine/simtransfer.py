"""Transfers of a simulated call: REFER, and the NOTIFY requests that tell how it goes."""

from collections.abc import Callable
from typing import Any, Protocol

from workbench import refer
from workbench.engine.line import NO_HEADERS, Headers

ACCEPTED, DECLINED = 202, 603
_PHRASES = {100: "Trying", 180: "Ringing", 200: "OK", 486: "Busy Here", 603: "Decline"}


class ReferObserver(Protocol):
    """Who is told of transfers."""

    def takes_refer(self, name: str) -> bool:
        """Tell whether a REFER is accepted."""

    def referred(self, name: str, refer_to: str, cseq: str) -> None:
        """Take note of an accepted REFER."""

    def transfer_told(self, name: str, sip_code: int, reason: str, *, final: bool) -> None:
        """Take note of how a transfer goes."""


class Referable:
    """The part of a simulated line that is transferred, or transfers."""

    leg: str
    _uri: str
    _observer: Any
    _send: Callable[..., None]
    _respond: Callable[..., None]
    _transferring = False
    _refers = 0

    def transfer(self, refer_to: str, headers: Headers = NO_HEADERS) -> None:
        """Send REFER."""
        self._transferring = True
        self._send(
            f"REFER {self._uri} SIP/2.0", "REFER", lambda far: far._asked(refer_to),
            {"Refer-To": refer_to, **headers},
        )  # fmt: skip

    def forget_transfer(self) -> None:
        """Take no more notice of how the far end says that it goes."""
        self._transferring = False

    def notify(self, sip_code: int, reason: str, cseq: str) -> None:
        """Tell how the transfer goes that the far end asked for."""
        phrase = reason or _PHRASES.get(sip_code, "")
        self._send(
            f"NOTIFY {self._uri} SIP/2.0", "NOTIFY",
            lambda far: far._notified(sip_code, phrase),
            {**refer.subscription(sip_code, cseq), "Content-Type": refer.SIPFRAG},
        )  # fmt: skip

    def _asked(self, refer_to: str) -> None:
        if not self._observer.takes_refer(self.leg):
            self._respond(DECLINED, "REFER", lambda far: far._unwilling(DECLINED))
            return
        self._respond(ACCEPTED, "REFER", lambda far: None)
        self._refers += 1
        self._observer.referred(self.leg, refer_to, str(self._refers))

    def _unwilling(self, sip_code: int) -> None:
        phrase = _PHRASES[sip_code]
        self._observer.transfer_told(self.leg, sip_code, phrase, final=True)

    def _notified(self, sip_code: int, reason: str) -> None:
        expected = self._transferring
        self._respond(200 if expected else 481, "NOTIFY", lambda far: None)
        if expected:
            final = sip_code >= refer.FINAL
            self._observer.transfer_told(self.leg, sip_code, reason, final=final)
