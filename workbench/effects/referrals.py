"""REFER requests that come in: asked of the policy, obeyed by a leg of our own, or refused."""

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.dialling import Obeyed, child_id
from workbench.effects.rooms import RoomEffects
from workbench.effects.transfers import plain
from workbench.flow_run import FlowRun

PENDING, DECLINED = 491, 603
RINGING = 180


class ReferralEffects(RoomEffects):
    """What is done when the far end asks us to call somebody else."""

    def _await_refer(self, call: Call, _event: ev.ReferAwaited) -> None:
        self.ask(cm.ExpectRefer(leg=call.leg))

    def _refuse_refer(self, call: Call, event: ev.ReferRefuseRequested) -> None:
        self._settle_refer(call, event.refer, "refused", event.sip_code, "refused by the flow")

    def _accept_refer(self, call: Call, event: ev.ReferAcceptRequested) -> None:
        received = call.open.get(("refer", event.refer))
        if not isinstance(received, ev.ReferReceived):
            return
        if any(obeyed.call_id == call.id for obeyed in self._obeyed.values()):
            why = "another one is being obeyed"
            self._settle_refer(call, event.refer, "refused", PENDING, why)
            return
        refusal = self.may_go_out(call.id, plain(received.to), "refer")
        if refusal is not None:
            self._settle_refer(call, event.refer, "refused", DECLINED, refusal.reason)
            return
        child = child_id(call.id, event.refer)
        dialling = self._dials.get(call.id)
        self._obeyed[child] = Obeyed(call.id, event.refer, partners=list(call.bridged))
        run = self._runs.get(call.id)
        if run is not None and not call.bridged:
            self._runs[child] = FlowRun(run.flow, child)
        self._hand_over(call.id, child)
        self._switchboard.place(
            child, from_="", to=plain(received.to), headers={}, replaces=received.replaces,
            parent=dialling.parent if dialling else "",
        )  # fmt: skip

    def _hand_over(self, call_id: str, child: str) -> None:
        """Let the new leg stand for the old one in what was dialled by it or for it."""
        if (dialling := self._dials.pop(call_id, None)) is not None:
            dialling.whisper, dialling.asks = "", False
            self._dials[child] = dialling
        for dialling in self._dials.values():
            if dialling.parent == call_id:
                dialling.parent = child

    def _settle_refer(
        self, call: Call, refer: str, outcome: str, code: int, reason: str, child: str = ""
    ) -> None:
        self.ask(cm.NotifyRefer(leg=call.leg, refer=refer, sip_code=code, reason=reason))
        if ("refer", refer) in call.open:
            self._switchboard.observe(
                call.id, ev.ReferFinished, refer=refer, outcome=outcome, child=child,
                sip_code=code, reason=reason,
            )  # fmt: skip

    def follow(self, event: ev.Event) -> None:
        """Take note also of what comes of a REFER, and of calls whose REFER are obeyed."""
        if isinstance(event, ev.Offered | ev.Answered):
            self._expect_refer(event)
        elif isinstance(event, ev.ReferReceived):
            self._obey(event)
        if (obeyed := self._obeyed.get(event.call_id)) is not None:
            self._follow_target(obeyed, event)
        super().follow(event)

    def _expect_refer(self, event: ev.Event) -> None:
        call = self._switchboard.calls.get(event.call_id)
        if self._gatekeeper.policy.refer != "allow" or call is None or call.ended is not None:
            return
        # A leg that we place is known to the engine for sure when it is answered.
        if isinstance(event, ev.Offered) or call.direction == "outbound":
            self._switchboard.order(call.id, ev.ReferAwaited)

    def _obey(self, event: ev.ReferReceived) -> None:
        call = self._switchboard.calls.get(event.call_id)
        if call is not None and not call.flow_decides_refer and call.ended is None:
            self._switchboard.order(call.id, ev.ReferAcceptRequested, refer=event.refer)

    def _follow_target(self, obeyed: Obeyed, event: ev.Event) -> None:
        call = self._switchboard.calls.get(obeyed.call_id)
        if isinstance(event, ev.Ringing | ev.EarlyMedia) and call is not None:
            if not obeyed.rang:
                obeyed.rang = True
                self.ask(
                    cm.NotifyRefer(
                        leg=call.leg, refer=obeyed.refer, sip_code=RINGING, reason="Ringing"
                    )
                )
        elif isinstance(event, ev.Answered):
            self._target_answers(obeyed, call, event)
        elif isinstance(event, ev.Ended):
            self._target_fails(obeyed, call, event)

    def _target_answers(self, obeyed: Obeyed, call: Call | None, event: ev.Answered) -> None:
        child = event.call_id
        del self._obeyed[child]
        for partner in obeyed.partners:
            if call is not None and partner in call.bridged:
                self._switchboard.order(call.id, ev.UnbridgeRequested, other=partner)
            if child not in self._dials and partner in self._switchboard.calls:
                self._switchboard.order(child, ev.BridgeRequested, other=partner)
        if call is not None:
            self._settle_refer(call, obeyed.refer, "completed", 200, "OK", child)

    def _target_fails(self, obeyed: Obeyed, call: Call | None, event: ev.Ended) -> None:
        child = event.call_id
        del self._obeyed[child]
        if call is not None and call.ended is None:
            self._hand_over(child, call.id)
            self._settle_refer(
                call, obeyed.refer, "failed", event.sip_code, event.reason, child
            )
