"""Transfers: asked of the policy, then of the far end."""

from typing import Any

from workbench import commands as cm
from workbench import dialog
from workbench import events as ev
from workbench.call import Call, Phase
from workbench.dialog import Dialog
from workbench.effects.passage import PassageEffects


class TransferEffects(PassageEffects):
    """What makes the far end call somebody else."""

    def _transfer(self, call: Call, event: ev.TransferRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
            return
        uri, replaces = event.to, ""
        if event.call:
            found = self._dialog_of(event.call)
            if found is None:
                gone = f"call {event.call} is not up"
                self._transfer_ends(call, event, "failed", sip_code=481, reason=gone)
                return
            uri, replaces = plain(found.remote_target), found.replaces
        self._refer(call, event, uri, replaces)

    def _refer(self, call: Call, event: ev.TransferRequested, uri: str, replaces: str) -> None:
        refusal = self.may_go_out(call.id, uri, "transfer")
        if refusal is not None:
            code, reason = refusal.sip_code, refusal.reason
            self._transfer_ends(call, event, "refused", sip_code=code, reason=reason)
            return
        self.ask(
            cm.Transfer(
                leg=call.leg, transfer=event.transfer, uri=uri, replaces=replaces,
                headers=event.headers, timeout_s=event.timeout_s,
            )
        )  # fmt: skip

    def _dialog_of(self, call_id: str) -> Dialog | None:
        """Return the dialog of another call of this bench, None when it is not up."""
        call = self._switchboard.calls.get(call_id)
        if call is None or call.phase is not Phase.ANSWERED:
            return None
        return dialog.find(call.invite, call.accepted, outbound=call.direction == "outbound")

    def _transfer_ends(
        self, call: Call, event: ev.TransferRequested, outcome: str, **fields: Any
    ) -> None:
        self._switchboard.observe(
            call.id, ev.TransferFinished, transfer=event.transfer, outcome=outcome, **fields
        )


def plain(contact: str) -> str:
    """Return a Contact's URI without the parameters that only its owner needs.

    One that would send the call elsewhere is left in, and so refused by whoever parses it.
    """
    address, *parameters = contact.split(";")
    if any(each.lower().startswith(("maddr", "ttl")) for each in parameters):
        return contact
    known = [each for each in parameters if each.lower().startswith("transport=")]
    return ";".join([address, *known[:1]])
