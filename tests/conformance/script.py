"""SIPp scenarios of our own, put together from steps: what a peer expects and what it sends."""

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

SENDRECV, SENDONLY, RECVONLY, INACTIVE = "sendrecv", "sendonly", "recvonly", "inactive"
OURS = "<sip:peer@[local_ip]:[local_port]>;tag=[pid]-[call_number]"
VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
CONTACT = "Contact: <sip:peer@[local_ip]:[local_port]>"
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


def _match(pattern: str, name: str, *, header: str = "") -> str:
    where = f'search_in="hdr" header="{header}"' if header else 'search_in="msg"'
    return f'<ereg regexp={quoteattr(pattern)} {where} check_it="true" assign_to="{name}"/>'


def _send(lines: Sequence[str], body: str, *, kind: str = "application/sdp") -> str:
    described = [f"Content-Type: {kind or 'application/sdp'}"] if body else []
    # Not "retrans": SIPp would expect the next message to be the answer.
    text = "\n".join([*lines, *described, "Content-Length: [len]", "", body])
    return f"<send><![CDATA[\n{text}\n]]></send>"


def sdp(direction: str = SENDRECV, *, version: int = 1, address: str = "[media_ip]") -> str:
    """Return a session description."""
    return SDP.format(direction=direction, version=version, address=address)


def recv(what: str | int, *, optional: bool = False, has: str = "") -> str:
    """Expect a request or a response; `has` is a regular expression that it must match."""
    kind = "response" if isinstance(what, int) else "request"
    attributes = ' optional="true"' * optional + ' rrs="true"' * (what in ("INVITE", 200))
    actions = ""
    if what == "INVITE":
        actions += _match(".*", "theirs", header="From:")
    if has:
        actions += _match(has, "seen")
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


def call(*headers: str, body: str = "") -> str:
    """Send the INVITE that begins the call."""
    lines = [
        "INVITE sip:service@[remote_ip]:[remote_port] SIP/2.0", VIA, f"From: {OURS}",
        "To: <sip:service@[remote_ip]:[remote_port]>", "Call-ID: [call_id]", "CSeq: 1 INVITE",
        CONTACT, "Max-Forwards: 70", *headers,
    ]  # fmt: skip
    return _send(lines, body or sdp())


def request(
    method: str, cseq: int, *headers: str, body: str = "", to: str = "theirs", kind: str = ""
) -> str:
    """Send a request inside of the dialog: `to` is "theirs" for a callee, else "peer"."""
    target = "[$theirs]"
    if to == "peer":
        target = "<sip:service@[remote_ip]:[remote_port]>[peer_tag_param]"
    lines = [
        f"{method} [next_url] SIP/2.0", VIA, f"From: {OURS}", f"To: {target}",
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
    unused = '<Reference variables="theirs,seen"/>'
    given = '<nop><action><assignstr assign_to="seen" value=""/></action></nop>'
    given += '<nop><action><assignstr assign_to="theirs" value=""/></action></nop>'
    path.write_text(
        f'<?xml version="1.0"?>\n<scenario name="own">{given}{body}{unused}</scenario>'
    )
    return path
