"""The microphones of pages that speak into calls, one a call: how each comes in and goes.

A page comes to a booth by a websocket where it may and can, else through the kernel. What it
has to know, it is told as items that only the view which asked takes: a token is in no state.
"""

import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol

from workbench.errors import WorkbenchError
from workbench.extension import Extension
from workbench.talking.desk import Entrance
from workbench.talking.origin import is_welcome
from workbench.talking.relay import Relay

ENDED = "the talk was ended"
TAKEN = "somebody else talks now"


class Bench(Protocol):
    """What is needed of a bench."""

    def call(self, call: Any) -> Any:
        """Return the handle of a call."""

    def let_in(self, end: socket.socket, origin: str, over: Callable[[str], None]) -> Entrance:
        """Let a page speak through a socket."""

    def show_out(self, talk: str) -> None:
        """Let it speak no more."""


Push = Callable[..., None]


class Microphone:
    """One page that speaks into one call."""

    def __init__(self, bench: Bench, call_id: str, view: str) -> None:
        """Begin the talk; the page has still to come.

        Raises:
            WorkbenchError: the call takes nobody now.
        """
        self.call_id, self.view = call_id, view
        self._bench = bench
        self.extension: Extension = bench.call(call_id).talk(name="browser")
        self.at_booth = False
        """Whether the page comes, or has come, by a booth."""
        self.entrance: Entrance | None = None
        self.relay: Relay | None = None

    def leave_booth(self) -> None:
        """Have no booth any more."""
        self.at_booth = False
        if self.entrance is not None:
            self._bench.show_out(self.entrance.talk)

    def close(self) -> None:
        """End the talk."""
        self.leave_booth()
        if self.relay is not None:
            self.relay.close()
        self.extension.close()


class Microphones:
    """All of them that one widget has."""

    def __init__(
        self, bench: Bench, named: str, push: Push, pour: Push, changed: Callable[[], None]
    ) -> None:
        """Welcome pages of this machine, and those of the origin that is `named`."""
        self._bench, self._named = bench, named
        self._push, self._pour, self._changed = push, pour, changed
        self._open: dict[str, Microphone] = {}
        self._lock = threading.Lock()

    def __contains__(self, call_id: str) -> bool:
        """Tell whether somebody speaks into a call."""
        return call_id in self._open

    def begin(self, call_id: str, origin: str, view: str) -> None:
        """Let a page speak into a call, in place of who did before."""
        self.end(call_id, TAKEN)
        try:
            microphone = Microphone(self._bench, call_id, view)
        except WorkbenchError as error:
            self._tell("over", call_id, view, reason=str(error))
            return
        with self._lock:
            self._open[call_id] = microphone
        self._changed()
        try:
            self._offer(microphone, origin)
        except WorkbenchError as error:
            self._finish(microphone, str(error))

    def _offer(self, microphone: Microphone, origin: str) -> None:
        call_id, view = microphone.call_id, microphone.view
        if not is_welcome(origin, self._named):
            self._tell("entrance", call_id, view, port=0)
            self.relay(call_id, view)
            return
        microphone.at_booth = True
        entrance = microphone.entrance = self._bench.let_in(
            microphone.extension.socket, origin, lambda why: self._left(microphone, why)
        )
        if self._open.get(call_id) is microphone:
            self._tell("entrance", call_id, view, port=entrance.port, token=entrance.token)
        else:
            microphone.leave_booth()  # it was ended meanwhile

    def relay(self, call_id: str, view: str) -> None:
        """Let a page that cannot come to its booth speak through the kernel."""
        microphone = self._open.get(call_id)
        if microphone is None or microphone.view != view or microphone.relay is not None:
            return
        microphone.leave_booth()
        microphone.relay = Relay(
            microphone.extension.socket,
            lambda *frames: self._pour({"call": call_id, "view": view}, *frames),
            lambda reason: self._finish(microphone, reason),
        )

    def say(self, call_id: str, view: str, audio: bytes) -> None:
        """Take some frames that came through the kernel; does not wait."""
        microphone = self._open.get(call_id)
        if microphone is not None and microphone.view == view and microphone.relay is not None:
            microphone.relay.say(audio)

    def end(self, call_id: str, reason: str = ENDED) -> None:
        """End the talk of a call; does nothing when there is none."""
        if (microphone := self._open.get(call_id)) is not None:
            self._finish(microphone, reason)

    def close(self) -> None:
        """End all of them."""
        for call_id in tuple(self._open):
            self.end(call_id)

    def _left(self, microphone: Microphone, reason: str) -> None:
        # A page that goes to the relay has left its booth, and is here all the same.
        if microphone.at_booth:
            self._finish(microphone, reason)

    def _finish(self, microphone: Microphone, reason: str) -> None:
        with self._lock:
            if self._open.get(microphone.call_id) is not microphone:
                return
            del self._open[microphone.call_id]
        self._tell("over", microphone.call_id, microphone.view, reason=reason)
        microphone.close()
        self._changed()

    def _tell(self, kind: str, call_id: str, view: str, **fields: Any) -> None:
        self._push({"kind": kind, "call": call_id, "view": view, **fields})
