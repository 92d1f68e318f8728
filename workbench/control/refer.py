"""The verbs of a REFER that comes in: wait for one, obey it or refuse it."""

import msgspec

from workbench import events as ev
from workbench.call import Phase
from workbench.control.desk import Desk, Verbs
from workbench.errors import InvalidInput


class Referral(msgspec.Struct, frozen=True):
    """What the far end asks for: that we call somebody else instead of it."""

    refer: str
    to: str
    """Whom, as the far end wrote it."""
    replaces: str = ""
    """The SIP dialog that the new call is to replace; empty in a blind transfer."""


class Referred(msgspec.Struct, frozen=True):
    """What became of a REFER that was obeyed; true when its target answered."""

    outcome: str
    """`completed`, `failed` or `refused` (by the policy)."""
    child: str
    """The id of the call to the target; empty when nobody was called."""
    sip_code: int
    reason: str = ""

    def __bool__(self) -> bool:
        """Return whether the target answered."""
        return self.outcome == "completed"


class ReferVerbs(Verbs):
    """Being transferred by the far end."""

    def __init__(self, desk: Desk) -> None:
        """Belong to one run of one flow."""
        super().__init__(desk)
        self._settled: set[str] = set()

    async def referral(self) -> Referral:
        """Wait until the far end asks that somebody else be called, and return whom.

        From the first time on, this flow decides of every REFER of the call, whatever
        `Policy.refer` says; until it decides, the far end is told that we try.
        """
        self._require(Phase.ANSWERED)
        if (waiting := self._waiting()) is None:
            self._desk.decide(ev.ReferAwaited)
            waiting = await self._wait("referral")
        self._settled.add(waiting.refer)
        return Referral(waiting.refer, waiting.to, waiting.replaces)

    def _waiting(self) -> ev.ReferReceived | None:
        for (kind, name), event in self._desk.call.open.items():
            if kind == "refer" and name not in self._settled:
                assert isinstance(event, ev.ReferReceived)
                return event
        return None

    async def accept_refer(self, referral: Referral) -> Referred:
        """Obey: call the target, if the policy lets us, and wait until that is decided.

        Whoever is bridged with this call is bridged with the target instead. Where nobody is,
        a run of this same flow takes the call to the target. The far end is told how it goes,
        and usually hangs up then.
        """
        self._require(Phase.ANSWERED)
        self._desk.decide(ev.ReferAcceptRequested, refer=_name(referral))
        end = await self._wait("refer", referral.refer)
        return Referred(end.outcome, end.child, end.sip_code, end.reason)

    async def refuse_refer(self, referral: Referral, sip_code: int = 603) -> None:
        """Refuse: the far end is told so, and nobody is called.

        Raises:
            InvalidInput: it is no code from 300 to 699.
        """
        self._require(Phase.ANSWERED)
        if type(sip_code) is not int or not 300 <= sip_code <= 699:
            message = f"A REFER is refused with a SIP code from 300 to 699, not {sip_code!r}."
            raise InvalidInput(message)
        self._desk.decide(ev.ReferRefuseRequested, refer=_name(referral), sip_code=sip_code)
        await self._wait("refer", referral.refer)


def _name(referral: object) -> str:
    if not isinstance(referral, Referral):
        message = f"This needs what `await call.referral()` returned, not {referral!r}."
        raise InvalidInput(message)
    return referral.refer
