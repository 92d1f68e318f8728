"""The gate in front of pjsip's own layers: what it would choke on is refused without state.

It is a module of pjsip, registered before the transaction layer through the library's C
symbols. The library logs a message just before it comes here, so its text is known.
"""

import ctypes
import re
from collections.abc import Callable
from typing import Any, Literal

from workbench import sip
from workbench.engine.inquiries import Inquiries
from workbench.engine.native import Text

ALLOWED = frozenset(
    {
        "INVITE",
        "ACK",
        "CANCEL",
        "BYE",
        "OPTIONS",
        "INFO",
        "UPDATE",
        "PRACK",
        "SUBSCRIBE",
        "REFER",
    }
)
"""Methods that pjsip may see; SUBSCRIBE and REFER it refuses itself, in the right words."""
MOST_MEDIA_LINES = 4
MOST_ROUTES = 4
"""Service-Route (RFC 3608) and Path in a response; pjsua aborts at its ninth."""
SWALLOW: Literal[0] = 0
OK, ACCEPTED = 200, 202
NO_SUBSCRIPTION = 481
"""RFC 6665, section 4.1.3: what a NOTIFY is answered that nobody has subscribed to."""
BEFORE_TRANSACTIONS = 12
"""Between PJSIP_MOD_PRIORITY_TRANSPORT_LAYER (8) and _TSX_LAYER (16)."""

_TAG = re.compile(r";\s*tag\s*=", re.IGNORECASE)
_MEDIA_LINE = re.compile(r"^m=", re.MULTILINE)


def verdict(
    message: str,
    takes_notify: Callable[[str], bool] = lambda _: False,
    takes_refer: Callable[[str], bool] = lambda _: False,
) -> int | None:
    """Return the code to refuse a request with, `SWALLOW` to drop it, None to let it in.

    `takes_notify` and `takes_refer` know which NOTIFY and REFER are accepted. pjsip sees
    neither: it would dial what a REFER names, and confuse the NOTIFY of several.
    """
    method = sip.first_line(message).partition(" ")[0]
    in_dialog = _TAG.search(sip.header_value(message, "To", "t")) is not None
    if method == "ACK":
        # Every ACK repeats the To tag of the response (RFC 3261, sections 13.2.2.4 and
        # 17.1.1.3); one without it makes pjsip abort when its INVITE is pending.
        return None if in_dialog else SWALLOW
    if method == "NOTIFY" and in_dialog and _event(message) == "refer":
        return OK if takes_notify(message) else NO_SUBSCRIPTION
    if method not in ALLOWED:
        return 405
    if method == "REFER" and not in_dialog:
        return 603
    if method == "REFER" and takes_refer(message):
        return ACCEPTED
    if len(_MEDIA_LINE.findall(message)) > MOST_MEDIA_LINES:
        return 488
    return None


def bearable(response: str) -> bool:
    """Tell whether pjsip survives a response: a registrar's many routes would abort it."""
    routes = len(sip.header_values(response, "Service-Route", "Path"))
    listed = sum(value.count(",") for value in sip.header_values(response, "Service-Route"))
    too_many_media = len(_MEDIA_LINE.findall(response)) > MOST_MEDIA_LINES
    return routes + listed <= MOST_ROUTES and not too_many_media


def _event(message: str) -> str:
    return sip.header_value(message, "Event", "o").partition(";")[0].strip().lower()


_ON_MESSAGE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class _Module(ctypes.Structure):
    """The struct pjsip_module of sip_module.h."""

    _fields_ = (
        ("prev", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("name", Text),
        ("id", ctypes.c_int),
        ("priority", ctypes.c_int),
        ("load", ctypes.c_void_p),
        ("start", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("unload", ctypes.c_void_p),
        ("on_rx_request", _ON_MESSAGE),
        ("on_rx_response", _ON_MESSAGE),
        ("on_tx_request", ctypes.c_void_p),
        ("on_tx_response", ctypes.c_void_p),
        ("on_tsx_state", ctypes.c_void_p),
    )


class Gate:
    """The module; it must live as long as the endpoint."""

    def __init__(
        self,
        library: ctypes.CDLL,
        defect: Callable[[str], None],
        takes_notify: Callable[[str], bool],
        takes_refer: Callable[[str], bool],
        digit: Callable[[str, str], None],
    ) -> None:
        """Use the C symbols of `library`; the first two others are those of `verdict`.

        `digit` hears of each digit that came by INFO, after the request itself.
        """
        self._asked = takes_notify, takes_refer
        self.last_received = ""
        """The message that the library logged last, and hands over next."""
        self._defect = defect
        self._respond: Any = library.pjsip_endpt_respond_stateless
        self._respond.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_int] + [ctypes.c_void_p] * 3
        library.pjsua_get_pjsip_endpt.restype = ctypes.c_void_p
        self._endpoint = library.pjsua_get_pjsip_endpt()
        self._inquiries = Inquiries(library, self._endpoint, digit)
        name = b"mod-workbench-gate"
        self._module = _Module(
            name=Text(name, len(name)),
            id=-1,
            priority=BEFORE_TRANSACTIONS,
            on_rx_request=_ON_MESSAGE(self._on_request),
            on_rx_response=_ON_MESSAGE(self._on_response),
        )
        register = library.pjsip_endpt_register_module
        register.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        register(self._endpoint, ctypes.byref(self._module))

    def _on_request(self, request: int) -> int:
        """Return 1 when the request goes no further."""
        try:
            code = verdict(self.last_received, *self._asked)
            if code:
                self._respond(self._endpoint, request, code, None, None, None)
            elif code is None and self._inquiries.answer(self.last_received, request):
                return 1
        except Exception as error:  # noqa: BLE001 - the caller is C
            self._defect(f"gate: {type(error).__name__}: {error}")
            return 1
        return int(code is not None)

    def _on_response(self, _response: int) -> int:
        """Return 1 when the response goes no further."""
        try:
            return int(not bearable(self.last_received))
        except Exception as error:  # noqa: BLE001 - the caller is C
            self._defect(f"gate: {type(error).__name__}: {error}")
            return 1
