"""What the door lets pass, answers itself, or drops: decided on one message alone.

The stack behind the door drops silently what it cannot parse and aborts on some of what it
can. So each message is held against RFC 3261 here, and against limits of our own.
"""

import hashlib
import re
from dataclasses import dataclass, field

from workbench.door.message import Message, Unreadable
from workbench.door.syntax import ALLOWED, Fault, check_request, check_response

PHRASES = {
    200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 413: "Request Entity Too Large",
    415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist",
    482: "Loop Detected", 483: "Too Many Hops", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 500: "Server Internal Error",
    501: "Not Implemented", 503: "Service Unavailable", 505: "Version Not Supported",
    513: "Message Too Large", 603: "Decline",
}  # fmt: skip
"""The reason phrases of RFC 3261, section 21, and RFC 6665."""

_REQUEST = re.compile(r"([^\s]+)\s+[^\r\n]*SIP/[0-9]+\.[0-9]+[ \t]*")
_UNFIT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class Passed:
    """A message that is well formed and within the limits."""

    message: Message


@dataclass(frozen=True)
class Answered:
    """A request that goes no further."""

    message: Message = field(compare=False)
    fault: Fault = field(compare=False)
    response: bytes = field(init=False)
    """What it is answered."""

    def __post_init__(self) -> None:
        """Write the answer."""
        object.__setattr__(self, "response", self.written())

    def written(self) -> bytes:
        """Write the answer to the message as it is now."""
        headers = self.fault.headers
        if self.fault.code in (405, 501):
            headers = {"Allow": ", ".join(ALLOWED)}
        return reply(self.message, self.fault.code, headers=headers, reason=self.fault.phrase)

    @property
    def reason(self) -> str:
        """Why it goes no further."""
        return str(self.fault)


@dataclass(frozen=True)
class Dropped:
    """What gets no answer: no SIP, an ACK or a response that is not valid."""

    reason: str


Verdict = Passed | Answered | Dropped


def screen(raw: bytes, *, transport: str) -> Verdict:
    """Hold one message against RFC 3261 and the limits.

    Args:
        raw: one datagram, or one message cut from a stream; any bytes.
        transport: `udp`, `tcp` or `tls`; a stream needs a Content-Length (section 18.3).
    """
    if not raw.strip(b"\r\n\0"):
        return Dropped("keep-alive")
    try:
        message = Message.parse(raw)
    except Unreadable as error:
        return _refused(error.message, Fault(400, "No End Of Headers"))
    check = check_request if message.is_request else check_response
    try:
        check(message, transport=transport)
    except Fault as fault:
        return _refused(message, fault)
    return Passed(message)


def _refused(message: Message, fault: Fault) -> Verdict:
    match = _REQUEST.fullmatch(message.start)
    if match is None or match[1] == "ACK" or not message.all("Via"):
        return Dropped(str(fault))
    return Answered(message, fault)


def reply(
    message: Message, code: int, *, headers: dict[str, str] | None = None, reason: str = ""
) -> bytes:
    """Return a response as a stateless server makes it (RFC 3261, section 8.2.6).

    What the request does not have is left out. The tag of To follows from the request, so
    that each retransmission is answered the same (section 8.2.7).
    """
    lines = [f"SIP/2.0 {code} {reason or PHRASES[code]}"]
    lines += [f"Via: {value}" for value in message.all("Via")]
    lines += [f"From: {value}" for value in message.all("From")[:1]]
    lines += [f"To: {_tagged(message, code)}"] if message.all("To") else []
    lines += [f"Call-ID: {value}" for value in message.all("Call-ID")[:1]]
    lines += [f"CSeq: {value}" for value in message.all("CSeq")[:1]]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    clean = [_UNFIT.sub(" ", line) for line in [*lines, "Content-Length: 0"]]
    return "\r\n".join([*clean, "", ""]).encode("utf-8", "surrogateescape")


def _tagged(message: Message, code: int) -> str:
    to = message.first("To") or ""
    if message.to_tag is not None or code == 100:
        return to
    asked = "\n".join(message.first(name) or "" for name in ("Call-ID", "From", "CSeq"))
    tag = hashlib.sha256(asked.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{to};tag={tag}"
