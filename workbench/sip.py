"""What RFC 3261 allows onto the wire, and what is read from it.

Whatever a user or a caller wrote passes here before an engine sees it: pjsip would put a
line break in a header on the wire and turn `?Header=` in a dial string into a header.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from workbench.errors import InvalidAddress, InvalidHeader

DEFAULT_PORT = 5060
DEFAULT_TLS_PORT = 5061
LOOPBACK_NAMES = frozenset({"localhost", "loopback"})
"""Names that are this machine and are never looked up (RFC 6761, section 6.3)."""
USER_LIMIT = 64
HOST_LIMIT = 253
HEADER_LIMIT = 1024
"""Bytes of one header's value that every known peer still takes."""
HEADER_COUNT_LIMIT = 32

ALLOWED_HEADERS = frozenset(
    {
        "alert-info",
        "call-info",
        "diversion",
        "history-info",
        "p-asserted-identity",
        "p-preferred-identity",
        "privacy",
        "reason",
        "remote-party-id",
        "session-id",
        "subject",
        "user-to-user",
    }
)
"""Headers, besides `X-*`, that carry context and do not steer the dialog."""

# RFC 3261, section 25.1: user = 1*( unreserved / escaped / user-unreserved ), where
# `;`, `?` and `/` are left out because peers disagree about them.
# A control character stays one when a gateway unescapes it.
_USER = re.compile(
    r"(?:[A-Za-z0-9\-_.!~*'()&=+$,]|%(?![01]|7[Ff])[0-9A-Fa-f]{2})+",
)
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-_]{0,61}[A-Za-z0-9])?")
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_URI = re.compile(
    r"sip:(?:(?P<user>[^@]*)@)?(?P<host>[^:;?@]*)(?::(?P<port>[^:;?@]*))?(?P<rest>[;?].*)?",
    re.IGNORECASE,
)
_URI_USER = re.compile(
    r"sips?:(?P<user>[^@;?:]*)[^@]*@|tel:(?P<number>\+?[0-9*#\-.()]{1,32})", re.IGNORECASE
)
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_MARK = re.compile(r";(received|rport)=([0-9.]+)")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


Transport = Literal["udp", "tcp", "tls"]


@dataclass(frozen=True)
class SipAddress:
    """A SIP URI reduced to what is dialled: who, at which host and port, and how."""

    user: str
    host: str
    port: int = DEFAULT_PORT
    transport: Transport = "udp"

    def __str__(self) -> str:
        """Return the address as a SIP URI."""
        user = f"{self.user}@" if self.user else ""
        port = "" if self.port == default_port(self.transport) else f":{self.port}"
        how = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"sip:{user}{self.host}{port}{how}"

    @property
    def is_ip(self) -> bool:
        """Tell whether the host is an IPv4 address and needs no resolving."""
        return is_ipv4(self.host)


def default_port(transport: Transport) -> int:
    """Return the port that is meant when none is named (RFC 3261, section 19.1.2)."""
    return DEFAULT_TLS_PORT if transport == "tls" else DEFAULT_PORT


def parse_address(text: str) -> SipAddress:
    """Parse a SIP URI and refuse all that would do more than name a callee.

    Raises:
        InvalidAddress: the text is no plain `sip:USER@HOST:PORT`, with at most a transport.
    """
    bare = _bare(text)
    match = _URI.fullmatch(bare)
    if match is None:
        _check_scheme(bare)
        raise InvalidAddress(
            f"{_shown(text)} is not a SIP address: write sip:USER@HOST or sip:USER@HOST:PORT."
        )
    transport = _transport(text, match["rest"] or "")
    user = match["user"]
    if user is not None and (len(user) > USER_LIMIT or not _USER.fullmatch(user)):
        raise InvalidAddress(
            f"The user part of {_shown(text)} cannot be dialled: use at most {USER_LIMIT} "
            "letters, digits and -_.!~*'()&=+$,% before the @."
        )
    port = _port(text, match["port"], transport)
    return SipAddress(user or "", _host(text, match["host"]), port, transport)


def is_ipv4(host: str) -> bool:
    """Tell whether a host is an IPv4 address in numbers."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return isinstance(host, str)


def parse_listen(text: str) -> tuple[str, int]:
    """Parse HOST:PORT, where port 0 asks for any free one.

    Raises:
        InvalidAddress: the text is no host and port.
    """
    return parse_surface(text)[:2]


def parse_surface(text: str) -> tuple[str, int, Transport]:
    """Parse HOST:PORT, with at most `;transport=udp`, `tcp` or `tls`.

    Raises:
        InvalidAddress: the text is something else.
    """
    _check_text(text, "an address to listen at: write HOST:PORT, for example 127.0.0.1:5060")
    bare, semicolon, rest = text.strip().partition(";")
    host, colon, port = bare.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise InvalidAddress(
            f"{_shown(text)} is not an address to listen at: write HOST:PORT, "
            "for example 127.0.0.1:5060."
        )
    return _host(text, host), int(port), _transport(text, semicolon + rest)


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse headers that may not go onto the wire.

    Raises:
        InvalidHeader: a name is not allowed, or a value cannot be sent as it is.
    """
    _check_types(headers)
    if len(headers) > HEADER_COUNT_LIMIT:
        raise InvalidHeader(
            f"{len(headers)} headers are too many: send at most {HEADER_COUNT_LIMIT}."
        )
    for name, value in headers.items():
        _check_name(name)
        _check_value(name, value)


def is_context_header(name: str) -> bool:
    """Tell whether a header carries context: `X-*` or one of `ALLOWED_HEADERS`."""
    lowered = name.lower()
    return lowered in ALLOWED_HEADERS or (lowered.startswith("x-") and len(lowered) > 2)


def context_headers(message: str) -> dict[str, str]:
    """Return the context headers of a raw SIP message, the first of each name."""
    found: dict[str, str] = {}
    for name, value in header_lines(message):
        if (
            is_context_header(name)
            and _TOKEN.fullmatch(name)
            and len(found) < HEADER_COUNT_LIMIT
        ):
            found.setdefault(name, _CONTROL.sub(" ", value)[:HEADER_LIMIT])
    return found


def user_to_user(content: bytes) -> str:
    """Return the value of a User-to-User header for some bytes (RFC 7433, section 4.1).

    Raises:
        InvalidHeader: they are more than a header may hold.
    """
    value = f"{content.hex()};encoding=hex"
    _check_value("User-to-User", value)
    return value


def user_to_user_content(value: str) -> bytes:
    """Return the bytes of a User-to-User header; of several, those of the first.

    Raises:
        InvalidHeader: it is not in hex, the one encoding there is (RFC 7433, section 4.1).
    """
    content, *parameters = (part.strip() for part in value.split(",", 1)[0].split(";"))
    encodings = [part for part in parameters if part.lower().startswith("encoding")]
    if re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", content) and all(
        part.lower().replace(" ", "") == "encoding=hex" for part in encodings
    ):
        return bytes.fromhex(content)
    raise InvalidHeader(f"User-to-User {_shown(value)} is not in hex: read it as it is.")


def header_lines(message: str) -> list[tuple[str, str]]:
    """Return name and value of each header, folded lines joined (RFC 3261, section 7.3.1)."""
    head = re.split(r"\r?\n\r?\n", message, maxsplit=1)[0]
    unfolded = re.sub(r"\r?\n[ \t]+", " ", head)
    # Not splitlines, to which a letter such as U+2028 inside a value is a line's end.
    lines = (line.partition(":") for line in re.split(r"\r?\n", unfolded)[1:])
    return [(name.strip(), value.strip()) for name, colon, value in lines if colon]


def header_value(message: str, *names: str) -> str:
    """Return the first value of a header, by its long or compact name; empty if absent."""
    return next(iter(header_values(message, *names)), "")


def header_values(message: str, *names: str) -> list[str]:
    """Return every value of a header, by its long or compact name."""
    wanted = {name.lower() for name in names}
    return [value for name, value in header_lines(message) if name.lower() in wanted]


def bare_uri(name_addr: str) -> str:
    """Return the URI of a From or To value, without display name and parameters."""
    # A display name in quotes may hold what looks like a URI; it is the far end's claim.
    unquoted = _CONTROL.sub(" ", _QUOTED.sub("", name_addr))
    match = re.search(r"<([^<>]*)>", unquoted)
    return match[1].strip() if match else unquoted.split(";", 1)[0].strip()


def user_of(uri: str) -> str:
    """Return the user part of a SIP URI, or the number of a `tel:` URI; empty if none."""
    match = _URI_USER.match(uri)
    return (match["user"] or match["number"] or "") if match else ""


def request_uri(message: str) -> str:
    """Return the URI of a request line; empty for a response."""
    parts = first_line(message).split()
    return parts[1] if len(parts) == 3 and parts[2].startswith("SIP/") else ""


def retry_after_s(message: str) -> int:
    """Return the seconds of a Retry-After header (RFC 3261, section 20.33); 0 if absent."""
    digits = re.match(r"[0-9]{1,9}", header_value(message, "Retry-After"))
    return int(digits[0]) if digits else 0


def source_behind_proxy(message: str) -> str:
    """Return HOST:PORT that a request came from, as the proxy before us saw it (RFC 3581).

    The top Via is the proxy's own; it has marked the one below.
    """
    vias = [part for via in header_values(message, "Via", "v") for part in via.split(",")]
    marked = dict(_MARK.findall(vias[1])) if len(vias) > 1 else {}
    return f"{marked.get('received', '')}:{marked.get('rport', '')}".strip(":")


def legible(wire_text: str) -> str:
    """Return text from the wire with whatever was not UTF-8 replaced, so it can be stored."""
    return wire_text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def first_line(message: str) -> str:
    """Return the request line or status line of a SIP message."""
    return message.lstrip("\r\n").split("\n", 1)[0].rstrip("\r")


def _bare(text: str) -> str:
    """Strip the angle brackets of a name-addr; refuse what no URI may contain."""
    _check_text(text, "a SIP address: write sip:USER@HOST or sip:USER@HOST:PORT")
    stripped = text.strip(" ")
    if stripped.startswith("<") and stripped.endswith(">"):
        stripped = stripped[1:-1]
    if _UNPRINTABLE.search(stripped) or not stripped.isascii():
        raise InvalidAddress(
            f"{_shown(text)} holds a space, a control character or a letter beyond ASCII: "
            "write sip:USER@HOST:PORT in plain ASCII."
        )
    return stripped


def _check_text(text: object, wanted: str) -> None:
    if not isinstance(text, str):
        raise InvalidAddress(f"{text!r} is not {wanted}, as text.")


def _check_scheme(bare: str) -> None:
    # RFC 3261, section 26.2.2: `sips:` promises TLS on every hop, which nobody here can see.
    if bare[:5].lower() == "sips:":
        raise InvalidAddress(
            f"{_shown(bare)} asks for TLS on every hop as far as the callee, which cannot be "
            "promised: write sip:USER@HOST;transport=tls, which is TLS to the next hop."
        )


def _transport(text: str, rest: str) -> Transport:
    name, _, value = rest.lower().partition("=")
    if not rest:
        return "udp"
    if name != ";transport" or value not in ("udp", "tcp", "tls"):
        raise InvalidAddress(
            f"{_shown(text)} has URI parameters or headers ({_shown(rest)}), which could "
            "divert the call: leave them out; only ;transport=udp, tcp or tls is taken."
        )
    return cast("Transport", value)


def _host(text: str, host: str) -> str:
    labels = host.removesuffix(".").split(".")
    named = len(host) <= HOST_LIMIT and all(_LABEL.fullmatch(label) for label in labels)
    # What ends in a number, a resolver takes for an address in one of its older notations.
    if not named or (_NUMERIC.fullmatch(labels[-1]) and not is_ipv4(host)):
        raise InvalidAddress(
            f"The host of {_shown(text)} is neither a name nor an IPv4 address: "
            "write for example 192.0.2.7 or sip.example.com (IPv6 is not supported)."
        )
    return host


def _port(text: str, port: str | None, transport: Transport) -> int:
    if port is None:
        return default_port(transport)
    if len(port) > 5 or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidAddress(f"The port of {_shown(text)} is not a number from 1 to 65535.")
    return int(port)


def _check_types(headers: object) -> None:
    if not isinstance(headers, Mapping):
        raise InvalidHeader(
            f'Headers are a mapping, as {{"X-Name": "value"}}, not {_shown(repr(headers))}.'
        )
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidHeader(
                f"A header is a name and a value, both text, not {name!r} and {value!r}."
            )


def _check_name(name: str) -> None:
    if not _TOKEN.fullmatch(name) or not is_context_header(name):
        raise InvalidHeader(
            f"The header {_shown(name)} may not be set: use a name that begins with X-, or "
            f"one of {', '.join(sorted(ALLOWED_HEADERS))}."
        )


def _check_value(name: str, value: str) -> None:
    if _CONTROL.search(value):
        raise InvalidHeader(
            f"The value of the header {name} holds a line break or another control "
            "character: it would become SIP of its own; remove it."
        )
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise InvalidHeader(f"The value of the header {name} is not valid Unicode.") from error
    if size > HEADER_LIMIT:
        raise InvalidHeader(
            f"The value of the header {name} has {size} bytes: send at most {HEADER_LIMIT}."
        )


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:80] + "…")
