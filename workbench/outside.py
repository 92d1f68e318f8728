"""The verbs of a call for whoever is outside of its flow: the same verbs, on another desk.

What is decided here bears no flow's name, and is caused by the last event there was. A flow
that runs meanwhile sees what comes of it.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from workbench import events as ev
from workbench.call import Call
from workbench.control import CallControl, Floor
from workbench.errors import CallEnded, NotAllowedNow
from workbench.hearing import Hearing
from workbench.switchboard import Switchboard

Entrust = Callable[[str, str, socket.socket], Callable[[], None]]
"""Keeps the engine's end of a talk, by the ids of call and talk, until it is asked for; returns
how it is closed if it is not."""


class OutsideDesk:
    """What one verb needs that is asked for outside of a flow (`control.Desk`)."""

    number = 0

    def __init__(self, call_id: str, switchboard: Switchboard) -> None:
        """Decide about a call of the switchboard.

        Raises:
            NotAllowedNow: it is over.
        """
        call = switchboard.calls.get(call_id)
        if call is None or call.ended is not None:
            raise NotAllowedNow(f"Call {call_id} is over: nothing can be asked of it any more.")
        self.call: Call = call
        self.digits: deque[str] = deque()
        self.pieces: dict[str, deque[Any]] = {}
        self.floor = Floor()
        self._switchboard = switchboard
        self._hearing = Hearing(asyncio.get_running_loop().create_future)

    async def take(self, verb: str, args: Any, options: dict[str, Any]) -> Any:
        """Carry out a verb and wait for its end.

        Raises:
            NotAllowedNow: the state of the call does not allow it, or the call ended first.
        """
        if options.get("barge_in"):
            message = "Only a prompt of a flow can be interrupted by speech, which it hears."
            raise NotAllowedNow(message)
        stop = self._switchboard.subscribe(self._hear)
        try:
            return await getattr(CallControl(self), verb)(*args, **options)
        except CallEnded as ended:
            message = f"Call {self.call.id} ended before `{verb}` was done: {ended.reason}"
            raise NotAllowedNow(message) from None
        finally:
            stop()

    async def talk(self, talk: str, name: str, entrust: Entrust) -> socket.socket:
        """Let somebody talk on the call; return their end once they are heard.

        Raises:
            NotAllowedNow: the call is not up, or the engine cannot do it.
        """
        if self.call.answered_at is None:
            message = f"Call {self.call.id} is {self.call.phase}: talk when it is answered."
            raise NotAllowedNow(message)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ExitStack() as undone:
            undone.enter_context(ours)
            undone.callback(entrust(self.call.id, talk, theirs))
            await self._until_talking(talk, name)
            undone.pop_all()
        return ours

    async def _until_talking(self, talk: str, name: str) -> None:
        reason, stop = "", self._switchboard.subscribe(self._hear)
        try:
            self.decide(ev.TalkRequested, talk=talk, name=name)
            heard = await self._hearing.expect("talk", talk)
            if isinstance(heard, ev.TalkFinished):
                reason = heard.reason or "it was stopped"
        except CallEnded as ended:
            reason = f"it ended, {ended.reason}"
        finally:
            stop()
        if reason:
            raise NotAllowedNow(f"Nobody can talk on call {self.call.id}: {reason}.")

    def _hear(self, event: ev.Event) -> None:
        if event.call_id != self.call.id:
            return
        if isinstance(event, ev.Ended):
            self._hearing.end(CallEnded(event.by, event.reason or event.hangup_cause))
        else:
            self._hearing.hear(event)

    # -- control.Desk ----------------------------------------------------------------------

    def name(self, kind: str) -> str:
        """Return a name that no flow gives: it has the version of the event to come."""
        return f"{kind}-v{self.call.version + 1}"

    def decide(self, kind: type[ev.Decision], **fields: Any) -> None:
        """Put a decision of nobody's flow on record."""
        self._hearing.asked(kind, fields.get("prompt", ""))
        self._switchboard.order(self.call.id, kind, **fields)

    def expect(self, *key: str) -> "asyncio.Future[Any]":
        """Return a future of the event that this key stands for."""
        return self._hearing.expect(*key)

    def playing(self) -> list[str]:
        """Return the prompts that play or are about to, whoever asked for them."""
        return [name for kind, name in self.call.open if kind == "prompt"]

    def entrust(self, step: str, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Refuse what only a flow can ask for."""
        message = f"This is asked of call {self.call.id} by a flow only, not from outside."
        raise NotAllowedNow(message)

    def attempt(self) -> None:
        """Let it be tried."""

    def now(self) -> datetime:
        """Return the time of the last event."""
        assert self.call.last_at is not None
        return self.call.last_at
