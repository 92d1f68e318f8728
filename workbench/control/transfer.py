"""The verb that hands the call on: the far end is asked to call somebody else."""

from collections.abc import Mapping
from typing import Any

import msgspec

from workbench import events as ev
from workbench import sip
from workbench.call import Phase
from workbench.control.desk import Verbs, is_seconds, is_text
from workbench.errors import InvalidInput, NotAllowedNow

LONGEST_S = 600.0


class Transferred(msgspec.Struct, frozen=True):
    """How a transfer ended; true when the far end talks to the target."""

    outcome: str
    """`completed` or `failed`."""
    sip_code: int
    """What the far end was answered by the target, or answered us; 408 when it said nothing."""
    reason: str = ""

    def __bool__(self) -> bool:
        """Return whether it succeeded."""
        return self.outcome == "completed"


class TransferVerbs(Verbs):
    """Blind and attended transfer."""

    async def transfer(
        self,
        to: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,  # noqa: ASYNC109 - part of what is put on record
    ) -> Transferred:
        """Ask the far end to call somebody else (REFER), and wait for how that goes.

        The call stays up: after a transfer that succeeded the far end usually hangs up, or
        the flow does. One that failed leaves the far end where it was.

        Args:
            to: whom the far end is to call, `sip:user@host`.
            headers: context headers of the REFER (`X-*` …).
            timeout: seconds within which the far end must have said how it went.

        Raises:
            InvalidInput: an address, header or time that cannot be used.
            NotAllowedNow: the policy refuses the target, or the call is not up.
        """
        self._require(Phase.ANSWERED)
        address = str(sip.parse_address(to))
        sip.check_headers(headers or {})
        return await self._transfer(to=address, headers=dict(headers or {}), timeout_s=timeout)

    async def transfer_to(
        self,
        other: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,  # noqa: ASYNC109 - part of what is put on record
    ) -> Transferred:
        """Ask the far end to take the place of ours in another call (REFER with Replaces).

        The other call is usually one that was made to ask its callee first. When the far end
        has taken over, that call ends as replaced.

        Args:
            other: the id of another call of this bench, which is up.
            headers: context headers of the REFER (`X-*` …).
            timeout: seconds within which the far end must have said how it went.

        Raises:
            InvalidInput: an id, header or time that cannot be used.
            NotAllowedNow: the policy refuses the other call's far end, or this one is not up.
        """
        self._require(Phase.ANSWERED)
        sip.check_headers(headers or {})
        if not is_text(other) or not other or other == self.id:
            message = f"`transfer_to` needs the id of another call, not {other!r}."
            raise InvalidInput(message)
        asked = {"to": "", "call": str(other), "headers": dict(headers or {})}
        return await self._transfer(**asked, timeout_s=timeout)

    async def _transfer(self, *, timeout_s: float, **asked: Any) -> Transferred:
        if not is_seconds(timeout_s, LONGEST_S):
            message = f"`timeout` is seconds, above 0 to {LONGEST_S:g}, not {timeout_s!r}."
            raise InvalidInput(message)
        transfer = self._desk.name("transfer")
        self._desk.decide(
            ev.TransferRequested, transfer=transfer, timeout_s=float(timeout_s), **asked
        )
        finished = await self._wait("transfer", transfer)
        if finished.outcome == "refused":
            message = f"Call {self.id} may not be transferred: {finished.reason}"
            raise NotAllowedNow(message)
        return Transferred(finished.outcome, finished.sip_code, finished.reason)
