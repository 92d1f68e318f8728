"""Second legs: placed for a call, whispered to, bridged with it, and ended with it."""

from typing import Any

from workbench import events as ev
from workbench.call import Call
from workbench.effects.bridges import BridgeEffects
from workbench.effects.dialling import Dialling, child_id, outcome
from workbench.flow import Flow
from workbench.flow_run import FlowRun

WHISPER = "whisper"
"""The name of the prompt that only the callee hears; the child's own are numbered."""
NORMAL = 16
"""Q.850: normal call clearing."""


class DialEffects(BridgeEffects):
    """What a flow wants of a second leg."""

    def _dial_second(self, call: Call, event: ev.DialRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
            return
        child = child_id(call.id, event.dial)
        run = self._runs.get(call.id)  # none, when this was asked from outside
        entrusted = run.steps.pop(event.dial, None) if run is not None else None
        asks = entrusted is not None and isinstance(entrusted.function, Flow)
        if entrusted is not None and isinstance(entrusted.function, Flow):
            self._runs[child] = FlowRun(entrusted.function, child)
            self._keep_source(entrusted.function)
        whisper = "" if asks else event.whisper
        self._dials[child] = Dialling(call.id, event.dial, whisper, asks)
        self._switchboard.place(
            child, parent=call.id, from_=event.from_, to=event.to, headers=event.headers,
            ring_timeout_s=event.ring_timeout_s, account=event.account,
        )  # fmt: skip

    def _keep_source(self, flow: Flow) -> None:
        path = self._folder / "sources" / f"{flow.version}.py"
        if not path.exists():
            self._spawn(self._in_thread(path.write_text, flow.source))

    def _cancel_dial(self, call: Call, event: ev.DialCancelRequested) -> None:
        child = child_id(call.id, event.dial)
        if (dialling := self._dials.get(child)) is not None:
            dialling.cancelled = True
            self._end_child(child, "the caller's flow gave it up", NORMAL)

    def follow(self, event: ev.Event) -> None:
        """Take note of what happens to a second leg, and to the call that it belongs to."""
        dialling = self._dials.get(event.call_id)
        step = _STEPS.get(type(event))
        if dialling is not None and step is not None:
            step(self, dialling, event)
        if isinstance(event, ev.Ended):
            self._end_children(event)

    def _end_children(self, ended: ev.Ended) -> None:
        cause = ended.q850_cause if 0 < ended.q850_cause < 128 else NORMAL
        for child, dialling in tuple(self._dials.items()):
            if dialling.parent == ended.call_id:
                self._end_child(child, "the caller has hung up", cause)

    def _end_child(self, child: str, reason: str, cause: int) -> None:
        call = self._switchboard.calls.get(child)
        if call is not None and call.ended is None:
            self._switchboard.order(child, ev.HangupRequested, reason=reason, cause=cause)

    # What a child's events bring about.

    def _child_rings(self, dialling: Dialling, event: ev.Event) -> None:
        if not dialling.rang:
            dialling.rang = True
            self._tell_parent(dialling, ev.DialRinging, child=event.call_id)

    def _child_answers(self, dialling: Dialling, event: ev.Event) -> None:
        dialling.answered_at = event.at
        self._tell_parent(dialling, ev.DialAnswered, child=event.call_id)
        if dialling.whisper:
            self._switchboard.order(
                event.call_id, ev.PromptRequested, prompt=WHISPER, source=dialling.whisper
            )
        elif not dialling.asks:
            self._let_talk(dialling, event.call_id)

    def _child_heard(self, dialling: Dialling, event: ev.PromptFinished) -> None:
        if event.prompt == WHISPER and event.outcome != "interrupted":
            self._let_talk(dialling, event.call_id)

    def _child_was_asked(self, dialling: Dialling, event: ev.FlowReturned) -> None:
        if event.value is not False:
            self._let_talk(dialling, event.call_id)

    def _let_talk(self, dialling: Dialling, child: str) -> None:
        parent = self._switchboard.calls.get(dialling.parent)
        if parent is None or parent.ended is not None or dialling.cancelled:
            self._end_child(child, "the caller has hung up", NORMAL)
        else:
            self._switchboard.order(dialling.parent, ev.BridgeRequested, other=child)

    def _child_talks(self, dialling: Dialling, event: ev.Bridged) -> None:
        if event.other == dialling.parent:
            dialling.bridged = True

    def _child_parts(self, dialling: Dialling, event: ev.Unbridged) -> None:
        if event.other == dialling.parent and not dialling.bridged:
            self._give_up_child(dialling, event.call_id, event.reason)

    def _give_up_child(self, dialling: Dialling, child: str, reason: str) -> None:
        dialling.failure = reason
        self._end_child(child, f"it could not be bridged: {reason}", NORMAL)

    def _child_is_refused(self, dialling: Dialling, _event: ev.Event) -> None:
        dialling.refused = True

    def _child_ends(self, dialling: Dialling, event: ev.Ended) -> None:
        del self._dials[event.call_id]
        seconds = 0.0
        if dialling.answered_at is not None:
            seconds = (event.at - dialling.answered_at).total_seconds()
        self._tell_parent(
            dialling, ev.DialFinished, child=event.call_id, sip_code=event.sip_code,
            outcome=outcome(dialling, event), seconds=seconds, reason=event.reason,
        )  # fmt: skip

    def _tell_parent(self, dialling: Dialling, kind: type[ev.Event], **fields: Any) -> None:
        parent = self._switchboard.calls.get(dialling.parent)
        if parent is not None and ("dial", dialling.dial) in parent.open:
            self._switchboard.observe(parent.id, kind, dial=dialling.dial, **fields)


_STEPS: dict[type[ev.Event], Any] = {
    ev.Ringing: DialEffects._child_rings,
    ev.EarlyMedia: DialEffects._child_rings,
    ev.Answered: DialEffects._child_answers,
    ev.PromptFinished: DialEffects._child_heard,
    ev.FlowReturned: DialEffects._child_was_asked,
    ev.Bridged: DialEffects._child_talks,
    ev.Unbridged: DialEffects._child_parts,
    ev.Refused: DialEffects._child_is_refused,
    ev.Ended: DialEffects._child_ends,
}
