"""Requests within a call that pjsip would refuse with 500: OPTIONS, and most of INFO.

They are answered in front of its dialogs, without state; pjsip only tells whether there is
such a dialog.
"""

import ctypes
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from workbench import sip
from workbench.commands import KEYS
from workbench.engine.native import HeaderStore, text

ABILITIES = {
    "Allow": "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER",
    "Accept": "application/sdp, application/dtmf-relay, application/dtmf",
    "Supported": "replaces, 100rel, timer",
}
"""What OPTIONS is answered (RFC 3261, section 11.2)."""
DIGIT_BODY = "application/dtmf"
RELAY_BODY = "application/dtmf-relay"
"""The one body of INFO that pjsip takes itself."""
HEADERS = {
    200: {},
    400: {},
    415: {"Accept": f"{RELAY_BODY}, {DIGIT_BODY}"},
    469: {"Recv-Info": ""},
}
KEY_OF_EVENT = dict(enumerate("0123456789*#ABCD"))

_TAG = re.compile(r";\s*tag\s*=\s*([^\s;,]+)", re.IGNORECASE)


class Reply(NamedTuple):
    """How a request is answered, and the digit that it brought."""

    code: int
    digit: str = ""


def reply(message: str) -> Reply | None:
    """Return how a request within a call is answered here, None to leave it to pjsip."""
    method = sip.first_line(message).partition(" ")[0]
    if method == "OPTIONS":
        return Reply(200)
    if method != "INFO":
        return None
    if sip.header_value(message, "Info-Package"):
        return Reply(469)  # RFC 6086, section 4.2.2: no package was agreed on
    kind = sip.header_value(message, "Content-Type", "c").partition(";")[0].strip().lower()
    body = message.replace("\r\n", "\n").partition("\n\n")[2].strip()
    if not body:
        return Reply(200)  # RFC 2976, section 2.2
    if kind == DIGIT_BODY:
        return _digit(body)
    return None if kind == RELAY_BODY else Reply(415)


def _digit(body: str) -> Reply:
    """Read a key, or the number that RFC 4733 gives to it."""
    key = body.upper()
    if re.fullmatch(r"1[0-5]", key):
        key = KEY_OF_EVENT[int(key)]
    return Reply(200, key) if key in KEYS else Reply(400)


class Inquiries:
    """Answers them; it must live as long as the endpoint."""

    def __init__(
        self, library: ctypes.CDLL, endpoint: int, digit: Callable[[str, str], None]
    ) -> None:
        """Use the C symbols of `library`; tell `digit` of a request and the key in it."""
        self._digit = digit
        self._endpoint = endpoint
        self._find: Any = library.pjsip_ua_find_dialog
        self._find.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_int]
        self._find.restype = ctypes.c_void_p
        self._respond: Any = library.pjsip_endpt_respond_stateless
        store = HeaderStore(library, endpoint)
        self._headers = {code: store.list(headers) for code, headers in HEADERS.items()}
        self._abilities = store.list(ABILITIES)

    def answer(self, message: str, request: int) -> bool:
        """Answer a request, if it is one for us; tell whether it was."""
        found = reply(message)
        call_id = sip.header_value(message, "Call-ID", "i")
        if found is None or not self._in_dialog(message, call_id):
            return False
        asked = message.startswith("OPTIONS ")
        headers = self._abilities if asked else self._headers[found.code]
        self._respond(self._endpoint, request, found.code, None, ctypes.byref(headers), None)
        if found.digit:
            self._digit(message, found.digit)
        return True

    def _in_dialog(self, message: str, call_id: str) -> bool:
        ours = _TAG.search(sip.header_value(message, "To", "t"))
        theirs = _TAG.search(sip.header_value(message, "From", "f"))
        if ours is None or theirs is None:
            return False
        names = [text(call_id), text(ours[1]), text(theirs[1])]
        return bool(self._find(*map(ctypes.byref, names), 0))
