"""The verbs of two calls: dial somebody for the caller, bridge with another call, part."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from workbench import events as ev
from workbench import sip
from workbench.call import Phase
from workbench.control.desk import is_seconds, is_text
from workbench.control.digits import DigitVerbs
from workbench.errors import InvalidInput, NotAllowedNow

LONGEST_RING_S = 600.0


class Dialled(msgspec.Struct, frozen=True):
    """What became of a second leg; true when its callee talked to the caller."""

    outcome: str
    """`answered busy no-answer failed cancelled refused` (by the policy) or `declined`."""
    child: str
    """The id of the call to the callee, which has a history of its own."""
    sip_code: int
    seconds: float
    """From the callee's answer to the end."""
    reason: str = ""

    def __bool__(self) -> bool:
        """Return whether the callee talked to the caller."""
        return self.outcome == "answered"


class DialVerbs(DigitVerbs):
    """Somebody else on the line."""

    async def dial(
        self,
        to: str,
        *,
        from_: str = "",
        account: str = "",
        headers: Mapping[str, str] | None = None,
        ring_timeout: float = 60.0,
        whisper: Any = "",
        music: str = "",
    ) -> Dialled:
        """Call somebody, let the caller talk to him, and wait until they have talked.

        The callee's leg is a call of its own, with this one as `parent`. The caller's end ends
        it too; cancelling the verb (`asyncio.timeout`, a cancelled task) hangs it up.

        Args:
            to: whom to call, `sip:user@host`; the policy is asked.
            from_: the SIP URI to show; by default the account's, or the engine's own.
            account: the URI of the bench's account to call with.
            headers: context headers of the INVITE (`X-*` …).
            ring_timeout: seconds to wait for an answer.
            whisper: an audio file that only the callee hears, before he hears the caller; or
                a flow that takes the callee's leg first: when it returns, the two are bridged,
                unless it returns False.
            music: an audio file for the caller to hear until then, again and again.

        Raises:
            InvalidInput: an address, header, time or whisper that cannot be used.
            InvalidAudio: the music cannot be played.
        """
        await self._media()
        if not is_seconds(ring_timeout, LONGEST_RING_S):
            message = f"`ring_timeout` is seconds, above 0 to {LONGEST_RING_S:g}."
            raise InvalidInput(message)
        sip.check_headers(headers or {})
        asked = {
            "to": str(sip.parse_address(to)),
            "from_": str(sip.parse_address(from_ or account)) if from_ or account else "",
            "account": str(sip.parse_address(account)) if account else "",
            "headers": dict(headers or {}),
            "ring_timeout_s": float(ring_timeout),
            "whisper": _whisper(whisper),
        }
        dial = self._desk.name("dial")
        if callable(whisper):
            self._desk.entrust(dial, whisper, ())
        self._desk.decide(ev.DialRequested, dial=dial, **asked)
        return await self._dialled(dial, music)

    async def _dialled(self, dial: str, music: str) -> Dialled:
        over = self._desk.expect("dial", dial)
        try:
            if music:
                await self._entertain(dial, music, over)
            end = await over
        except asyncio.CancelledError:
            self._alive()
            self._desk.decide(ev.DialCancelRequested, dial=dial)
            raise
        except Exception:
            self._desk.decide(ev.DialCancelRequested, dial=dial)
            raise
        return Dialled(end.outcome, end.child, end.sip_code, end.seconds, end.reason)

    async def _entertain(self, dial: str, music: str, over: "asyncio.Future[Any]") -> None:
        """Play until the callee is on the line, or will never be."""
        async with (
            self._beside(self.play(music, loop=0)) as playing,
            self._beside(self._until_talking(dial)) as talking,
        ):
            await asyncio.wait({playing, talking, over}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.cancelled():
            playing.result()

    async def _until_talking(self, dial: str) -> None:
        answered = await self._desk.expect("dial-answered", dial)
        await self._desk.expect("bridged", answered.child)

    async def bridge(self, other: str) -> None:
        """Let the far ends of this call and another hear each other; return when they do.

        Args:
            other: the id of another call of this bench, which is up.

        Raises:
            NotAllowedNow: the other call is not up, or the two cannot be joined.
        """
        await self._media()
        if not is_text(other) or not other or other == self.id:
            message = f"`bridge` needs the id of another call, not {other!r}."
            raise InvalidInput(message)
        self._desk.decide(ev.BridgeRequested, other=str(other))
        told = await self._wait("bridged", other)
        if isinstance(told, ev.Unbridged):
            message = f"Calls {self.id} and {other} cannot be bridged: {told.reason}"
            raise NotAllowedNow(message)

    async def unbridge(self) -> None:
        """Part this call from those that it is bridged with; does nothing without one."""
        self._require(Phase.EARLY, Phase.ANSWERED)
        for other in tuple(self._desk.call.bridged):
            self._desk.decide(ev.UnbridgeRequested, other=other)
            await self._wait("unbridged", other)

    async def until_unbridged(self) -> None:
        """Wait until this call is bridged with no other."""
        self._alive()
        for other in tuple(self._desk.call.bridged):
            await self._wait("unbridged", other)

    @property
    def parent(self) -> str:
        """The id of the call whose flow dialled this one; empty when nobody's did."""
        return self._desk.call.parent

    @property
    def bridged(self) -> tuple[str, ...]:
        """The ids of the calls whose far ends hear this one's."""
        return tuple(self._desk.call.bridged)


def _whisper(whisper: Any) -> str:
    if is_text(whisper):
        return str(whisper)
    name = getattr(whisper, "name", None)
    if not callable(whisper) or not is_text(name):
        message = f"`whisper` is an audio file or a flow (`@flow`), not {whisper!r}."
        raise InvalidInput(message)
    return f"flow {name}"
