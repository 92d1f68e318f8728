"""What a REFER asks for: Refer-To and Replaces, written and read, and a transfer's progress.

RFC 3515 has REFER, RFC 3891 Replaces, RFC 3420 the status line in the body of a NOTIFY.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

SIPFRAG = "message/sipfrag;version=2.0"
ACTIVE, TERMINATED = "active;expires=60", "terminated;reason=noresource"
FINAL = 200
"""From this SIP code on a transfer is decided."""

_ANGLED = re.compile(r"<([^<>]*)>")
_REPLACES = re.compile(r"(?:^|&)Replaces=([^&]*)", re.IGNORECASE)
_STATUS = re.compile(r"SIP/2\.0[ \t]+([1-6]\d\d)[ \t]*([^\r\n]*)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
TEXT_LIMIT = 200
URI_LIMIT = REPLACES_LIMIT = 512


class Target(NamedTuple):
    """Whom a REFER names."""

    uri: str
    """Without its headers; not checked, it is what the far end wrote."""
    replaces: str = ""
    """The dialog that the new call is to replace, as in a Replaces header."""


class Status(NamedTuple):
    """What a NOTIFY says of a transfer."""

    sip_code: int
    reason: str


def refer_to(uri: str, replaces: str = "") -> str:
    """Return the value of a Refer-To header, with a dialog to replace if there is one."""
    headers = f"?Replaces={quote(replaces, safe='')}" if replaces else ""
    return f"<{uri}{headers}>"


def read_refer_to(value: str) -> Target:
    """Return whom a Refer-To header names."""
    angled = _ANGLED.search(value)
    whole = _CONTROL.sub("", angled[1] if angled else value.split(";", 1)[0]).strip()
    uri, _, headers = whole.partition("?")
    found = _REPLACES.search(headers)
    replaces = _CONTROL.sub("", unquote(found[1])) if found else ""
    # What is too long is left out whole: cut short, it could name somebody else.
    if len(uri) > URI_LIMIT or len(replaces) > REPLACES_LIMIT:
        return Target("")
    return Target(uri, replaces)


def replaces(call_id: str, *, to_tag: str, from_tag: str) -> str:
    """Return the value of a Replaces header: tags as the party that is replaced at has them."""
    return f"{call_id};to-tag={to_tag};from-tag={from_tag}"


def status(body: str) -> Status | None:
    """Return the status line in the body of a NOTIFY (RFC 3420), None where there is none."""
    found = _STATUS.match(body.lstrip("\r\n"))
    if found is None:
        return None
    return Status(int(found[1]), _CONTROL.sub(" ", found[2]).strip()[:TEXT_LIMIT])


def subscription(sip_code: int, cseq: str = "") -> dict[str, str]:
    """Return the headers of a NOTIFY; `cseq` tells of which REFER, where there are several."""
    state = ACTIVE if sip_code < FINAL else TERMINATED
    return {"Event": f"refer;id={cseq}" if cseq else "refer", "Subscription-State": state}


def sipfrag(sip_code: int, reason: str) -> str:
    """Return the body of a NOTIFY that tells how a transfer goes."""
    return f"SIP/2.0 {sip_code} {_CONTROL.sub(' ', reason)[:TEXT_LIMIT] or 'Progress'}\r\n"
