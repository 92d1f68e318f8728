"""One call of pjsua2: its verbs in, plain facts of its callbacks out.

A callback copies what it was given to plain Python, tells its line and returns (`pjsua` has
the rules). With `pjsua` and `pjaccount` the only importer of pjsua2.
"""

import ctypes
import functools
from collections.abc import Callable
from typing import Any, Protocol

import pjsua2 as pj

from workbench import refer, sip
from workbench.engine.codecs import acceptable
from workbench.engine.exchange import Exchange
from workbench.engine.line import NO_HEADERS, Headers, Hearing, LineError, Method, StreamCount
from workbench.engine.linebook import LineBook
from workbench.engine.lines import Line
from workbench.engine.player import Player
from workbench.engine.streamcounts import StreamCounter

SECURE = "SRTP status: Active"
AUDIO = -1
"""Stands for the first audio stream of a call."""
LIVE_MEDIA = frozenset(
    {
        pj.PJSUA_CALL_MEDIA_ACTIVE,
        pj.PJSUA_CALL_MEDIA_LOCAL_HOLD,
        pj.PJSUA_CALL_MEDIA_REMOTE_HOLD,
    }
)


class Owner(Protocol):
    """What a call needs of the trunk that it hangs on."""

    exchange: Exchange
    book: LineBook
    now: Callable[[], float]
    """The seconds of the day's clock."""
    keeps_rtp: bool
    """Whether RTP from elsewhere than negotiated is dropped."""
    preferred: tuple[str, ...]
    """The codecs that are offered and accepted now."""

    def prefer(self, codecs: tuple[str, ...]) -> None:
        """Offer and accept these codecs from now on; the usual ones for none."""

    def defect(self, text: str) -> None:
        """Take note of a callback that raised."""


METHODS = {
    "rfc4733": pj.PJSUA_DTMF_METHOD_RFC2833,
    "sip-info": pj.PJSUA_DTMF_METHOD_SIP_INFO,
}
ENDED = 2
"""PJMEDIA_STREAM_DTMF_IS_END, of stream.h."""
library = ctypes.CDLL(pj._pjsua2.__file__)
library.pjsua_player_get_pos.restype = ctypes.c_ssize_t


class PjBridge:
    """The bridge of this process."""

    def connect(self, source: int, sink: int) -> None:
        """Let a port hear another."""
        if status := library.pjsua_conf_connect(source, sink):
            raise LineError(f"connecting audio failed with status {status}")

    def disconnect(self, source: int, sink: int) -> None:
        """Let it hear it no more."""
        library.pjsua_conf_disconnect(source, sink)


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
        def checked(self: Any, *args: Any, **options: Any) -> Any:
            try:
                return verb(self, *args, **options)
            except pj.Error as error:
                raise LineError(f"{purpose} failed: {error.reason}") from None

        return checked

    return decorate


class Counting(Protocol):
    """An account that knows how many calls hang on it."""

    calls: int


class PjCall(pj.Call):
    """One call of the library; it must die in the callback that says it is over."""

    def __init__(
        self, trunk: Owner, line: Line, account: Counting, native_id: int = -1
    ) -> None:
        """Report to `line`; without an id the call is about to be dialled."""
        super().__init__(account, native_id)
        self.trunk, self.line, self._account = trunk, line, account
        account.calls += 1
        self._expects = True
        """Whether the far end is to send audio."""
        self._counter = StreamCounter()
        self._held = True
        self.codecs: tuple[str, ...] = ()
        """What it offers, in this order; empty for the usual."""

    def let_go(self) -> None:
        """Tell the account that this call needs it no more; does nothing the second time."""
        self._account.calls -= self._held
        self._held = False

    # What a line asks for.

    @acting("answering the INVITE")
    def respond(self, sip_code: int) -> None:
        """Send a response to the INVITE."""
        prm = audio_call()
        prm.statusCode = sip_code
        self.answer(prm)

    @acting("hanging up")
    def end(self, sip_code: int, headers: Headers = NO_HEADERS) -> None:
        """Send BYE, CANCEL or a final response, as the call's state asks for."""
        prm = pj.CallOpParam()
        prm.statusCode = sip_code
        prm.txOption.headers = header_vector(headers)
        self.hangup(prm)

    @acting("sending a digit")
    def press(self, digit: str, method: Method, duration_ms: int) -> None:
        """Begin an RFC 4733 event, or send INFO (application/dtmf-relay)."""
        prm = pj.CallSendDtmfParam()
        prm.method, prm.digits = METHODS[method], digit
        prm.duration = duration_ms
        self.sendDtmf(prm)

    @acting("transferring the call")
    def transfer(self, refer_to: str, headers: Headers) -> None:
        """Send REFER, without a subscription of the library's own.

        Its subscriptions have no id, so the NOTIFY of a second REFER would go to the first.
        """
        info = self.getInfo()
        ours = {"Refer-To": refer_to, "Referred-By": f"<{sip.bare_uri(info.localUri)}>"}
        self._send("REFER", {**headers, **ours})

    @acting("telling of a transfer")
    def notify(self, headers: Headers, body: str) -> None:
        """Send NOTIFY with a status line."""
        self._send("NOTIFY", headers, body)

    def _send(self, method: str, headers: Headers, body: str = "") -> None:
        prm = pj.CallSendRequestParam()
        prm.method = method
        prm.txOption.headers = header_vector(headers)
        if body:
            prm.txOption.contentType, prm.txOption.msgBody = refer.SIPFRAG, body
        self.sendRequest(prm)

    def count(self) -> StreamCount | None:
        """Return what the stream has counted so far."""
        if not self.hasMedia():
            return None
        try:
            return self._counted(0)
        except pj.Error:
            return None  # no stream was ever there

    @acting("changing the call")
    def offer(self, *, held: bool) -> None:
        """Send a re-INVITE, `sendonly` or `sendrecv` (RFC 3264, section 8.4)."""
        prm = audio_call()
        self.trunk.prefer(self.codecs)
        try:
            if held:
                self.setHold(prm)
            else:
                prm.opt.flag = pj.PJSUA_CALL_UNHOLD
                self.reinvite(prm)
        finally:
            self.trunk.prefer(())

    def port(self) -> int | None:
        """Return the slot of the bridge's port that carries the call's audio, if any does."""
        try:
            slot = int(self.getAudioMedia(AUDIO).getPortId())
        except pj.Error:
            return None  # the far end wants no audio either way
        return slot if slot > 0 else None

    def hearing(self) -> Hearing | None:
        """Return what comes in now, None when no stream flows."""
        if (count := self.count()) is None:
            return None
        refused, strangers = self.trunk.keeps_rtp, self.line.guard.strangers()
        if not refused and (source := self._from_stranger()):
            strangers = {source: count.packets_received}
        return Hearing(
            packets=count.packets_received,
            expected=self._expects,
            strangers=strangers,
            refused=refused,
        )

    def level(self, port: int) -> int:
        """Return how loud what comes from a port is now; asked often, hence by C alone."""
        sent, received = ctypes.c_uint(0), ctypes.c_uint(0)
        library.pjsua_conf_get_signal_level(port, ctypes.byref(sent), ctypes.byref(received))
        return received.value

    def _counted(self, stream: int) -> StreamCount:
        return self._counter.look(self.getStreamStat(stream), self.trunk.now())

    def _stream_info(self) -> Any:
        try:
            return self.getStreamInfo(0)
        except pj.Error:
            return None  # no stream flows

    def _from_stranger(self) -> str:
        """Return where RTP comes from when that was not negotiated, else nothing."""
        info = self._stream_info()
        if info is None:
            return ""
        source = str(self.getMedTransportInfo(0).srcRtpName)
        return "" if source in ("", str(info.remoteRtpAddress)) else source

    def player(self, path: str, *, endless: bool = False) -> Player:
        """Open a file to play."""
        return Player(library, path, endless=endless)

    @acting("opening the recording")
    def recorders(self, paths: tuple[str, str]) -> tuple[Any, Any]:
        """Open two files to record to."""
        received, sent = pj.AudioMediaRecorder(), pj.AudioMediaRecorder()
        received.createRecorder(paths[0])
        sent.createRecorder(paths[1])
        return received, sent

    # What the library tells.

    @guarded
    def onCallState(self, prm: Any) -> None:
        """Copy the state; let go of the call when it is over."""
        info, exchange = self.getInfo(), self.trunk.exchange
        state, code, reason = info.state, int(info.lastStatusCode), sip.legible(info.lastReason)
        if state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.let_go()
            self.line.disconnected(code, reason)
        elif state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.line.tell(exchange.answered)
        elif state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            self.line.tell(exchange.progressed, code, reason)

    @guarded
    def onCallMediaState(self, prm: Any) -> None:
        """Tell that audio flows, or flows through another port than before."""
        info = self.getInfo()
        self._expects = False
        for medium in info.media:
            if medium.type == pj.PJMEDIA_TYPE_AUDIO and medium.status in LIVE_MEDIA:
                self._expects = bool(medium.dir & pj.PJMEDIA_DIR_DECODING)
                stream = self.getStreamInfo(medium.index)
                codec, rate = str(stream.codecName), int(stream.codecClockRate)
                self._guard(medium.index, stream)
                active = functools.partial(self.line.media_active, codec, rate)
                self.trunk.book.put(functools.partial(active, secure=self._is_secure()))
                return

    def _guard(self, index: int, stream: Any) -> None:
        """Keep strangers out, before the next packet is read."""
        if self.trunk.keeps_rtp:
            ours, guard = self.getMedTransportInfo(index), self.line.guard
            guard.pin(str(ours.localRtpName), str(stream.remoteRtpAddress))
            guard.pin(str(ours.localRtcpName), str(stream.remoteRtcpAddress))

    def _is_secure(self) -> bool:
        # The one place where pjsua2 tells whether SRTP is in use.
        return SECURE in str(self.dump(True, ""))

    @guarded
    def onCallRxOffer(self, prm: Any) -> None:
        """Answer what the far end offers anew with the codecs of this call, or with 488."""
        self.trunk.prefer(self.codecs)
        if not acceptable(str(prm.offer.wholeSdp), self.trunk.preferred):
            prm.statusCode = 488  # where pjsip would say 500
        self.trunk.book.put(functools.partial(self.trunk.prefer, ()))

    @guarded
    def onCallTsxState(self, prm: Any) -> None:
        """Tell what is answered to a re-INVITE of ours."""
        event = prm.e.body.tsxState
        tsx = event.tsx
        ours = tsx.role == pj.PJSIP_ROLE_UAC and str(tsx.method) == "INVITE"
        if ours and event.type == pj.PJSIP_EVENT_RX_MSG and tsx.statusCode >= 200:
            code, reason = int(tsx.statusCode), sip.legible(tsx.statusText)
            self.line.tell(self.trunk.exchange.reinvited, code, reason)

    @guarded
    def onStreamDestroyed(self, prm: Any) -> None:
        """Copy what was counted on a stream; its port goes with it."""
        # The stream is there still, though a re-INVITE has taken the call's media away.
        self.line.counted(self._counted(prm.streamIdx))
        self.line.port_gone()

    @guarded
    def onDtmfEvent(self, prm: Any) -> None:
        """Tell of a digit at its begin, and again at its end."""
        info, digit = prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO, str(prm.digit)
        method = "sip-info" if info else "rfc4733"
        exchange, book, leg = self.trunk.exchange, self.trunk.book, self.line.leg
        if info or not prm.flags:
            trusted = info or not self._from_stranger()
            told = functools.partial(exchange.digit_received, trusted=trusted)
            book.put(functools.partial(told, leg, digit, method))
        if info or prm.flags & ENDED:
            self.line.tell(exchange.digit_ended, digit, method, int(prm.duration))

    @guarded
    def onCallTransferRequest(self, prm: Any) -> None:
        """Refuse REFER: obeyed, it would dial whatever the far end names."""
        prm.statusCode = 603

    @guarded
    def onCallReplaceRequest(self, prm: Any) -> None:
        """Refuse Replaces: nobody has asked for it."""
        prm.statusCode = 603


def audio_call() -> pj.CallOpParam:
    """Ask for one audio stream and no video."""
    prm = pj.CallOpParam(True)
    prm.opt.audioCount, prm.opt.videoCount = 1, 0
    return prm


def header_vector(headers: Headers) -> pj.SipHeaderVector:
    """Copy headers into the library's own list."""
    vector = pj.SipHeaderVector()
    for name, value in headers.items():
        header = pj.SipHeader()
        header.hName, header.hValue = name, value
        vector.append(header)
    return vector
