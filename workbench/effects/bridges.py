"""Bridges: the audio of two calls joined, whichever workers carry them."""

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.passage import PassageEffects


class BridgeEffects(PassageEffects):
    """Two calls that hear each other."""

    def _bridge(self, call: Call, event: ev.BridgeRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
            return
        other = self._switchboard.calls.get(event.other)
        if other is None or other.ended is not None:
            reason = f"call {event.other} is not up"
            self._switchboard.observe(call.id, ev.Unbridged, other=event.other, reason=reason)
            return
        self.ask(cm.Bridge(leg=call.leg, other=other.leg))

    def _unbridge(self, call: Call, event: ev.UnbridgeRequested) -> None:
        other = self._switchboard.calls.get(event.other)
        if other is not None:
            self.ask(cm.Unbridge(leg=call.leg, other=other.leg))
