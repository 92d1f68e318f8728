"""Talks: a person who talks to the far end, by the other end of a socket pair."""

import socket

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.stage import Stage


class TalkEffects(Stage):
    """Who talks on calls from outside."""

    def entrust_end(self, call_id: str, talk: str, end: socket.socket) -> None:
        """Keep the engine's end of a talk that is about to be asked for."""
        self._ends[call_id, talk] = end

    def _talk(self, call: Call, event: ev.TalkRequested) -> None:
        end = self._ends.pop((call.id, event.talk))
        if call.ended is not None:
            end.close()
            self._switchboard.tie_up(call.id)
            return
        self._engine.hand(call.leg, event.talk, end)
        self.ask(cm.Talk(leg=call.leg, talk=event.talk))

    def _stop_talk(self, call: Call, event: ev.TalkStopRequested) -> None:
        self.ask(cm.StopTalk(leg=call.leg, talk=event.talk))
