"""Who calls, and whom, as the network vouches for it: identity, diversion, numbers."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from workbench.errors import InvalidAddress
from workbench.numbers import e164
from workbench.sip import bare_uri, parse_address

_TEL = re.compile(r"tel:(?P<number>\+?[0-9\-.()]{1,32})(?:;.*)?", re.IGNORECASE)
_USER = re.compile(r"sips?:(?P<user>[^@;?]*)(?:[;?][^@]*)?@.*", re.IGNORECASE)
# One value of a list (RFC 3261, section 7.3.1): commas in quotes or brackets divide nothing.
_VALUE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^,"<>])+')


class Identity(NamedTuple):
    """The parties of an inbound call."""

    identity: str
    """The caller's URI: asserted by a trusted peer, else what From claims."""
    forwarded_from: str
    """The URI of whoever sent the call on to us; empty when nobody trusted says so."""
    caller_number: str
    """`identity` as E.164; empty where it is no number."""
    called_number: str
    """The callee as E.164; empty where it is no number."""


def identify(
    from_: str, to: str, headers: Mapping[str, str], *, trusted: bool, region: str = ""
) -> Identity:
    """Tell the parties of a call; `trusted` peers may assert (RFC 3325, section 5)."""
    named = {name.lower(): value for name, value in headers.items()} if trusted else {}
    asserted = [uri for uri in _uris(named.get("p-asserted-identity", "")) if _user(uri)]
    identity = asserted[0] if asserted else from_
    return Identity(
        identity=identity,
        forwarded_from=_forwarded_from(named),
        caller_number=e164(_user(identity), region),
        called_number=e164(_user(to), region),
    )


def _forwarded_from(named: Mapping[str, str]) -> str:
    # The newest diversion comes first (RFC 5806, section 4), the newest target of
    # History-Info last (RFC 7044, section 5.1), behind the one that was diverted.
    diverted = _uris(named.get("diversion", ""))
    if diverted:
        return diverted[0]
    history = _uris(named.get("history-info", ""))
    return history[-2] if len(history) > 1 else ""


def _uris(value: str) -> list[str]:
    return [uri for part in _VALUE.findall(value) if (uri := bare_uri(part))]


def _user(uri: str) -> str:
    """Return the user part of a SIP URI, or the number of a `tel:` URI."""
    if (tel := _TEL.fullmatch(uri)) is not None:
        return tel["number"]
    try:
        return parse_address(uri).user
    except InvalidAddress:
        # What could not be dialled may still say who calls.
        match = _USER.fullmatch(uri)
        return match["user"] if match else ""
