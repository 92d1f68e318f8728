"""The only importer of pjsua2: one endpoint, its account and its calls, as a trunk.

pjsua2 aborts the process on many a misuse, hence three rules. A callback copies what it
was given to plain Python, puts it into the inbox and returns. Whatever acts on the library
happens between two polls, on the one thread that has opened it. No object of the library
outlives what it stands for.
"""

import ctypes
import functools
from collections import deque
from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from workbench import sip
from workbench.commands import Dial
from workbench.engine import settings
from workbench.engine.digits import TONE_MS
from workbench.engine.exchange import Exchange
from workbench.engine.line import Direction, LineError, StreamCount
from workbench.engine.tapes import Monotonic, PlayerTape, RecorderTape

BATCH = 64
"""Polls of the library in one step, so that a burst of SIP cannot starve the commands."""
ADDRESS_IN_USE = 120098
"""PJ_STATUS_FROM_OS(EADDRINUSE) on Linux."""
AUDIO = -1
"""Stands for the first audio stream of a call."""
LIVE_MEDIA = frozenset({pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD})

Fact = Callable[[], None]


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


def acting(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Turn an error of the library into one of the line."""

    @functools.wraps(verb)
    def checked(self: Any, *args: Any) -> Any:
        try:
            return verb(self, *args)
        except pj.Error as error:
            raise LineError(f"the engine could not {verb.__name__}: {error.reason}") from None

    return checked


def most_legs() -> int:
    """Ask the library for how many calls it was compiled."""
    return int(ctypes.CDLL(pj._pjsua2.__file__).pjsua_call_get_max_count())


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
        self.exchange, self.monotonic, self.defect = exchange, monotonic, defect
        self.takes_calls = False
        self.inbox: deque[Fact] = deque()
        self.lines: set[PjLine] = set()
        self._name, self._sequence = name, 0

    def open(self, host: str, port: int, log: str = "") -> tuple[str, int]:
        """Start the endpoint at a UDP address and return the address.

        Raises:
            TrunkError: the address cannot be used.
        """
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        self.endpoint.libInit(endpoint_config(log))
        udp = pj.TransportConfig()
        udp.port, udp.boundAddress = port, host
        try:
            transport = self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, udp)
        except pj.Error as error:
            raise TrunkError(error) from None
        self.endpoint.audDevManager().setNullDev()
        self.endpoint.libStart()
        self._choose_codecs()
        at = str(self.endpoint.transportGetInfo(transport).localName)
        self.account = PjAccount(self)
        self.account.create(account_config(at, host, transport))
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
        while self.inbox:
            self.inbox.popleft()()
        for line in list(self.lines):
            line.watch_tapes()

    def dial(self, command: Dial) -> "PjLine":
        """Send an INVITE."""
        line = PjLine(self, command.leg)
        prm = audio_call()
        if command.from_:
            prm.txOption.localUri = f"<{sip.parse_address(command.from_)}>"
        prm.txOption.headers = header_vector(command.headers)
        line.open()
        try:
            line.call.makeCall(f"<{sip.parse_address(command.uri)}>", prm)
        except pj.Error as error:
            line.close()
            raise LineError(f"the call could not be placed: {error.reason}", 503) from None
        return line

    def take(self, call_id: int) -> "PjLine":
        """Open a line for a call that comes in."""
        self._sequence += 1
        line = PjLine(self, f"{self._name}-{self._sequence}")
        line.open(call_id)
        return line


class PjAccount(pj.Account):
    """Where calls come in."""

    def __init__(self, trunk: PjTrunk) -> None:
        """Report to `trunk`."""
        super().__init__()
        self.trunk = trunk

    @guarded
    def onIncomingCall(self, prm: Any) -> None:
        """Take the call; to refuse it here would abort when it has no SDP."""
        line = self.trunk.take(prm.callId)
        if not self.trunk.takes_calls:
            self.trunk.inbox.append(functools.partial(line.hang_up, 480))
            return
        rdata, info = prm.rdata, line.call.getInfo()
        message = sip.legible(rdata.wholeMsg)
        offer = {
            "caller": sip.bare_uri(sip.legible(info.remoteUri)),
            "callee": sip.bare_uri(sip.legible(info.localUri)),
            "sip_call_id": sip.legible(info.callIdString),
            "remote": str(rdata.srcAddress),
            "headers": sip.context_headers(message),
        }
        offered = self.trunk.exchange.offered
        self.trunk.inbox.append(functools.partial(offered, line.leg, line, **offer))
        line.see("received", message)

    @guarded
    def onIncomingSubscribe(self, prm: Any) -> None:
        """Refuse every subscription (CVE-2026-28799)."""
        prm.code, prm.reason = 489, "Bad Event"


class PjCall(pj.Call):
    """One call of the library; it must die in the callback that says it is over."""

    def __init__(self, trunk: PjTrunk, line: "PjLine", call_id: int) -> None:
        """Report to `line`."""
        super().__init__(trunk.account, call_id)
        self.trunk, self.line = trunk, line

    @guarded
    def onCallState(self, prm: Any) -> None:
        """Copy the state; let go of the call when it is over."""
        event, info = prm.e, self.getInfo()
        self.line.see_event(event)
        state, code, reason = info.state, info.lastStatusCode, sip.legible(info.lastReason)
        if state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._count(AUDIO)
            self.line.disconnect(int(code), reason)
        elif state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.line.tell("answered")
        elif state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            self.line.tell("progressed", int(code), reason)

    @guarded
    def onCallTsxState(self, prm: Any) -> None:
        """Copy the message that moved a transaction on."""
        event = prm.e
        self.line.see_event(event)

    @guarded
    def onCallMediaState(self, prm: Any) -> None:
        """Tell that audio flows, or flows through another port than before."""
        info = self.getInfo()
        for medium in info.media:
            if medium.type == pj.PJMEDIA_TYPE_AUDIO and medium.status in LIVE_MEDIA:
                stream = self.getStreamInfo(medium.index)
                codec, rate = str(stream.codecName), int(stream.codecClockRate)
                self.trunk.inbox.append(functools.partial(self.line.media_active, codec, rate))
                return

    @guarded
    def onStreamDestroyed(self, prm: Any) -> None:
        """Copy what was counted on a stream."""
        self._count(prm.streamIdx)

    @guarded
    def onDtmfDigit(self, prm: Any) -> None:
        """Tell of a digit at its begin."""
        info = prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO
        self.line.tell("digit_received", str(prm.digit), "sip-info" if info else "rfc4733")

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
            count = counted(self.getStreamStat(max(0, stream)))
        except pj.Error:
            return  # no stream was ever there
        self.line.tell("counted", count)


class PjLine:
    """One call as an exchange sees it: alive from its INVITE until it is disconnected."""

    def __init__(self, trunk: PjTrunk, leg: str) -> None:
        """Stand for the call of `leg`."""
        self.trunk, self.leg = trunk, leg
        self._call: PjCall | None = None
        self._port = AUDIO
        self._player: PlayerTape | None = None
        self._recorder: RecorderTape | None = None
        self._seen: set[int] = set()

    @property
    def call(self) -> PjCall:
        """Return the library's call."""
        if self._call is None:
            raise LineError("the call is over")
        return self._call

    def open(self, call_id: int = -1) -> None:
        """Hold the library's call, one that came in or one about to be dialled."""
        self._call = PjCall(self.trunk, self, call_id)
        self.trunk.lines.add(self)

    def close(self) -> None:
        """Let go of the library's call."""
        self._call = None

    def tell(self, fact: str, *details: object) -> None:
        """Put a fact of this line into the inbox."""
        told = getattr(self.trunk.exchange, fact)
        self.trunk.inbox.append(functools.partial(told, self.leg, *details))

    # What an exchange asks for.

    @acting
    def ring(self) -> None:
        """Send 180."""
        self._respond(180)

    @acting
    def answer(self) -> None:
        """Send 200."""
        self._respond(200)

    @acting
    def hang_up(self, sip_code: int) -> None:
        """End the call: BYE, CANCEL or a final response, as its state asks for."""
        prm = pj.CallOpParam()
        prm.statusCode = sip_code
        self.call.hangup(prm)

    @acting
    def press(self, digit: str) -> None:
        """Begin an RFC 4733 event."""
        prm = pj.CallSendDtmfParam()
        prm.method, prm.digits = pj.PJSUA_DTMF_METHOD_RFC2833, digit
        prm.duration = TONE_MS
        self.call.sendDtmf(prm)

    @acting
    def play(self, path: str) -> PlayerTape:
        """Play a file once, and record it when the leg is being recorded."""
        player = pj.AudioMediaPlayer()
        player.createPlayer(path, pj.PJMEDIA_FILE_NO_LOOP)
        info = player.getInfo()
        rate = player.getPortInfo().format.clockRate
        player.startTransmit(self._media())
        if self._recorder is not None and self._recorder.sent is not None:
            player.startTransmit(self._recorder.sent)
        tape = PlayerTape(player, int(info.sizeSamples), int(rate), self.trunk.monotonic)
        self._player = tape
        return tape

    @acting
    def record(self, received_path: str, sent_path: str) -> RecorderTape:
        """Record both directions, from the same frame on."""
        paths = (received_path, sent_path)
        received, sent = recorder(received_path), recorder(sent_path)
        # A recorder without a source writes nothing: the null device is silence.
        silence = self.trunk.endpoint.audDevManager().getCaptureDevMedia()
        media = self._media()
        silence.startTransmit(sent)
        media.startTransmit(received)
        if self._player is not None:
            self._player.connect(sent)
        self._recorder = RecorderTape((received, sent), paths, self.trunk.monotonic)
        return self._recorder

    def _respond(self, sip_code: int) -> None:
        prm = audio_call()
        prm.statusCode = sip_code
        self.call.answer(prm)

    def _media(self) -> Any:
        return self.call.getAudioMedia(AUDIO)

    # What the library tells.

    def media_active(self, codec: str, clock_rate: int) -> None:
        """Connect the tapes to the call's port, which changes with each re-INVITE."""
        if self._call is None:
            return
        media = self._media()
        port = int(media.getPortId())
        if self._port not in (AUDIO, port):
            for tape in (self._player, self._recorder):
                if tape is not None:
                    tape.connect(media)
        self._port = port
        self.trunk.exchange.media_started(self.leg, codec, clock_rate)

    def disconnect(self, sip_code: int, reason: str) -> None:
        """Let go of the call at once: freed later, it would hang up its successor."""
        self.close()
        self.tell("disconnected", sip_code, reason)

    def watch_tapes(self) -> None:
        """Follow the tapes; forget the line when it has neither call nor open files."""
        exchange = self.trunk.exchange
        if self._player is not None and not self._player.watch(self.leg, exchange):
            self._player = None
        if self._recorder is not None and not self._recorder.watch(self.leg, exchange):
            self._recorder = None
        if self._call is None and self._recorder is None:
            self.trunk.lines.discard(self)

    def see_event(self, event: Any) -> None:
        """Copy the SIP message that an event carries, if it carries one."""
        source, kind = event.body, event.type
        if kind == pj.PJSIP_EVENT_TSX_STATE:
            state = source.tsxState
            source, kind = state.src, state.type
        elif kind == pj.PJSIP_EVENT_RX_MSG:
            source = source.rxMsg
        elif kind == pj.PJSIP_EVENT_TX_MSG:
            source = source.txMsg
        if kind == pj.PJSIP_EVENT_RX_MSG:
            rdata = source.rdata
            self.see("received", sip.legible(rdata.wholeMsg))
        elif kind == pj.PJSIP_EVENT_TX_MSG:
            tdata = source.tdata
            self.see("sent", sip.legible(tdata.wholeMsg))

    def see(self, direction: Direction, message: str) -> None:
        """Tell of a message once, however many callbacks bring it."""
        mark = hash((direction, message))
        if message and mark not in self._seen:
            self._seen.add(mark)
            self.tell("message_seen", direction, message)


def endpoint_config(log: str) -> pj.EpConfig:
    """Configure the endpoint; pjsip writes to a file or to nothing."""
    config = pj.EpConfig()
    settings.apply(config, settings.ENDPOINT)
    config.uaConfig.maxCalls = most_legs()
    config.logConfig.level = 4 if log else 0
    config.logConfig.consoleLevel = 0
    config.logConfig.filename = log
    return config


def account_config(at: str, host: str, transport: int) -> pj.AccountConfig:
    """Configure the account, which is bound to one transport."""
    config = pj.AccountConfig()
    settings.apply(config, settings.ACCOUNT)
    config.idUri = f"sip:workbench@{at}"
    config.sipConfig.transportId = transport
    config.sipConfig.ipv6Use = config.mediaConfig.ipv6Use = pj.PJSUA_IPV6_DISABLED
    config.mediaConfig.transportConfig.boundAddress = host
    config.mediaConfig.transportConfig.port = 0
    return config


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


def recorder(path: str) -> pj.AudioMediaRecorder:
    """Open a WAV file for writing, at the rate of the bridge."""
    made = pj.AudioMediaRecorder()
    made.createRecorder(path)
    return made


def counted(stat: pj.StreamStat) -> StreamCount:
    """Copy the counters of a stream, in the units of RFC 3550's reports as milliseconds."""
    rtcp, jbuf = stat.rtcp, stat.jbuf
    rx, tx, rtt = rtcp.rxStat, rtcp.txStat, rtcp.rttUsec
    heard, reported = rx.jitterUsec, tx.jitterUsec
    told = tx.updateCount > 0
    return StreamCount(
        packets_received=int(rx.pkt),
        packets_lost=int(rx.loss),
        packets_discarded=int(rx.discard) + int(jbuf.discard),
        jitter_ms_rx=heard.mean / 1000,
        packets_sent=int(tx.pkt),
        jitter_ms_tx=reported.mean / 1000 if told else None,
        loss_pct_tx=100 * tx.loss / max(1, tx.pkt) if told else None,
        rtt_ms=rtt.mean / 1000 if rtt.n else None,
    )
