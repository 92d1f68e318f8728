"""SIPp scenarios of our own, put together from steps: what a peer expects and what it sends."""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

SENDRECV, SENDONLY, RECVONLY, INACTIVE = "sendrecv", "sendonly", "recvonly", "inactive"
OURS = "<sip:peer@[local_ip]:[local_port]>;tag=[pid]-[call_number]"
SERVICE = "<sip:service@[remote_ip]:[remote_port]>"
VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
CONTACT = "Contact: <sip:peer@[local_ip]:[local_port]>"
LEARNING = ("INVITE", 180, 183, 200)
"""Messages from which the peer learns where requests of the dialog go."""
INVITED = {"theirs": "From:", "to": "To:", "cseq": "CSeq:"}
"""What is kept of an INVITE, for `answer_late`; `theirs` is to whom requests go."""
PASSED = {"via": "Via:", "route": "Record-Route:"}
"""What the two that it has passed have left in it, kept for `answer_late` too."""
LEFT_BY_PROXIES = ("via2", "route", "route2")
"""May be absent."""
SDP = """\
v=0
o=- 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 {address}
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a={direction}
"""


def _match(pattern: str, name: str, *, header: str = "", nth: int = 1) -> str:
    where = f'search_in="hdr" header="{header}"' if header else 'search_in="msg"'
    if nth > 1:
        where += f' occurrence="{nth}"'
    check = "true" if name not in LEFT_BY_PROXIES else "false"
    return f'<ereg regexp={quoteattr(pattern)} {where} check_it="{check}" assign_to="{name}"/>'


def _send(lines: Sequence[str], body: str, *, kind: str = "application/sdp") -> str:
    described = [f"Content-Type: {kind or 'application/sdp'}"] if body else []
    # Not "retrans": SIPp would expect the next message to be the answer.
    text = "\n".join([*lines, *described, "Content-Length: [len]", "", body])
    return f"<send><![CDATA[\n{text}\n]]></send>"


def sdp(direction: str = SENDRECV, *, version: int = 1, address: str = "[media_ip]") -> str:
    """Return a session description."""
    return SDP.format(direction=direction, version=version, address=address)


def recv(what: str | int, *, optional: bool = False, has: str = "", within: str = "") -> str:
    """Expect a request or a response.

    `has` is a regular expression that it must match, or that a header of it must match:
    what matches is `[$seen]` in later steps.
    """
    kind = "response" if isinstance(what, int) else "request"
    attributes = ' optional="true"' * optional + ' rrs="true"' * (what in LEARNING)
    actions = ""
    if what == "INVITE":
        for name, header in INVITED.items():
            actions += _match(".*", name, header=header)
        for name, header in PASSED.items():
            actions += _match(".*", name, header=header)
            actions += _match(".*", f"{name}2", header=header, nth=2)
    if has:
        actions += _match(has, "seen", header=within)
    return f'<recv {kind}="{what}"{attributes}><action>{actions}</action></recv>'


def respond(code: int, phrase: str, *headers: str, body: str = "") -> str:
    """Answer the last request."""
    lines = [
        f"SIP/2.0 {code} {phrase}", "[last_Via:]", "[last_Record-Route:]", "[last_From:]",
        "[last_To:]" if code == 100 else "[last_To:];tag=[pid]-[call_number]",
        "[last_Call-ID:]", "[last_CSeq:]", CONTACT, *headers,
    ]  # fmt: skip
    return _send(lines, body)


def agree(code: int = 200, phrase: str = "OK", *headers: str, body: str = "") -> str:
    """Answer a request inside of the dialog, whose To has our tag already."""
    return respond(code, phrase, *headers, body=body).replace(";tag=[pid]-[call_number]", "", 1)


def answer_late(code: int, phrase: str, *headers: str, body: str = "") -> str:
    """Answer the INVITE when another request has come since."""
    lines = [
        f"SIP/2.0 {code} {phrase}", "Via:[$via]", "Via:[$via2]", "Record-Route:[$route]",
        "Record-Route:[$route2]", "From:[$theirs]",
        "To:[$to];tag=[pid]-[call_number]", "Call-ID: [call_id]", "CSeq:[$cseq]", CONTACT,
        *headers,
    ]  # fmt: skip
    return _send(lines, body)


def second(response: str) -> str:
    """Let a response to an INVITE come from another callee."""
    tagged = re.sub(r"(To:.*|\[last_To:\]);tag=", r"\1;tag=second-", response)
    return tagged.replace("Contact: <sip:peer@", "Contact: <sip:second@")


def paired(request: str, response: str) -> tuple[str, str]:
    """Let a response belong to one request, whatever its CSeq."""
    return (
        request.replace("<send>", '<send start_txn="paired">'),
        response.replace("<recv ", '<recv response_txn="paired" '),
    )


def via(transaction: str) -> str:
    """Return the Via of a transaction by its name: a second send of it is a retransmission."""
    return VIA.replace("[branch]", f"z9hG4bK-[pid]-[call_number]-{transaction}")


def outside(
    method: str, *headers: str, cseq: int = 1, body: str = "", kind: str = "",
    transaction: str = "call", tag: str = "",
) -> str:  # fmt: skip
    """Send a request outside of the dialog."""
    lines = [
        f"{method} sip:service@[remote_ip]:[remote_port] SIP/2.0", via(transaction),
        f"From: {OURS}", f"To: {SERVICE}{tag}", "Call-ID: [call_id]", f"CSeq: {cseq} {method}",
        CONTACT, "Max-Forwards: 70", *headers,
    ]  # fmt: skip
    return _send(lines, body, kind=kind)


def call(*headers: str, body: str = "", kind: str = "") -> str:
    """Send the INVITE that begins the call; a second time, it is a retransmission."""
    return outside("INVITE", *headers, body=body or sdp(), kind=kind)


def give_in() -> str:
    """Acknowledge that our INVITE was refused."""
    return outside("ACK", tag="[peer_tag_param]")


def request(
    method: str, cseq: int, *headers: str, body: str = "", to: str = "theirs", kind: str = "",
    via: str = VIA, tag: str = "[peer_tag_param]",
) -> str:  # fmt: skip
    """Send a request inside of the dialog: `to` is "theirs" for a callee, else "peer"."""
    target = "[$theirs]" if to == "theirs" else f"{SERVICE}{tag}"
    lines = [
        f"{method} [next_url] SIP/2.0", via, f"From: {OURS}", f"To: {target}",
        "Call-ID: [call_id]", f"CSeq: {cseq} {method}", CONTACT, "Max-Forwards: 70", *headers,
    ]  # fmt: skip
    return _send(lines, body, kind=kind)


def notify(cseq: int, status: str, state: str, *, to: str = "theirs") -> str:
    """Tell how a transfer goes (RFC 3515, section 2.4.4)."""
    return request(
        "NOTIFY", cseq, "Event: refer", f"Subscription-State: {state}",
        body=f"SIP/2.0 {status}\n", to=to, kind="message/sipfrag;version=2.0",
    )  # fmt: skip


def pause(milliseconds: int) -> str:
    """Wait."""
    return f'<pause milliseconds="{milliseconds}"/>'


ANSWERED: Sequence[str] = (
    recv("INVITE"), respond(180, "Ringing"), respond(200, "OK", body=sdp()), recv("ACK"),
)  # fmt: skip
"""A callee takes the call."""
PLACED: Sequence[str] = (
    call(), recv(100, optional=True), recv(180, optional=True), recv(183, optional=True),
    recv(200), request("ACK", 1, to="peer"),
)  # fmt: skip
"""A caller is answered."""
DISMISSED: Sequence[str] = (recv("BYE"), agree())
"""The far end hangs up."""


def write(path: Path, *steps: str) -> Path:
    """Write a scenario to a file."""
    body = "\n".join(steps)
    names = [*INVITED, "via", *LEFT_BY_PROXIES, "seen", "space"]
    given = "".join(
        f'<assignstr assign_to="{name}" value="{" " * (name == "space")}"/>' for name in names
    )
    path.write_text(
        f'<?xml version="1.0"?>\n<scenario name="own"><nop><action>{given}</action></nop>{body}'
        f'<Reference variables="{",".join(names)}"/></scenario>'
    )
    return path
