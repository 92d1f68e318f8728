"""What a bench reads of its store: calls, their replays, and all of them for frames."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from workbench import events as ev
from workbench.arguments import as_flow, as_flows
from workbench.errors import InvalidInput
from workbench.flow import Flow
from workbench.handle import CallHandle, Keeper
from workbench.progress import watched
from workbench.replay import Flows, Replay, Replays, replay
from workbench.store import CallLog
from workbench.views.calls import Calls

if TYPE_CHECKING:
    from workbench.analysis.frames import Frames


class Reading(Protocol):
    """The part of a bench that looks into its store."""

    @property
    def _store(self) -> CallLog:
        """The log, while the bench is open."""

    def call(self, call: CallHandle | str) -> CallHandle:
        """Return a call by its id, or by the beginning of it.

        Raises:
            CallNotFound: there is none.
            InvalidInput: there are several.
        """
        return CallHandle(self._id(call), cast("Keeper", self))

    @property
    def calls(self) -> Calls[CallHandle]:
        """All calls of the store, oldest first; also by the beginning of an id."""
        keeper = cast("Keeper", self)
        handles = (CallHandle(call_id, keeper) for call_id in self._store.call_ids())
        return Calls(handles, self.call)

    @property
    def frames(self) -> "Frames":
        """The calls of the store as pandas frames."""
        from workbench.analysis.frames import Frames  # noqa: PLC0415 - pandas is slow to load

        return Frames(self._histories)

    def read(self, call_id: str) -> Sequence[ev.Event]:
        """Return the events of a call."""
        return self._store.history(call_id)

    def replay(self, call: CallHandle | str, flow: Flows) -> Replay:
        """Compare what a flow decides on a recorded call with what was decided then.

        Of a call that several flows took, one after another, the parts of the given flow are
        compared, or of several: a list, or a mapping by the names on record.
        """
        today = as_flows(flow)
        return replay(self.read(self._id(call)), today)

    def replay_all(self, flow: Flow, name: str | None = None) -> Replays:
        """Replay every call that a flow of this name took (by default the flow's own name).

        Each is replayed when it is asked for; a notebook that shows the result asks for all.
        """
        wanted = as_flow(flow).name if name is None else name

        def one(call_id: str) -> Replay | None:
            history = self.read(call_id)
            return replay(history, {wanted: flow}) if _was_taken(history, wanted) else None

        return Replays(wanted, self._store.call_ids(), one)

    def _histories(self) -> Iterator[tuple[str, Sequence[ev.Event]]]:
        call_ids = self._store.call_ids()
        for call_id in watched(call_ids, "Reading calls", len(call_ids)):
            yield call_id, self.read(call_id)

    def _id(self, call: Any) -> str:
        """Find a call, or the one meant by a handle."""
        if isinstance(call, CallHandle):
            return call.id
        if isinstance(call, str):
            return self._store.find_call(call)
        message = f"A call is named by its id or its handle, not by {call!r}."
        raise InvalidInput(message)


def _was_taken(history: Sequence[ev.Event], flow: str) -> bool:
    return any(isinstance(event, ev.FlowStarted) and event.flow == flow for event in history)
