"""Bodies: which are taken, and what of SDP the stack behind is known to bear.

A screen, not a parser: lines must look like SDP (RFC 4566, section 5), and there may be only
so many of them. pjsip aborts on about forty `m=` lines.
"""

import re
from itertools import pairwise

from workbench.door import grammar
from workbench.door.faults import Fault
from workbench.door.message import Message

SDP = "application/sdp"
TAKEN = {
    "INVITE": {SDP}, "ACK": {SDP}, "PRACK": {SDP}, "UPDATE": {SDP},
    "INFO": {"application/dtmf-relay", "application/dtmf", "text/plain"},
    "NOTIFY": {"message/sipfrag"},
}  # fmt: skip
"""The body that each method may have; a method that is not here may have none."""
MOST_STREAMS = 4
MOST_CRYPTO = 8
MOST_LINES = 300
LINE_LIMIT = 1024

_LINE = re.compile(r"[a-z]=[^\x00\r\n]*")
_MEDIA = re.compile(r"m=\S+ [0-9]{1,5}(?:/[0-9]{1,2})? \S+(?: \S+)+ *")
_TYPE = re.compile(grammar.MEDIA_TYPE)


def check_body(message: Message) -> None:
    """Check the body of a message.

    Raises:
        Fault: 415 for a body that is not taken, 400 or 488 for SDP that cannot be.
    """
    if not message.body:
        return
    kind = _kind(message)
    taken = TAKEN.get(message.method or message.cseq_method, set())
    if kind not in taken and message.is_request:
        raise Fault(
            415, "Unsupported Media Type", {"Accept": ", ".join(sorted(taken) or [SDP])}
        )
    if kind not in taken:
        message.body = b""  # of a response, which nobody here would read
        message.remove("Content-Type")
        message.replace("Content-Length", ["0"])
    if kind == SDP and message.body:
        _check_sdp(message.body)
        _name_session(message)
    if message.all("Content-Encoding"):
        raise Fault(415, "Unsupported Media Type", {"Accept-Encoding": "identity"})


def _name_session(message: Message) -> None:
    """Give a session without a name the usual one: pjsip refuses an empty `s=`."""
    named = re.sub(rb"(?m)^s=[ \t]*(?=\r?$)", b"s=-", message.body, count=1)
    if named != message.body:
        message.body = named
        message.replace("Content-Length", [str(len(named))])


def _kind(message: Message) -> str:
    match = _TYPE.fullmatch(message.first("Content-Type") or "")
    if match is None:
        raise Fault(400, "Malformed Content-Type")
    return f"{match['type']}/{match['subtype']}".lower()


def _check_sdp(body: bytes) -> None:
    lines = (
        body.decode("utf-8", "surrogateescape").replace("\r\n", "\n").rstrip("\n").split("\n")
    )
    if lines[0].strip() != "v=0" or len(lines) > MOST_LINES:
        raise Fault(400, "Malformed SDP")
    if any(not _LINE.fullmatch(line) or len(line) > LINE_LIMIT for line in lines):
        raise Fault(400, "Malformed SDP")
    if any(line[:2] == next_line[:2] == "c=" for line, next_line in pairwise(lines)):
        raise Fault(488, "Not Acceptable Here")  # pjsip takes one address (RFC 4566, 5.7)
    streams = [line for line in lines if line.startswith("m=")]
    if any(not _MEDIA.fullmatch(line) for line in streams):
        raise Fault(400, "Malformed SDP")
    crypto = sum(line.startswith("a=crypto:") for line in lines)
    if len(streams) > MOST_STREAMS or crypto > MOST_CRYPTO:
        raise Fault(488, "Not Acceptable Here")
