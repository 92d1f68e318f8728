"""The endpoint of pjsua2, as a trunk with calls of `pjcall` and accounts of `pjaccount`.

pjsua2 aborts the process on many a misuse, hence three rules. A callback copies what it
was given to plain Python, puts it into the inbox and returns. Whatever acts on the library
happens between two polls, on the one thread that has opened it. No object of the library
outlives what it stands for.
"""

import os
import socket
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pjsua2 as pj

from workbench import sip
from workbench.commands import Dial
from workbench.engine import gate, settings
from workbench.engine.exchange import Exchange
from workbench.engine.line import LineError, Monotonic
from workbench.engine.linebook import MESSAGE_MARK, LineBook, logged_message
from workbench.engine.lines import Line
from workbench.engine.mediasocket import MediaSocket
from workbench.engine.pjaccount import Identities, Notify, Place, Registrations
from workbench.engine.pjcall import (
    PjBridge,
    PjCall,
    audio_call,
    guarded,
    header_vector,
    library,
)
from workbench.engine.ports import PortPool
from workbench.engine.terms import Terms
from workbench.engine.wire import AnyOrder, Register, Unregister, UseAccount
from workbench.trace import redact

PORTS_A_LEG = 5
"""Of the pool: two for a fork, two for legs of other workers, one for a prompt in parts."""
MOST_LEGS_WITH_PORTS = 16
BATCH = 64
"""Polls of the library in one step, so that a burst of SIP cannot starve the commands."""
ADDRESS_IN_USE = 120098
"""PJ_STATUS_FROM_OS(EADDRINUSE) on Linux."""


class TrunkError(Exception):
    """The endpoint could not be opened."""

    def __init__(self, error: pj.Error) -> None:
        """Keep what pjsip said, because `str(error)` is empty."""
        super().__init__(str(error.reason))
        self.in_use = error.status == ADDRESS_IN_USE


def most_legs() -> int:
    """Ask the library for how many calls it was compiled."""
    return int(library.pjsua_call_get_max_count())


def calls_in_use() -> int:
    """Ask the library how many calls it has, with those whose end is not confirmed yet."""
    return int(library.pjsua_call_get_count())


def listen_only_to(host: str, port: int, peer: tuple[str, int]) -> int:
    """Let the kernel drop what anybody else sends to a UDP socket of this process.

    Returns:
        The socket's descriptor.
    """
    for name in os.listdir("/dev/fd"):
        with suppress(OSError), socket.socket(fileno=os.dup(int(name))) as found:
            if found.getsockname() == (host, port) and found.type == socket.SOCK_DGRAM:
                found.connect(peer)
                return int(name)
    raise LookupError(f"no socket of this process is bound to {host}:{port}")


class PjTrunk:
    """The endpoint of this process; there can be only one in its life."""

    def __init__(
        self,
        exchange: Exchange,
        name: str,
        monotonic: Monotonic,
        now: Callable[[], float],
        defect: Callable[[str], None],
        media: MediaSocket,
        tell: Notify,
        terms: Terms,
        wake: Callable[[], None],
    ) -> None:
        """Report to `exchange`, defects to `defect`; `name` begins inbound legs' names.

        What registrars answer goes to `tell`; audio flows on `terms` unless a call says so.
        `wake` is called, on any thread, when there is something to do in `step`.
        """
        self._terms, self.now = terms, now
        self.preferred: tuple[str, ...] = ()
        self.exchange, self.defect, self._tell = exchange, defect, tell
        self.book = LineBook(exchange, name, monotonic, PjBridge(), media, wake)
        self.takes_calls = False
        self.sip_descriptor = -1
        """The socket by which SIP comes, for whoever waits for it."""
        self.keeps_rtp = terms.rtp_from == "negotiated"

    @property
    def busy(self) -> bool:
        """Tell whether calls, files of calls or registrations are not finished."""
        return self.book.busy or calls_in_use() > 0 or self._registrations.busy

    @property
    def expectant(self) -> bool:
        """Tell whether there is to be looked often."""
        return self.book.expectant

    def open(self, host: str, door: int, log: str = "") -> tuple[str, int]:
        """Start the endpoint, which speaks SIP with the door and has its audio at `host`.

        Returns:
            Where it speaks SIP: a port of the loopback interface.

        Raises:
            TrunkError: the address cannot be used.
        """
        self.endpoint, self._log = pj.Endpoint(), PjLog(self, log)
        self.endpoint.libCreate()
        config, udp = pj.EpConfig(), pj.TransportConfig()
        settings.configure_endpoint(config, most_legs())
        config.logConfig.writer = self._log
        self.endpoint.libInit(config)
        self._gate = gate.Gate(
            library, self.defect, self.book.takes_notify, self.book.takes_refer,
            self.book.digit_by_info,
        )  # fmt: skip
        udp.port, udp.boundAddress = 0, settings.LOOPBACK
        try:
            transport = self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, udp)
        except pj.Error as error:
            raise TrunkError(error) from None
        self.endpoint.audDevManager().setNullDev()
        self.endpoint.libStart()
        ports = min(most_legs(), MOST_LEGS_WITH_PORTS) * PORTS_A_LEG
        self.book.ports = PortPool(library, ports, self.defect)
        self.prefer(())
        at = str(self.endpoint.transportGetInfo(transport).localName)
        place = Place(host, door, transport)
        self._identities = Identities(self, place, self._terms.srtp)
        self._registrations = Registrations(self, self._identities, place, self._tell)
        shown, _, bound = at.rpartition(":")
        peer = (settings.LOOPBACK, door)
        self.sip_descriptor = listen_only_to(shown, int(bound), peer)
        return shown, int(bound)

    def prefer(self, codecs: tuple[str, ...]) -> None:
        """Offer and accept these codecs from now on; the usual ones for none."""
        wanted = codecs or self._terms.codecs
        if wanted == self.preferred:
            return
        self.preferred = wanted
        for codec in self.endpoint.codecEnum2():
            name = str(codec.codecId)
            self.endpoint.codecSetPriority(name, settings.codec_priority(name, wanted))

    def take_order(self, order: AnyOrder) -> None:
        """Do what the bench asks beside the commands of legs."""
        match order:
            case UseAccount():
                self._identities.know(order)
            case Register():
                self._registrations.register(order)
            case Unregister(uri=uri):
                self._registrations.unregister(uri)

    def retire(self) -> None:
        """Take no more calls, and every registration back."""
        self.takes_calls = False
        self._registrations.unregister_all()

    def step(self) -> None:
        """Let the library work, then hand over all that it reported."""
        for _ in range(BATCH):
            if self.endpoint.libHandleEvents(0) <= 0:
                break
        self.book.step(calls_in_use)

    def seen(self, text: str) -> None:
        """Give a message that the library logged to the gate and to its line."""
        if (logged := logged_message(text)) is None:
            return
        if logged.direction == "received":
            self._gate.last_received = logged.text
        self.book.seen(logged)

    def dial(self, command: Dial) -> Line:
        """Send an INVITE.

        Raises:
            LineError: the call cannot be placed.
        """
        account = self._identities.find(command.account, command.srtp)
        call_id = uuid.uuid4().hex
        prm = audio_call()
        prm.opt.customCallId = call_id
        if command.from_:
            prm.txOption.localUri = f"<{sip.parse_address(command.from_)}>"
        prm.txOption.headers = header_vector(replacing(command))
        line = self.book.open(command.leg, call_id)
        line.call = call = PjCall(self, line, account)
        call.codecs = command.codecs
        self.prefer(command.codecs)
        try:
            call.makeCall(f"<{sip.parse_address(command.uri)}>", prm)
        except pj.Error as error:
            call.let_go()
            line.call = None
            raise LineError(f"the call could not be placed: {error.reason}", 503) from None
        finally:
            self.prefer(())
        return line


def replacing(command: Dial) -> dict[str, str]:
    """Return the headers of an INVITE, with Replaces where it takes a dialog over."""
    if not command.replaces:
        return command.headers
    return {**command.headers, "Replaces": command.replaces, "Require": "replaces"}


class PjLog(pj.LogWriter):
    """Picks the SIP messages out of the library's log, where each goes as it is sent."""

    def __init__(self, trunk: PjTrunk, path: str = "") -> None:
        """Tell the lines of `trunk` of their messages; keep the log at `path`, if any."""
        super().__init__()
        self.trunk = trunk
        self._file = Path(path).open("a") if path else None  # noqa: SIM115 - open for life

    @guarded
    def write(self, entry: Any) -> None:
        """Pass on the lines of the log that hold a message."""
        text = str(entry.msg)
        if self._file is not None:
            # The library's own file would hold credentials and keys.
            self._file.write(redact(sip.legible(text)))
            self._file.flush()
        if text.rstrip().endswith(MESSAGE_MARK):
            self.trunk.seen(text)
