"""The SIP dialog of a call that is up, as a transfer has to name it (RFC 3891, RFC 5589)."""

import re
from typing import NamedTuple

from workbench import refer, sip

_TAG = re.compile(r";\s*tag\s*=\s*([^\s;,]+)", re.IGNORECASE)


class Dialog(NamedTuple):
    """What names a dialog, from our side of it."""

    call_id: str
    local_tag: str
    remote_tag: str
    remote_target: str
    """The URI at which the far end takes requests of this dialog: its Contact."""

    @property
    def replaces(self) -> str:
        """The Replaces header by which the far end finds this dialog: its own tag is `to`."""
        return refer.replaces(self.call_id, to_tag=self.remote_tag, from_tag=self.local_tag)


def find(invite: str, accepted: str, *, outbound: bool) -> Dialog | None:
    """Return the dialog that an INVITE and its 2xx began, None when they do not tell.

    Args:
        invite: the request.
        accepted: its 2xx response, which has the tags of both sides.
        outbound: whether the INVITE was ours.
    """
    caller, callee = (_tag(sip.header_value(accepted, *name)) for name in (_FROM, _TO))
    contact = sip.header_value(accepted if outbound else invite, "Contact", "m")
    call_id = sip.header_value(accepted, "Call-ID", "i")
    local, remote = (caller, callee) if outbound else (callee, caller)
    if not (call_id and local and remote and contact):
        return None
    return Dialog(call_id, local, remote, sip.bare_uri(contact))


_FROM, _TO = ("From", "f"), ("To", "t")


def _tag(value: str) -> str:
    found = _TAG.search(re.sub(r"<[^<>]*>", "", value))
    return found[1] if found else ""
