"""The grammar of RFC 3261, section 25.1, as patterns for text whose lines are unfolded.

Patterns are for `fullmatch`. Where the grammar is wider than what any peer sends and than
what the stack behind the door is known to bear, the narrower form is taken and said so.
"""

import ipaddress
import re
from functools import lru_cache

TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"
WORD = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?{}]+"
QUOTED = r'"(?:[^"\\\r\n]|\\[\x00-\x09\x0b\x0c\x0e-\x7f])*"'
SWS = r"[ \t]*"
LWS = r"[ \t]+"
ESCAPED = r"%[0-9A-Fa-f]{2}"
USER = rf"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|{ESCAPED})+"
PASSWORD = rf"(?:[A-Za-z0-9\-_.!~*'()&=+$,]|{ESCAPED})*"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-_]*[A-Za-z0-9])?"
HOST_NAME = rf"(?:{LABEL}\.)*{LABEL}\.?"
IPV6_REFERENCE = r"\[[0-9A-Fa-f:.]+\]"
HOST = rf"(?:{IPV6_REFERENCE}|{HOST_NAME})"
PORT = r"[0-9]{1,5}"
URI_CHARACTER = rf"(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]|{ESCAPED})"
URI_PARAMETERS = rf"(?:;{URI_CHARACTER}+(?:={URI_CHARACTER}+)?)*"
HEADER_CHARACTER = rf"(?:[A-Za-z0-9\-_.!~*'()\[\]/?:+$]|{ESCAPED})"
URI_HEADER = rf"{HEADER_CHARACTER}+={HEADER_CHARACTER}*"
SIP_URI = (
    rf"(?P<scheme>[sS][iI][pP][sS]?):(?:(?P<user>{USER})(?::{PASSWORD})?@)?"
    rf"(?P<host>{HOST})(?::(?P<port>{PORT}))?(?P<parameters>{URI_PARAMETERS})"
    rf"(?P<headers>\?{URI_HEADER}(?:&{URI_HEADER})*)?"
)
OTHER_URI = r"[A-Za-z][A-Za-z0-9+\-.]*:[^\s<>\"]+"
VALUE = rf"(?:{QUOTED}|{TOKEN}|{HOST}|[0-9A-Fa-f:.]+)"
"""A parameter's value; the last form is an IPv6 address without brackets, which RFC 5118,
section 4.5, tells to take in `received`."""
PARAMETERS = rf"(?:{SWS};{SWS}{TOKEN}(?:{SWS}={SWS}{VALUE})?)*"
DISPLAY = rf"(?:{QUOTED}|{TOKEN}(?:{LWS}{TOKEN})*)?"
NAME_ADDRESS = rf"{DISPLAY}{SWS}<(?P<uri>[^<>\s\"]+)>(?P<parameters>{PARAMETERS})"
BARE_ADDRESS = rf"(?P<uri>[^<>\s\";?,]+)(?P<parameters>{PARAMETERS})"
"""Without angle brackets a URI ends at the first `;`, `?` or `,` (section 20.10)."""
VIA = (
    rf"SIP{SWS}/{SWS}2\.0{SWS}/{SWS}(?P<transport>{TOKEN}){LWS}"
    rf"(?P<host>{HOST})(?:{SWS}:{SWS}(?P<port>{PORT}))?(?P<parameters>{PARAMETERS})"
)
DATE = (
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
    r"[0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT"
)
MEDIA_TYPE = rf"(?P<type>{TOKEN}){SWS}/{SWS}(?P<subtype>{TOKEN})(?P<parameters>{PARAMETERS})"

_SIP_URI = re.compile(SIP_URI)
_OTHER_URI = re.compile(OTHER_URI)
_NAME_ADDRESS = re.compile(NAME_ADDRESS)
_BARE_ADDRESS = re.compile(BARE_ADDRESS)
_PARAMETER = re.compile(rf"{SWS};{SWS}(?P<name>{TOKEN})(?:{SWS}={SWS}(?P<value>{VALUE}))?")
_SPLIT = re.compile(rf"({QUOTED}|<[^<>]*>|,)")


@lru_cache(maxsize=1024)
def is_host(text: str) -> bool:
    """Tell whether a host that matches `HOST` is a name or a whole address."""
    if text.startswith("["):
        return _is_address(text[1:-1], ipaddress.IPv6Address)
    last = text.rstrip(".").rpartition(".")[2]
    return not last.isdigit() or _is_address(text, ipaddress.IPv4Address)


def _is_address(text: str, kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def match_sip_uri(text: str) -> re.Match[str] | None:
    """Match a whole SIP or SIPS URI."""
    match = _SIP_URI.fullmatch(text)
    if match is None or not is_host(match["host"]) or int(match["port"] or 0) > 65535:
        return None
    return match


def is_uri(text: str) -> bool:
    """Tell whether a text is a URI; one that says `sip` must be a SIP URI."""
    if text[:5].lower().startswith(("sip:", "sips:")):
        return match_sip_uri(text) is not None
    return _OTHER_URI.fullmatch(text) is not None


def match_address(text: str) -> re.Match[str] | None:
    """Match a whole From, To, Contact, Route or Refer-To value."""
    match = _NAME_ADDRESS.fullmatch(text) or _BARE_ADDRESS.fullmatch(text)
    return match if match is not None and is_uri(match["uri"]) else None


def parameters(text: str) -> dict[str, str]:
    """Return parameters by lower-case name, the first of each; empty text without a value."""
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(text):
        found.setdefault(match["name"].lower(), match["value"] or "")
    return found


def split_list(value: str) -> list[str]:
    """Split a header's value at its commas, those in quotes and brackets left alone."""
    if "," not in value:
        return [value]
    parts, current = [], ""
    for piece in _SPLIT.split(value):
        if piece == ",":
            parts.append(current.strip())
            current = ""
        else:
            current += piece
    return [*parts, current.strip()]
