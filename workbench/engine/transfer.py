"""The transfer of one leg: asked for by REFER, told of by NOTIFY, ended whatever happens.

A transfer ends with the far end's last word, with a refusal, with the leg, or when its time
is up; RFC 3515 has no other clock, and a far end may never say anything.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

from workbench import refer, signals, sip
from workbench.clock import Clock, Timer
from workbench.commands import Transfer
from workbench.engine.line import Line
from workbench.errors import InvalidInput
from workbench.signals import AnySignal

SILENCE = 408
Outcome = Literal["completed", "failed", "interrupted"]


class Transferring:
    """At most one transfer at a time."""

    def __init__(
        self, clock: Clock, line: Callable[[], Line], tell: Callable[..., None]
    ) -> None:
        """Send REFER on the line, report by `tell`."""
        self._clock, self._line, self._tell = clock, line, tell
        self._name = ""
        self._told = 0
        self._timer: Timer | None = None

    def begin(self, command: Transfer, *, answered: bool) -> None:
        """Send REFER."""
        if not answered or self._name:
            why = "another transfer is under way" if self._name else "the call is not up"
            self._finish(command.transfer, "failed", 491, why)
            return
        self._name, self._told = command.transfer, 0
        try:
            address = sip.parse_address(command.uri)
            sip.check_headers(command.headers)
            self._line().transfer(
                refer.refer_to(str(address), command.replaces), command.headers
            )
        except InvalidInput as error:
            self.end("failed", 400, str(error))
        except OSError as error:
            self.end("failed", 500, str(error))
        else:
            self._timer = self._clock.call_later(
                command.timeout_s, lambda: self._time_up(command.timeout_s)
            )

    def told(self, sip_code: int, reason: str, *, final: bool) -> None:
        """Report what the far end says of the transfer."""
        if not self._name:
            return
        if sip_code >= refer.FINAL:
            outcome: Outcome = "completed" if sip_code < 300 else "failed"
            self.end(outcome, sip_code, reason)
        elif final:
            said = "the far end ended its report before the transfer was decided"
            self.end("failed", sip_code, said)
        elif sip_code != self._told:
            self._told = sip_code
            self._report(
                signals.TransferProgressed,
                transfer=self._name, sip_code=sip_code, reason=reason,
            )  # fmt: skip

    def interrupt(self) -> None:
        """End the transfer with its leg."""
        if self._name:
            self.end("interrupted", self._told, "the call ended before the transfer did")

    def refuse(self, transfer: str, reason: str) -> None:
        """Report a transfer that cannot even begin, because the leg is about to end."""
        self._finish(transfer, "interrupted", 0, reason)

    def _time_up(self, seconds: float) -> None:
        self.end("failed", SILENCE, f"the far end said nothing final within {seconds:g} s")

    def end(self, outcome: Outcome, sip_code: int, reason: str) -> None:
        """Report the end of the transfer that is under way."""
        if self._timer is not None:
            self._timer.cancel()
        name, self._name, self._timer = self._name, "", None
        with suppress(OSError):  # the call is over
            self._line().forget_transfer()
        self._finish(name, outcome, sip_code, reason)

    def _finish(self, transfer: str, outcome: Outcome, sip_code: int, reason: str) -> None:
        self._report(
            signals.TransferFinished,
            transfer=transfer, outcome=outcome, sip_code=sip_code, reason=reason,
        )  # fmt: skip

    def _report(self, kind: Callable[..., AnySignal], **fields: Any) -> None:
        self._tell(kind, **fields)
