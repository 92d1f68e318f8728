"""Talks: a person who talks to the far end, by the other end of a socket pair."""

import socket
from collections.abc import Callable

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.stage import Stage


class TalkEffects(Stage):
    """Who talks on calls from outside."""

    def entrust_end(self, call_id: str, talk: str, end: socket.socket) -> Callable[[], None]:
        """Keep the engine's end of a talk that is about to be asked for.

        Returns:
            What closes it, if it was not asked for.
        """
        self._ends[call_id, talk] = end
        return lambda: self._forget_end(call_id, talk)

    def _forget_end(self, call_id: str, talk: str) -> None:
        if (end := self._ends.pop((call_id, talk), None)) is not None:
            end.close()

    def _talk(self, call: Call, event: ev.TalkRequested) -> None:
        if call.ended is not None:
            self._forget_end(call.id, event.talk)
            self._switchboard.tie_up(call.id)
            return
        # Who has asked may have left; then the engine says that it was given no end.
        if (end := self._ends.pop((call.id, event.talk), None)) is not None:
            self._engine.hand(call.leg, event.talk, end)
        self.ask(cm.Talk(leg=call.leg, talk=event.talk))

    def _stop_talk(self, call: Call, event: ev.TalkStopRequested) -> None:
        self.ask(cm.StopTalk(leg=call.leg, talk=event.talk))
