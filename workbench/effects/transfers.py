"""Transfers: asked of the policy, then of the far end."""

from typing import Any

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.passage import PassageEffects


class TransferEffects(PassageEffects):
    """What makes the far end call somebody else."""

    def _transfer(self, call: Call, event: ev.TransferRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
            return
        refusal = self.may_go_out(call.id, event.to, "transfer")
        if refusal is not None:
            code, reason = refusal.sip_code, refusal.reason
            self._transfer_ends(call, event, "refused", sip_code=code, reason=reason)
            return
        self.ask(
            cm.Transfer(
                leg=call.leg, transfer=event.transfer, uri=event.to, headers=event.headers,
                timeout_s=event.timeout_s,
            )
        )  # fmt: skip

    def _transfer_ends(
        self, call: Call, event: ev.TransferRequested, outcome: str, **fields: Any
    ) -> None:
        self._switchboard.observe(
            call.id, ev.TransferFinished, transfer=event.transfer, outcome=outcome, **fields
        )
