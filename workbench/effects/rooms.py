"""Where calls meet: conferences, in which every two are bridged, and slots to wait in."""

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.dials import DialEffects

MOST_MEMBERS = 8
"""Of a conference: every member is bridged with every other, so each costs as many bridges."""


class RoomEffects(DialEffects):
    """What is known only beside the calls: who is in which room and slot."""

    def _join(self, call: Call, event: ev.JoinRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
            return
        members = self._rooms.setdefault(event.room, [])
        if len(members) >= MOST_MEMBERS:
            self._leaves(call.id, event.room, f"the room is full, {MOST_MEMBERS} are in it")
            return
        for other in members:
            self.ask(cm.Bridge(leg=call.leg, other=self._switchboard.calls[other].leg))
        members.append(call.id)
        self._switchboard.observe(
            call.id, ev.ConferenceJoined, room=event.room, members=len(members)
        )

    def _leave(self, call: Call, event: ev.LeaveRequested) -> None:
        if call.id in self._rooms.get(event.room, ()):
            self._vacate(event.room, call.id)
            for other in self._rooms.get(event.room, ()):
                self.ask(cm.Unbridge(leg=call.leg, other=self._switchboard.calls[other].leg))
        self._leaves(call.id, event.room, "")

    def _leaves(self, call_id: str, room: str, reason: str) -> None:
        call, left = self._switchboard.calls.get(call_id), len(self._rooms.get(room, ()))
        if call is not None and ("room", room) in call.open:
            self._switchboard.observe(
                call_id, ev.ConferenceLeft, room=room, members=left, reason=reason
            )

    def _vacate(self, room: str, call_id: str) -> None:
        members = self._rooms[room]
        members.remove(call_id)
        if not members:
            del self._rooms[room]

    def _park(self, call: Call, event: ev.ParkRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
        elif event.slot in self._slots:
            reason = f"the slot {event.slot!r} is taken"
            self._unpark(call.id, event.park, "failed", reason=reason)
        else:
            self._slots[event.slot] = call.id, event.park

    def _end_park(self, call: Call, event: ev.ParkEndRequested) -> None:
        for slot, parked in tuple(self._slots.items()):
            if parked == (call.id, event.park):
                del self._slots[slot]
                self._unpark(call.id, event.park, "timed-out")

    def _unpark(self, call_id: str, park: str, outcome: str, **fields: str) -> None:
        self._switchboard.observe(
            call_id, ev.ParkFinished, park=park, outcome=outcome, **fields
        )

    def _pickup(self, call: Call, event: ev.PickupRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
            return
        other, park = self._slots.get(event.slot, ("", ""))
        if not other or other == call.id:
            told = {"outcome": "failed", "reason": f"nobody else waits at {event.slot!r}"}
            self._switchboard.observe(call.id, ev.PickedUp, pickup=event.pickup, **told)
            return
        del self._slots[event.slot]
        self._unpark(other, park, "picked-up", by=call.id)
        self._switchboard.observe(
            call.id, ev.PickedUp, pickup=event.pickup, outcome="completed", other=other
        )
        self._switchboard.order(call.id, ev.BridgeRequested, other=other)

    def follow(self, event: ev.Event) -> None:
        """Take note also of a call that is over: it waits and meets nowhere any more."""
        super().follow(event)
        if isinstance(event, ev.Ended):
            for room, members in tuple(self._rooms.items()):
                if event.call_id in members:
                    self._vacate(room, event.call_id)
            for slot, (call_id, _) in tuple(self._slots.items()):
                if call_id == event.call_id:
                    del self._slots[slot]
