"""Hold with music, resume, mute and unmute."""

import logging

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.stage import Stage
from workbench.errors import WorkbenchError

logger = logging.getLogger(__name__)


class HoldEffects(Stage):
    """Whether the two ends hear each other."""

    def _hold(self, call: Call, event: ev.HoldRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
        elif event.music:
            self._spawn(self._hold_with_music(call, event))
        else:
            self.ask(cm.Hold(leg=call.leg, hold=event.hold))

    async def _hold_with_music(self, call: Call, event: ev.HoldRequested) -> None:
        try:
            prepared = await self._in_thread(
                self._shelf.from_file, event.music, self._search(call.id)
            )
        except Exception as error:
            # Whatever it is, the hold has an end on record.
            if not isinstance(error, WorkbenchError):
                logger.exception("Call %s: the music could not be prepared", call.id)
            self._hold_failed(call, event.hold, str(error) or type(error).__name__)
        else:
            self.ask(cm.Hold(leg=call.leg, hold=event.hold, path=str(prepared.path)))

    def _hold_failed(self, call: Call, hold: str, reason: str) -> None:
        if ("hold", hold) in call.open:
            self._switchboard.observe(call.id, ev.HoldFailed, hold=hold, reason=reason)

    def _resume(self, call: Call, event: ev.ResumeRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
        else:
            self.ask(cm.Resume(leg=call.leg, hold=event.hold))

    def _mute(self, call: Call, _event: ev.MuteRequested) -> None:
        self.ask(cm.Mute(leg=call.leg))

    def _unmute(self, call: Call, _event: ev.UnmuteRequested) -> None:
        self.ask(cm.Unmute(leg=call.leg))
