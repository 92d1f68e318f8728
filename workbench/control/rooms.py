"""The verbs of calls that meet: a conference that is joined and left, a slot to wait in."""

import asyncio
from typing import Any

import msgspec

from workbench import events as ev
from workbench.call import Phase
from workbench.control.desk import is_seconds, is_text
from workbench.control.dial import DialVerbs
from workbench.errors import InvalidInput, NotAllowedNow

LONGEST_S = 86_400.0
NAME_LIMIT = 64


class Parked(msgspec.Struct, frozen=True):
    """How it ended that a call was parked; true when somebody picked it up."""

    outcome: str
    """`picked-up` or `timed-out`."""
    by: str = ""
    """The id of the call that picked it up; both have talked."""

    def __bool__(self) -> bool:
        """Return whether somebody picked it up."""
        return self.outcome == "picked-up"


class RoomVerbs(DialVerbs):
    """Where calls meet."""

    async def join(self, room: str) -> int:
        """Enter a conference: everybody in it hears all others. Return how many there are.

        It lasts until `leave` or the end of the call; meanwhile the flow goes on.

        Raises:
            NotAllowedNow: the room is full, or the call is in it already.
        """
        await self._media()
        _check_name("room", room)
        if room in self._desk.call.rooms:
            message = f"Call {self.id} is in the conference {room!r} already."
            raise NotAllowedNow(message)
        self._desk.decide(ev.JoinRequested, room=room)
        told = await self._wait("room", room)
        if isinstance(told, ev.ConferenceLeft):
            message = f"Call {self.id} cannot join {room!r}: {told.reason}"
            raise NotAllowedNow(message)
        members: int = told.members
        return members

    async def leave(self, room: str = "") -> None:
        """Leave a conference, or all of them; does nothing outside of one."""
        self._require(Phase.EARLY, Phase.ANSWERED)
        for each in tuple(self._desk.call.rooms):
            if room in ("", each):
                self._desk.decide(ev.LeaveRequested, room=each)
                await self._wait("left", each)

    async def park(
        self,
        slot: str,
        *,
        music: str = "",
        timeout: float = 600.0,  # noqa: ASYNC109 - part of what is put on record
    ) -> Parked:
        """Wait in a slot until another call picks this one up, and they have talked.

        Args:
            slot: its name; one call waits in a slot.
            music: an audio file for the caller to hear until then, again and again.
            timeout: seconds after which the flow goes on without.

        Raises:
            InvalidAudio: the music cannot be played.
            NotAllowedNow: the slot is taken.
        """
        await self._media()
        _check_name("slot", slot)
        if not is_seconds(timeout, LONGEST_S):
            message = f"`timeout` is seconds, above 0 to {LONGEST_S:g}, not {timeout!r}."
            raise InvalidInput(message)
        park = self._desk.name("park")
        self._desk.decide(ev.ParkRequested, park=park, slot=slot)
        finished = await self._parked(park, music, timeout)
        if finished.outcome == "failed":
            message = f"Call {self.id} cannot be parked: {finished.reason}"
            raise NotAllowedNow(message)
        if finished.by:
            await self._until_parted(finished.by)
        return Parked(finished.outcome, finished.by)

    async def _parked(self, park: str, music: str, seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds), self._beside(self._fetched(park)) as fetched:
                if music:
                    await self._hear_until(music, fetched)
                return await fetched
        except TimeoutError:
            self._desk.decide(ev.ParkEndRequested, park=park)
            return await self._wait("park", park)
        except BaseException:
            if not self.ended:
                self._desk.decide(ev.ParkEndRequested, park=park)
            raise

    async def _hear_until(self, music: str, fetched: "asyncio.Task[Any]") -> None:
        async with self._beside(self.play(music, loop=0)) as playing:
            await asyncio.wait({playing, fetched}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.cancelled():
            playing.result()

    async def _fetched(self, park: str) -> Any:
        finished = await self._desk.expect("park", park)
        if finished.by and finished.by not in self._desk.call.bridged:
            await self._desk.expect("bridged", finished.by)
        return finished

    async def pickup(self, slot: str) -> str:
        """Talk to the call that waits in a slot, to the end; return its id.

        Raises:
            NotAllowedNow: nobody waits there.
        """
        await self._media()
        _check_name("slot", slot)
        pickup = self._desk.name("pickup")
        self._desk.decide(ev.PickupRequested, pickup=pickup, slot=slot)
        picked = await self._wait("pickup", pickup)
        if picked.outcome != "completed":
            message = f"Call {self.id} picks up nobody: {picked.reason}"
            raise NotAllowedNow(message)
        other = str(picked.other)
        if other not in self._desk.call.bridged:
            await self._wait("bridged", other)
        await self._until_parted(other)
        return other

    async def _until_parted(self, other: str) -> None:
        if other in self._desk.call.bridged:
            await self._wait("unbridged", other)


def _check_name(what: str, name: object) -> None:
    if not is_text(name) or not 0 < len(str(name)) <= NAME_LIMIT:
        message = f"A {what} has a name of 1 to {NAME_LIMIT} characters, not {name!r}."
        raise InvalidInput(message)
