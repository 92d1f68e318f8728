"""The verbs that part and rejoin the two ends for a while: hold, resume, mute, unmute."""

from pathlib import Path

from workbench import events as ev
from workbench.call import Phase
from workbench.control.desk import Verbs
from workbench.errors import NotAllowedNow

MUSIC = "hold.wav"


class HoldVerbs(Verbs):
    """Whether the two ends hear each other."""

    @property
    def held_by_far_end(self) -> bool:
        """Whether the far end has put us on hold."""
        return self._desk.call.held_by_far_end

    async def hold(self, music: str | Path | None = "") -> None:
        """Put the far end on hold, with music; does nothing when it is.

        A prompt that is played meanwhile is heard in place of the music.

        Args:
            music: a file that is played again and again; None for silence, and by default
                the shipped `hold.wav`.

        Raises:
            InvalidInput: what cannot be the name of a file.
            NotAllowedNow: the far end refuses, or the call is not up.
        """
        self._require(Phase.ANSWERED)
        if self._desk.call.held:
            return
        named = "" if music is None else str(music) or MUSIC
        hold = self._desk.name("hold")
        self._desk.decide(ev.HoldRequested, hold=hold, music=named)
        await self._until_changed(hold, "put on hold")

    async def resume(self) -> None:
        """Take the far end back from hold; does nothing when it is not on hold.

        Raises:
            NotAllowedNow: the far end refuses.
        """
        self._require(Phase.ANSWERED)
        if self._desk.call.held:
            hold = self._desk.name("hold")
            self._desk.decide(ev.ResumeRequested, hold=hold)
            await self._until_changed(hold, "taken back from hold")

    async def mute(self) -> None:
        """Send silence instead of all that is played and said; does nothing when muted.

        Digits and music on hold still go out, and a recording keeps its clock. What the far
        end says is still received.
        """
        self._require(Phase.EARLY, Phase.ANSWERED)
        if not self._desk.call.muted:
            self._desk.decide(ev.MuteRequested)
            await self._wait("muted")

    async def unmute(self) -> None:
        """Send what is played and said again; does nothing when the call is not muted."""
        self._require(Phase.EARLY, Phase.ANSWERED)
        if self._desk.call.muted:
            self._desk.decide(ev.UnmuteRequested)
            await self._wait("unmuted")

    async def _until_changed(self, hold: str, wanted: str) -> None:
        changed = await self._wait("hold", hold)
        if isinstance(changed, ev.HoldFailed):
            code = f" ({changed.sip_code})" if changed.sip_code else ""
            message = (
                f"The far end of call {self.id} could not be {wanted}: "
                f"{changed.reason}{code}. The call goes on as it was."
            )
            raise NotAllowedNow(message)
