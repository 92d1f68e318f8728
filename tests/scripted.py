"""A call as a script: observed events in, decisions out, without engine, store or time."""

from typing import Any, Self

from workbench import events as ev
from workbench.call import Call
from workbench.clock import ManualClock
from workbench.flow import Flow
from workbench.flow_run import FlowRun
from workbench.views.wording import in_words


class ScriptedCall:
    """One inbound call that a flow takes; every fact is half a second after the one before."""

    def __init__(self, flow: Flow, call_id: str = "CA00") -> None:
        self.clock = ManualClock()
        self.call = Call(call_id)
        self.run = FlowRun(flow, call_id)
        self.history: list[ev.Event] = []
        offered = self._record(ev.Offered, leg="leg-1", from_="sip:a@x", to="sip:b@x")
        self.run.fold(offered)
        self._note(self.run.start(offered))

    def _record(self, kind: type[ev.Event], **fields: Any) -> ev.Event:
        self.clock.advance(0.5)
        event = self.call.next(kind, self.clock.now(), **fields)
        self.history.append(event)
        return event

    def _note(self, drafts: list[Any]) -> None:
        for draft in drafts:
            self.history.append(self.call.next(draft.kind, self.clock.now(), **draft.columns()))

    def hear(self, kind: type[ev.Event], **fields: Any) -> list[str]:
        """Let an observed event happen; return what the flow decides, in words."""
        event = self._record(kind, **fields)
        known = len(self.history)
        self._note(self.run.deliver(event))
        return [in_words(decided) for decided in self.history[known:]]

    def answered(self) -> Self:
        """Let the call come up."""
        self.hear(ev.MediaStarted, codec="PCMU", clock_rate=8000, media_ms=0)
        self.hear(ev.Answered)
        return self

    def press(self, digits: str) -> list[str]:
        """Press keys; return what the flow decides at the last."""
        decided: list[str] = []
        for digit in digits:
            decided = self.hear(ev.DigitReceived, digit=digit)
        return decided

    def prompt_ends(
        self, prompt: str, outcome: str = "completed", reason: str = ""
    ) -> list[str]:
        """Let a prompt be over."""
        return self.hear(
            ev.PromptFinished, prompt=prompt, outcome=outcome, played_ms=900, reason=reason
        )

    def hang_up(self) -> list[str]:
        """Let the caller hang up."""
        return self.hear(
            ev.Ended, by="caller", status="completed", sip_code=200, q850_cause=16,
            hangup_cause="NORMAL_CLEARING",
        )  # fmt: skip

    @property
    def words(self) -> list[str]:
        """All decisions so far, in words."""
        return [in_words(event) for event in self.history if isinstance(event, ev.Decision)]
