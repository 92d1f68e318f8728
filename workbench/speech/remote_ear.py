"""The bench's side of one listening in another process: it outlives the process."""

import asyncio
from collections.abc import Callable

import msgspec

from workbench import events as ev
from workbench.engine.slices import FRAME_MS, Slice
from workbench.speech.ears import Finding, Order, Tell, found
from workbench.speech.expected import Expected

FINISHING_S = 60.0
"""After the last audio: how long the last words may be on their way."""


class RemoteEar:
    """Sends the audio of a call, tells what comes back, and what is lost with a process."""

    def __init__(
        self,
        order: Order,
        tell: Tell,
        over: Callable[[], None],
        *,
        put: Callable[[Slice], None],
        expect: Callable[[Expected], None],
        end: Callable[[], None],
    ) -> None:
        """Send audio by `put` and the end by `end`; say `over` when all is told."""
        self.expected: Expected | None = None
        """What a flow expected last."""
        self.order = order
        self._tell, self._say_over, self._put, self._end = tell, over, put, end
        self._expect = expect
        self.next_utterance = 1
        self._provider = ""
        self._now_ms = 0
        self._started = self._stopped = self._over = False
        self._open: dict[str, Finding] = {}
        """Utterances without their words, by what was told of them last."""
        self._watch: asyncio.TimerHandle | None = None

    def put(self, audio: Slice) -> None:
        """Take what has come; the last slice ends the listening."""
        if not self._stopped:
            self._now_ms = audio.media_ms + audio.frames * FRAME_MS
            self._put(audio)
            if audio.last:
                self._stop()

    def expect(self, expected: Expected) -> None:
        """Take note of what the far end is likely to say next."""
        self.expected = expected
        if not self._stopped:
            self._expect(expected)

    def close(self) -> None:
        """Take no more, and have the rest told."""
        if not self._stopped:
            self._end()
            self._stop()

    def hear(self, finding: Finding) -> None:
        """Tell a finding of the process."""
        if self._over:
            return
        finding = _revived(finding)
        self._follow(finding)
        if finding.kind is ev.ListeningFinished:
            self._finish(finding.fields["reason"])
        elif not (finding.kind is ev.ListeningStarted and self._started):
            self._started = self._started or finding.kind is ev.ListeningStarted
            self._tell(finding)

    def lost(self, reason: str, *, give_up: bool) -> None:
        """Tell what is lost with the process; unless given up, another one goes on."""
        for name, last in tuple(self._open.items()):
            if last.kind is ev.SpeechStarted:
                end = {**last.fields, "end_ms": self._now_ms}
                self._tell(found(ev.SpeechEnded, self._now_ms, **end))
            self._tell_failed(reason, name)
        if not self._open:
            self._tell_failed(reason, "")
        self._open.clear()
        if give_up or self._stopped:
            self._finish(reason)

    def _follow(self, finding: Finding) -> None:
        name = finding.fields.get("utterance", "")
        if finding.kind is ev.ListeningStarted:
            self._provider = finding.fields["recognizer"]
        elif finding.kind in (ev.SpeechStarted, ev.SpeechEnded):
            self._open[name] = finding
            self.next_utterance = max(self.next_utterance, int(name) + 1)
        elif finding.kind is ev.TranscriptFinal:
            self._open.pop(name, None)

    def _tell_failed(self, reason: str, utterance: str) -> None:
        fields = {
            "provider": self._provider,
            "error_type": "ListenerLost",
            "error": reason,
            "utterance": utterance,
        }
        self._tell(found(ev.RecognitionFailed, self._now_ms, **fields))

    def _stop(self) -> None:
        self._stopped = True
        late = "the last words did not come in time"
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(FINISHING_S, self._finish, late)

    def _finish(self, reason: str) -> None:
        if not self._over:
            self._over = True
            if self._watch is not None:
                self._watch.cancel()
            self._say_over()
            self._tell(found(ev.ListeningFinished, self._now_ms, reason=reason))


def _revived(finding: Finding) -> Finding:
    """Return a finding whose fields have the types that its event has."""
    fields = dict(finding.fields)
    if "words" in fields:
        fields["words"] = msgspec.convert(fields["words"], tuple[ev.Word, ...])
    if "utterances" in fields:
        fields["utterances"] = tuple(fields["utterances"])
    return msgspec.structs.replace(finding, fields=fields)
