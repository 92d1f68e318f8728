"""The runner: gives each call's flow its events, and records what the flow decides.

It subscribes to the switchboard, so that everything it acts on is durable already.
"""

from collections.abc import Callable
from typing import Any

from workbench import events as ev
from workbench.call import Phase
from workbench.effects import Effects
from workbench.errors import NotAllowedNow
from workbench.flow import Flow
from workbench.flow_run import FlowRun
from workbench.switchboard import Switchboard

UNWANTED = 480
"""What a caller hears when no flow is there to take the call (Temporarily Unavailable)."""


class Runner:
    """One run of a flow for each call that has one."""

    def __init__(
        self, switchboard: Switchboard, effects: Effects, runs: dict[str, FlowRun]
    ) -> None:
        """Share `runs` with the effects, which need the functions of the steps."""
        self.route: Callable[[ev.Offered], Flow | None] = lambda _offered: None
        """Which flow takes an inbound call; None refuses it."""
        self.keep: Callable[[Flow], None] = lambda _flow: None
        """Keeps the source of a flow that another one has named."""
        self._successors: dict[tuple[str, str], Flow] = {}
        self._switchboard = switchboard
        self._effects = effects
        self._runs = runs
        switchboard.subscribe(self.handle)

    def assign(self, call_id: str, flow: Flow) -> None:
        """Let `flow` take an outbound call as soon as it is answered."""
        self._runs[call_id] = FlowRun(flow, call_id)

    def replace(self, call_id: str, change: str, flow: Flow) -> None:
        """Let `flow` take a call over, by the order of that name; any other is let go.

        Raises:
            NotAllowedNow: the call is over, or its flow is.
        """
        call = self._switchboard.calls.get(call_id)
        if call is None or call.ended is not None or call_id not in self._runs:
            message = f"Call {call_id} is over, or its flow is: no flow can take it over."
            raise NotAllowedNow(message)
        self._successors[call_id, change] = flow
        self._switchboard.order(
            call_id, ev.FlowReplaceRequested, change=change, replacement=flow.name,
            replacement_version=flow.version,
        )  # fmt: skip

    def handle(self, event: ev.Event) -> None:
        """Act on one committed event."""
        # First, so that a call is ready for what its far end may do before its flow acts.
        try:
            self._effects.follow(event)
        finally:
            self._act_and_tidy(event)

    def _act_and_tidy(self, event: ev.Event) -> None:
        try:
            self._act(event)
        finally:
            self._tidy(event)

    def _act(self, event: ev.Event) -> None:
        if isinstance(event, ev.Offered):
            self._take(event)
        elif isinstance(event, ev.Placed):
            self._place(event)
        elif isinstance(event, ev.Redirected):
            self._effects.follow_redirect(event)
            self._wake(event)
        elif event.KIND is ev.Kind.OBSERVED:
            self._wake(event)
        elif isinstance(event, ev.FlowReplaceRequested):
            self._replace(event)
        elif isinstance(event, ev.Decision):
            if not event.flow and (run := self._runs.get(event.call_id)) is not None:
                run.note(event)
            self._effects.carry_out(event)

    def _tidy(self, event: ev.Event) -> None:
        if isinstance(event, ev.Answered):
            self._effects.limit(event)
        elif isinstance(event, ev.Ended):
            self._effects.let_go(event)
            self._settle(event)
        elif isinstance(event, ev.RecordingStopped):
            self._effects.store_stopped(event)
        elif isinstance(event, ev.RecordingStored):
            self._effects.clear(event)
        elif isinstance(event, ev.ForkFinished):
            self._effects.end_feed(event)
        elif isinstance(event, ev.ListeningFinished):
            self._effects.end_ear(event)
        elif isinstance(event, ev.FlowReturned | ev.FlowFailed):
            self._effects.stop_streams(event.call_id)
            self._forget(event.call_id)

    def _replace(self, event: ev.FlowReplaceRequested) -> None:
        run = self._runs.get(event.call_id)
        flow: Any = self._successors.pop((event.call_id, event.change), None)
        if run is None or run.call.ended is not None:
            return
        if flow is None:
            flow = run.steps.pop(event.change).function
        drafts, following = run.cut(event), run.follower(flow)
        self._runs[event.call_id] = following
        if run.started or run.call.phase is Phase.ANSWERED:
            drafts += following.start(event)
        self._switchboard.decide(event.call_id, drafts)
        self.keep(flow)

    def _forget(self, call_id: str) -> None:
        run = self._runs.get(call_id)
        if run is not None and run.finished:
            del self._runs[call_id]

    def _place(self, placed: ev.Placed) -> None:
        # One without a flow may be given one while it goes on.
        self._runs.setdefault(placed.call_id, FlowRun(None, placed.call_id))
        self._effects.dial(placed)
        self._wake(placed)

    def _take(self, offered: ev.Offered) -> None:
        flow = self.route(offered)
        if flow is not None:
            run = self._runs[offered.call_id] = FlowRun(flow, offered.call_id)
            run.fold(offered)
            self._switchboard.decide(offered.call_id, run.start(offered))
        elif offered.call_id in self._switchboard.calls:
            self._switchboard.order(offered.call_id, ev.RejectRequested, sip_code=UNWANTED)

    def _wake(self, event: ev.Event) -> None:
        run = self._runs.get(event.call_id)
        if run is None:
            return
        if run.started:
            self._switchboard.decide(event.call_id, run.deliver(event))
            return
        run.fold(event)
        if isinstance(event, ev.Answered) and run.flow is not None:
            self._switchboard.decide(event.call_id, run.start(event))

    def _settle(self, ended: ev.Ended) -> None:
        call = self._switchboard.calls.get(ended.call_id)
        if call is not None:
            self._effects.store_open(call)
            self._effects.end_feeds(call)
        run = self._runs.get(ended.call_id)
        if call is None or (run is not None and not run.started):
            self._runs.pop(ended.call_id, None)
