"""The rules that a message must keep, in the order in which a breach is told.

First the shape (400), then what is not done here (405, 416, 420, 501), then the limits that
protect the stack behind.
"""

import re
from collections.abc import Callable

from workbench.door import grammar
from workbench.door.bodies import check_body
from workbench.door.faults import Fault
from workbench.door.message import Message, SipUri, Via

__all__ = ["ALLOWED", "Fault", "check_request", "check_response"]

ALLOWED = (
    "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY",
)  # fmt: skip
"""The methods that are served here."""
NOT_ALLOWED = frozenset({"REGISTER", "MESSAGE", "PUBLISH"})
"""Known, and refused to everybody (405): no registrar, no presence, no text."""
SUPPORTED = frozenset({"100rel", "timer", "replaces"})
SINGLE = (
    "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type",
    "Date", "Expires", "Event", "Refer-To", "Replaces", "Session-Expires", "Min-SE",
    "RAck", "RSeq", "Content-Encoding",
)  # fmt: skip
"""Headers that stand in a message once."""
MOST_OF = {
    "Via": 70, "Record-Route": 20, "Route": 20, "Contact": 10, "Service-Route": 4,
    "Path": 10, "Require": 10, "Supported": 20, "Allow": 40, "Warning": 10,
    "Diversion": 20, "History-Info": 20, "P-Asserted-Identity": 2,
}  # fmt: skip
"""Lines or values of a header; pjsip aborts on forty Service-Route."""
MOST_HEADERS = 150
MESSAGE_LIMIT = 24_000
HEADER_LIMIT = 4096
LARGEST_CSEQ = 2**31 - 1
LARGEST_NUMBER = 2**32 - 1

_START = re.compile(rf"{grammar.TOKEN} [^ \t]+ SIP/2\.0")
_OTHER_VERSION = re.compile(rf"{grammar.TOKEN} [^ \t]+ SIP/(?!2\.0$)[0-9]+\.[0-9]+")
_STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9]{2}) [^\x00-\x08\x0a-\x1f\x7f]*")
_NAME = re.compile(grammar.TOKEN)
_CALL_ID = re.compile(rf"{grammar.WORD}(?:@{grammar.WORD})?")
_CSEQ = re.compile(rf"([0-9]+){grammar.LWS}({grammar.TOKEN})")
_NUMBER = re.compile(r"[0-9]+")
_DATE = re.compile(grammar.DATE)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\udc80-\udcff]")
_ESCAPED_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*(?=:)")


def check_request(message: Message, *, transport: str) -> None:
    """Check a request.

    Raises:
        Fault: which answer it gets, and why.
    """
    if _OTHER_VERSION.fullmatch(message.start):
        raise Fault(505, "Version Not Supported")
    if not _START.fullmatch(message.start):
        raise Fault(400, "Malformed Request Line")
    _check_frame(message, transport)
    _check_must_have(message)
    _check_headers(message)
    _check_request_uri(message)
    if message.cseq_method != message.method:
        raise Fault(400, "CSeq Does Not Match The Method")
    _check_method(message)
    _check_limits(message)
    check_body(message)


def check_response(message: Message, *, transport: str) -> None:
    """Check a response.

    Raises:
        Fault: why it is dropped.
    """
    if not _STATUS.fullmatch(message.start):
        raise Fault(400, "Malformed Status Line")
    _check_frame(message, transport)
    _check_must_have(message)
    _check_headers(message)
    _check_limits(message)
    check_body(message)


# -- the frame -------------------------------------------------------------------------------


def _check_frame(message: Message, transport: str) -> None:
    """Cut the body to its length; RFC 3261, section 18.3."""
    if any(not _NAME.fullmatch(name) for name, _ in message.headers):
        raise Fault(400, "Malformed Header Name")
    # A lone CR or LF would end the line for the stack behind, and begin a header there.
    if any("\r" in value or "\n" in value for _, value in message.headers):
        raise Fault(400, "Lone CR Or LF In A Header")
    lengths = message.all("Content-Length")
    if len(lengths) > 1 or any(not _is_number(value) for value in lengths):
        raise Fault(400, "Bad Content-Length")
    if not lengths:
        if transport != "udp":
            raise Fault(400, "Content-Length Missing")
        return
    length = int(lengths[0])
    if length > len(message.body):
        raise Fault(400, "Content-Length Beyond The Message")
    message.body = message.body[:length]


# -- headers ---------------------------------------------------------------------------------


def _check_must_have(message: Message) -> None:
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if not message.all(name):
            raise Fault(400, f"{name} Missing")
    for name, values in message.by_name().items():
        if len(values) > 1 and name in _SINGLE:
            raise Fault(400, f"More Than One {_SINGLE[name]}")


def _check_headers(message: Message) -> None:
    # What is there is looked up in the rules, which are many, and not the other way round.
    for known, values in message.by_name().items():
        name, is_valid, is_list = _RULES.get(known, _NO_RULE)
        for value in message.values(known) if is_list else values:
            if not is_valid(value):
                raise Fault(400, f"Malformed {name}")


def _is_via(value: str) -> bool:
    return Via.parse(value) is not None


def _is_address(value: str) -> bool:
    return grammar.match_address(value) is not None


def _is_contact(value: str) -> bool:
    return value == "*" or _is_address(value)


def _is_route(value: str) -> bool:
    return value.startswith(("<", '"')) and _is_address(value)


def _is_call_id(value: str) -> bool:
    return _CALL_ID.fullmatch(value) is not None


def _is_cseq(value: str) -> bool:
    match = _CSEQ.fullmatch(value)
    return match is not None and _is_number(match[1]) and int(match[1]) <= LARGEST_CSEQ


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None and len(value) <= len(str(LARGEST_NUMBER))


def _is_hops(value: str) -> bool:
    return _is_number(value) and int(value) <= 255


def _is_date(value: str) -> bool:
    return _DATE.fullmatch(value) is not None


_LISTS: dict[str, Callable[[str], bool]] = {
    "Via": _is_via,
    "Contact": _is_contact,
    "Route": _is_route,
    "Record-Route": _is_route,
}
_SINGLES: dict[str, Callable[[str], bool]] = {
    "From": _is_address,
    "To": _is_address,
    "Call-ID": _is_call_id,
    "CSeq": _is_cseq,
    "Max-Forwards": _is_hops,
    "Expires": _is_number,
    "Date": _is_date,
    "Refer-To": _is_address,
}


_SINGLE = {name.lower(): name for name in SINGLE}
_MOST_OF = {name.lower(): (name, most) for name, most in MOST_OF.items()}
_NO_RULE: tuple[str, Callable[[str], bool], bool] = ("", lambda _: True, False)
_RULES = {name.lower(): (name, rule, True) for name, rule in _LISTS.items()} | {
    name.lower(): (name, rule, False) for name, rule in _SINGLES.items()
}


# -- what is not done here -------------------------------------------------------------------


def _check_request_uri(message: Message) -> None:
    """Check the Request-URI: its scheme (section 8.2.2.1), and that it has no headers."""
    scheme = _SCHEME.match(message.uri)
    if scheme is not None and scheme[0].lower() not in ("sip", "sips"):
        raise Fault(416, "Unsupported URI Scheme")
    uri = SipUri.parse(message.uri)
    if uri is None or uri.headers:
        raise Fault(400, "Malformed Request-URI")


def _check_method(message: Message) -> None:
    if message.method == "REGISTER" and _scheme_of_to(message) not in ("sip", "sips"):
        raise Fault(400, "To Is No SIP URI")
    if message.method == "SUBSCRIBE":
        raise Fault(489, "Bad Event")  # no package is served (RFC 6665, section 4.2.1)
    if message.method in NOT_ALLOWED:
        raise Fault(405, "Method Not Allowed")
    if message.method not in ALLOWED:
        raise Fault(501, "Not Implemented")
    _check_extensions(message)
    if message.first("Max-Forwards") is not None and not int(message.all("Max-Forwards")[0]):
        raise Fault(483, "Too Many Hops")
    if message.method == "INVITE":
        _check_invite(message)


def _scheme_of_to(message: Message) -> str:
    match = grammar.match_address(message.all("To")[0])
    return match["uri"].partition(":")[0].lower() if match else ""


def _check_extensions(message: Message) -> None:
    """Refuse what is required and not done (sections 8.2.2.3 and 16.3)."""
    if message.method in ("ACK", "CANCEL"):
        return
    unknown = [each for each in message.values("Require") if each.lower() not in SUPPORTED]
    unknown += message.values("Proxy-Require")
    if unknown:
        listed = ", ".join(each for each in unknown if _NAME.fullmatch(each))
        raise Fault(420, "Bad Extension", {"Unsupported": listed})


def _check_invite(message: Message) -> None:
    """Check what an INVITE needs besides (sections 8.1.1.8 and 20.1)."""
    contacts = message.values("Contact")
    if len(contacts) != 1 or contacts[0] == "*":
        raise Fault(400, "An INVITE Has One Contact")
    address = grammar.match_address(contacts[0])
    if address is None or SipUri.parse(address["uri"]) is None:
        raise Fault(400, "The Contact Is No SIP URI")
    accepted = [each.partition(";")[0].strip().lower() for each in message.values("Accept")]
    if accepted and not {"application/sdp", "application/*", "*/*"} & set(accepted):
        raise Fault(406, "Not Acceptable")


# -- limits ----------------------------------------------------------------------------------


def _check_limits(message: Message) -> None:
    size = sum(len(name) + len(value) + 4 for name, value in message.headers)
    if size + len(message.start) + len(message.body) > MESSAGE_LIMIT:
        raise Fault(513, "Message Too Large")
    if len(message.headers) > MOST_HEADERS:
        raise Fault(400, "Too Many Headers")
    for known in message.by_name().keys() & _MOST_OF.keys():
        name, most = _MOST_OF[known]
        if len(message.values(known)) > most:
            raise Fault(400, f"Too Many {name} Values")
    for name, value in (("First-Line", message.start), *message.headers):
        _check_value(name, value)
    named = [message.start, *message.all("From"), *message.all("To"), *message.all("Contact")]
    if any(_ESCAPED_CONTROL.search(value) for value in named):
        raise Fault(400, "Escaped Control Character")


def _check_value(name: str, value: str) -> None:
    if len(value) > HEADER_LIMIT:
        raise Fault(400, "Header Too Long")
    if _CONTROL.search(value):
        raise Fault(400, f"Control Character In {name}")
