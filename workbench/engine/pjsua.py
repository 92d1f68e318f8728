"""The only importer of pjsua2: one endpoint, its account and its calls, as a trunk.

pjsua2 aborts the process on many a misuse, hence three rules. A callback copies what it
was given to plain Python, puts it into the inbox and returns. Whatever acts on the library
happens between two polls, on the one thread that has opened it. No object of the library
outlives what it stands for.
"""

import ctypes
import functools
import uuid
from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from workbench import sip
from workbench.commands import Dial
from workbench.engine import gate, settings
from workbench.engine.digits import TONE_MS
from workbench.engine.exchange import Exchange
from workbench.engine.line import LineError, Monotonic
from workbench.engine.lines import MESSAGE_MARK, Line, LineBook, counted, logged_message
from workbench.engine.player import Player

BATCH = 64
"""Polls of the library in one step, so that a burst of SIP cannot starve the commands."""
ADDRESS_IN_USE = 120098
"""PJ_STATUS_FROM_OS(EADDRINUSE) on Linux."""
AUDIO = -1
"""Stands for the first audio stream of a call."""
LIVE_MEDIA = frozenset({pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD})


class TrunkError(Exception):
    """The endpoint could not be opened."""

    def __init__(self, error: pj.Error) -> None:
        """Keep what pjsip said, because `str(error)` is empty."""
        super().__init__(str(error.reason))
        self.in_use = error.status == ADDRESS_IN_USE


def guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """Let no exception out of a callback: pjsua2 would keep it and abort later."""

    @functools.wraps(callback)
    def safe(self: Any, prm: Any) -> None:
        try:
            callback(self, prm)
        except BaseException as error:  # noqa: BLE001 - the caller is C++
            text = error.reason if isinstance(error, pj.Error) else str(error)
            self.trunk.defect(f"{callback.__name__}: {type(error).__name__}: {text}")

    return safe


def acting(purpose: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn an error of the library into one of the line, which says what was wanted."""

    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(verb)
        def checked(self: Any, *args: Any) -> Any:
            try:
                return verb(self, *args)
            except pj.Error as error:
                raise LineError(f"{purpose} failed: {error.reason}") from None

        return checked

    return decorate


_exported = ctypes.CDLL(pj._pjsua2.__file__)
_exported.pjsua_player_get_pos.restype = ctypes.c_ssize_t


def most_legs() -> int:
    """Ask the library for how many calls it was compiled."""
    return int(_exported.pjsua_call_get_max_count())


def calls_in_use() -> int:
    """Ask the library how many calls it has, with those whose end is not confirmed yet."""
    return int(_exported.pjsua_call_get_count())


class PjTrunk:
    """The endpoint of this process; there can be only one in its life."""

    def __init__(
        self,
        exchange: Exchange,
        name: str,
        monotonic: Monotonic,
        defect: Callable[[str], None],
    ) -> None:
        """Report to `exchange`, defects to `defect`; `name` begins inbound legs' names."""
        self.exchange, self.defect = exchange, defect
        self.book = LineBook(exchange, name, monotonic)
        self.takes_calls = False

    @property
    def busy(self) -> bool:
        """Tell whether there are calls, or files of calls, that are not finished."""
        return self.book.busy or calls_in_use() > 0

    def open(self, host: str, port: int, log: str = "") -> tuple[str, int]:
        """Start the endpoint at a UDP address and return the address.

        Raises:
            TrunkError: the address cannot be used.
        """
        self.endpoint, self._log = pj.Endpoint(), PjLog(self)
        self.endpoint.libCreate()
        config, udp = pj.EpConfig(), pj.TransportConfig()
        settings.configure_endpoint(config, most_legs(), log)
        config.logConfig.writer = self._log
        self.endpoint.libInit(config)
        self._gate = gate.Gate(_exported, self.defect)
        udp.port, udp.boundAddress = port, host
        try:
            transport = self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, udp)
        except pj.Error as error:
            raise TrunkError(error) from None
        self.endpoint.audDevManager().setNullDev()
        self.endpoint.libStart()
        self._choose_codecs()
        at = str(self.endpoint.transportGetInfo(transport).localName)
        self.account, owner = PjAccount(self), pj.AccountConfig()
        settings.configure_account(owner, at, host, transport)
        self.account.create(owner)
        shown, _, bound = at.rpartition(":")
        return shown, int(bound)

    def _choose_codecs(self) -> None:
        for codec in self.endpoint.codecEnum2():
            name = str(codec.codecId)
            priority = settings.CODECS.get(name.rsplit("/", 1)[0], 0)
            self.endpoint.codecSetPriority(name, priority)

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
        """Send an INVITE."""
        call_id = uuid.uuid4().hex
        prm = audio_call()
        prm.opt.customCallId = call_id
        if command.from_:
            prm.txOption.localUri = f"<{sip.parse_address(command.from_)}>"
        prm.txOption.headers = header_vector(command.headers)
        line = self.book.open(command.leg, call_id)
        line.call = call = PjCall(self, line)
        try:
            call.makeCall(f"<{sip.parse_address(command.uri)}>", prm)
        except pj.Error as error:
            line.call = None
            raise LineError(f"the call could not be placed: {error.reason}", 503) from None
        return line


class PjLog(pj.LogWriter):
    """Picks the SIP messages out of the library's log, where each goes as it is sent."""

    def __init__(self, trunk: PjTrunk) -> None:
        """Tell the lines of `trunk` of their messages."""
        super().__init__()
        self.trunk = trunk

    @guarded
    def write(self, entry: Any) -> None:
        """Pass on the lines of the log that hold a message."""
        text = str(entry.msg)
        if text.rstrip().endswith(MESSAGE_MARK):
            self.trunk.seen(text)


class PjAccount(pj.Account):
    """Where calls come in."""

    def __init__(self, trunk: PjTrunk) -> None:
        """Report to `trunk`."""
        super().__init__()
        self.trunk = trunk

    @guarded
    def onIncomingCall(self, prm: Any) -> None:
        """Take the call; to refuse it here would abort when it has no SDP."""
        rdata, trunk = prm.rdata, self.trunk
        message, remote = sip.legible(rdata.wholeMsg), str(rdata.srcAddress)
        line = trunk.book.open_inbound(message)
        line.call = PjCall(trunk, line, int(prm.callId))
        if trunk.takes_calls:
            trunk.book.offer(line, message, remote)
        else:
            trunk.book.put(functools.partial(line.hang_up, 480))

    @guarded
    def onIncomingSubscribe(self, prm: Any) -> None:
        """Refuse every subscription (CVE-2026-28799)."""
        prm.code, prm.reason = 489, "Bad Event"


class PjCall(pj.Call):
    """One call of the library; it must die in the callback that says it is over."""

    def __init__(self, trunk: PjTrunk, line: Line, native_id: int = -1) -> None:
        """Report to `line`; without an id the call is about to be dialled."""
        super().__init__(trunk.account, native_id)
        self.trunk, self.line = trunk, line

    # What a line asks for.

    @acting("answering the INVITE")
    def respond(self, sip_code: int) -> None:
        """Send a response to the INVITE."""
        prm = audio_call()
        prm.statusCode = sip_code
        self.answer(prm)

    @acting("hanging up")
    def end(self, sip_code: int) -> None:
        """Send BYE, CANCEL or a final response, as the call's state asks for."""
        prm = pj.CallOpParam()
        prm.statusCode = sip_code
        self.hangup(prm)

    @acting("sending a digit")
    def press(self, digit: str) -> None:
        """Begin an RFC 4733 event."""
        prm = pj.CallSendDtmfParam()
        prm.method, prm.digits = pj.PJSUA_DTMF_METHOD_RFC2833, digit
        prm.duration = TONE_MS
        self.sendDtmf(prm)

    @acting("finding the call's audio")
    def port(self) -> pj.AudioMedia:
        """Return the port of the bridge that carries the call's audio."""
        return self.getAudioMedia(AUDIO)

    def player(self, path: str) -> Player:
        """Open a file to play."""
        return Player(_exported, path)

    @acting("opening the recording")
    def recorders(self, paths: tuple[str, str]) -> tuple[Any, Any]:
        """Open two files, of which the second is fed with silence."""
        received, sent = pj.AudioMediaRecorder(), pj.AudioMediaRecorder()
        received.createRecorder(paths[0])
        sent.createRecorder(paths[1])
        # A recorder without a source writes nothing: the null device is silence.
        self._devices().getCaptureDevMedia().startTransmit(sent)
        return received, sent

    @acting("connecting the call's audio")
    def drain(self, port: pj.AudioMedia) -> None:
        """Take the audio of a port even when nobody listens."""
        port.startTransmit(self._devices().getPlaybackDevMedia())

    def _devices(self) -> pj.AudDevManager:
        return self.trunk.endpoint.audDevManager()

    # What the library tells.

    @guarded
    def onCallState(self, prm: Any) -> None:
        """Copy the state; let go of the call when it is over."""
        info, exchange = self.getInfo(), self.trunk.exchange
        state, code, reason = info.state, int(info.lastStatusCode), sip.legible(info.lastReason)
        if state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._count(0)
            self.line.disconnected(code, reason)
        elif state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.line.tell(exchange.answered)
        elif state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            self.line.tell(exchange.progressed, code, reason)

    @guarded
    def onCallMediaState(self, prm: Any) -> None:
        """Tell that audio flows, or flows through another port than before."""
        info = self.getInfo()
        for medium in info.media:
            if medium.type == pj.PJMEDIA_TYPE_AUDIO and medium.status in LIVE_MEDIA:
                stream = self.getStreamInfo(medium.index)
                codec, rate = str(stream.codecName), int(stream.codecClockRate)
                self.trunk.book.put(functools.partial(self.line.media_active, codec, rate))
                return

    @guarded
    def onStreamDestroyed(self, prm: Any) -> None:
        """Copy what was counted on a stream."""
        self._count(prm.streamIdx)

    @guarded
    def onDtmfDigit(self, prm: Any) -> None:
        """Tell of a digit at its begin."""
        info = prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO
        told = self.trunk.exchange.digit_received
        self.line.tell(told, str(prm.digit), "sip-info" if info else "rfc4733")

    @guarded
    def onCallTransferRequest(self, prm: Any) -> None:
        """Refuse REFER: obeyed, it would dial whatever the far end names."""
        prm.statusCode = 603

    @guarded
    def onCallReplaceRequest(self, prm: Any) -> None:
        """Refuse Replaces: nobody has asked for it."""
        prm.statusCode = 603

    def _count(self, stream: int) -> None:
        if not self.hasMedia():
            return
        try:
            self.line.counted(counted(self.getStreamStat(stream)))
        except pj.Error:
            return  # no stream was ever there


def audio_call() -> pj.CallOpParam:
    """Ask for one audio stream and no video."""
    prm = pj.CallOpParam(True)
    prm.opt.audioCount, prm.opt.videoCount = 1, 0
    return prm


def header_vector(headers: dict[str, str]) -> pj.SipHeaderVector:
    """Copy headers into the library's own list."""
    vector = pj.SipHeaderVector()
    for name, value in headers.items():
        header = pj.SipHeader()
        header.hName, header.hValue = name, value
        vector.append(header)
    return vector
