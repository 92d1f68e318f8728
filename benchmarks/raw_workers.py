"""Raw pjsua2 workers, none of the product's code: the limit that many calls are held against.

`python -m benchmarks.raw_workers PROMPT FOLDER` is one of them: it answers four calls at a
time, plays a file to each and records both directions. It says `ready PORT` when it is, and
runs until it is killed.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pjsua2 as pj

CODECS = ("PCMU/8000/1", "PCMA/8000/1")


class RawCall(pj.Call):
    """Plays and records as soon as there is audio."""

    def __init__(self, worker: "RawWorker", call_id: int = -1) -> None:
        super().__init__(worker.account, call_id)
        self.worker, self.media = worker, []  # type: ignore[var-annotated]

    def onCallState(self, prm: Any) -> None:
        """Let go of the call when it is over."""
        if self.getInfo().state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.worker.over(self)

    def onCallMediaState(self, prm: Any) -> None:
        """Connect a player and two recorders."""
        if not self.media:
            self.worker.later(self.connect)

    def connect(self) -> None:
        """Play to the far end, and record both directions."""
        port = self.getAudioMedia(-1)
        player, received, sent = pj.AudioMediaPlayer(), *self.worker.recorders()
        player.createPlayer(self.worker.prompt)
        player.startTransmit(port)
        player.startTransmit(sent)
        port.startTransmit(received)
        self.media = [player, received, sent]


class RawAccount(pj.Account):
    """Answers every call at once."""

    worker: "RawWorker"

    def onIncomingCall(self, prm: Any) -> None:
        """Answer in the pump."""
        call = RawCall(self.worker, prm.callId)
        self.worker.calls.append(call)
        self.worker.later(lambda: self.worker.respond(call))


class RawWorker:
    """One endpoint on loopback with the null sound device."""

    def __init__(self, prompt: str, folder: Path) -> None:
        self.prompt, self._folder = prompt, folder
        self.calls: list[RawCall] = []
        self._jobs: list[Callable[[], None]] = []
        self._files = 0
        self._endpoint = pj.Endpoint()
        self._endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.uaConfig.maxCalls = 4
        config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
        config.medConfig.noVad, config.medConfig.ecTailLen = True, 0
        config.medConfig.sndAutoCloseTime = -1
        config.logConfig.level = config.logConfig.consoleLevel = 0
        self._endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.boundAddress = "127.0.0.1"
        used = self._endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self._endpoint.audDevManager().setNullDev()
        self._endpoint.libStart()
        self._prefer_g711()
        self.port = str(self._endpoint.transportGetInfo(used).localName).rpartition(":")[2]
        self.account = RawAccount()
        self.account.worker = self
        self.account.create(self._owner(used))

    def _prefer_g711(self) -> None:
        for codec in self._endpoint.codecEnum2():
            priority = 255 if str(codec.codecId) in CODECS else 0
            self._endpoint.codecSetPriority(codec.codecId, priority)

    def _owner(self, transport: int) -> pj.AccountConfig:
        owner = pj.AccountConfig()
        owner.idUri = f"sip:raw@127.0.0.1:{self.port}"
        owner.sipConfig.transportId = transport
        owner.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        owner.mediaConfig.transportConfig.port = 0
        owner.videoConfig.autoTransmitOutgoing = False
        return owner

    def later(self, job: Callable[[], None]) -> None:
        """Do something outside of a callback."""
        self._jobs.append(job)

    def recorders(self) -> tuple[Any, Any]:
        """Open two files, of which the second is fed with silence."""
        pair = pj.AudioMediaRecorder(), pj.AudioMediaRecorder()
        for recorder in pair:
            self._files += 1
            recorder.createRecorder(str(self._folder / f"{os.getpid()}-{self._files}.wav"))
        self._endpoint.audDevManager().getCaptureDevMedia().startTransmit(pair[1])
        return pair

    def respond(self, call: RawCall) -> None:
        """Answer a call that is still there."""
        prm = pj.CallOpParam(True)
        prm.statusCode = 200
        with suppress(pj.Error):
            call.answer(prm)

    def over(self, call: RawCall) -> None:
        """Let go of a call; its media goes in the pump."""
        media, call.media = call.media, []
        self.calls.remove(call)
        self.later(media.clear)

    def run(self) -> None:
        """Pump for ever."""
        print(f"ready {self.port}", file=sys.stderr, flush=True)
        while True:
            self._endpoint.libHandleEvents(5)
            jobs, self._jobs = self._jobs, []
            for job in jobs:
                job()


if __name__ == "__main__":
    RawWorker(sys.argv[1], Path(sys.argv[2])).run()
