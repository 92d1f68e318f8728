"""The state of one leg: what has begun on it, and the signals that must end it.

Whatever began (prompt, sending, recording) is finished here before `Released`, and after
`Released` nothing is reported any more.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

from workbench import signals
from workbench.clock import Clock, Timer
from workbench.commands import Record
from workbench.engine import Report
from workbench.engine.concealment import Concealment
from workbench.engine.digits import Keypad, Outcome
from workbench.engine.forks import Forks
from workbench.engine.holding import Holding
from workbench.engine.joints import Joint
from workbench.engine.line import (
    Line,
    LineError,
    Method,
    Monotonic,
    StreamCount,
    Tape,
)
from workbench.engine.prompting import Prompting
from workbench.engine.referral import Referrals
from workbench.engine.slices import Take
from workbench.engine.talks import Discard, Talks
from workbench.engine.transfer import Transferring
from workbench.engine.vigil import Vigil
from workbench.signals import AnySignal

SAMPLE_S = 5.0
"""Between two reports of what RTP and RTCP counted."""
Party = Literal["local", "remote", "engine"]


@dataclass(frozen=True)
class Ending:
    """Who lets go of a leg, and with which words."""

    by: Party
    sip_code: int
    reason: str
    q850_cause: int | None = None
    contact: str = ""
    """Where to call instead, of a 3xx."""


class Leg:
    """One side of a call, from `Offered` or `Dial` to `Released`."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        monotonic: Monotonic,
        report: Report,
        take: Take,
        discard: Discard,
        *,
        outbound: bool,
    ) -> None:
        """Name a leg; its line is attached as soon as there is one."""
        self.name, self.outbound = name, outbound
        self.line: Line | None = None
        self.account = ""
        """The URI of the account that an outbound leg uses."""
        self.ringing = self.early = self.answered = self.released = False
        self.keyed = False
        """Whether the far end sends its keys as such, so that its tones do not count."""
        self.ending: Ending | None = None
        self.deadline: Timer | None = None
        """Fires when the far end took too long: to answer, or to confirm the end."""
        self.counted: StreamCount | None = None
        self.keypad = Keypad(clock, self._press, self._sent)
        self.holding = Holding(clock, self._live_line, self.tell, outbound=outbound)
        self.transfer = Transferring(clock, self._live_line, self.tell)
        self.referrals = Referrals(self._live_line, self.tell)
        self.forks = Forks(self._live_line, self.tell, lambda: self.media_ms, take)
        self.talks = Talks(self._live_line, self.tell, lambda: self.media_ms, discard)
        self.concealment = Concealment(clock, self._live_line, self.tell)
        self.vigil = Vigil(clock, self._heeded_line, self.tell)
        self.prompting = Prompting(self._live_line, self.tell, lambda: self._media_began)
        self.joints: dict[str, Joint] = {}
        """What joins it to other legs, by their names."""
        self._clock, self._monotonic, self._report = clock, monotonic, report
        self._media_began: float | None = None
        self._sampler: Timer | None = None
        self._muted = self._held = False
        self._recording: Record | None = None
        self._recording_tape: Tape | None = None

    @property
    def over(self) -> bool:
        """Tell whether the leg is released or about to be."""
        return self.released or self.ending is not None

    @property
    def recording(self) -> bool:
        """Tell whether files of a recording are still open."""
        return self._recording is not None

    def tell(self, kind: Callable[..., AnySignal], **fields: Any) -> None:
        """Report a signal of this leg, with the time and the leg's audio time."""
        if not self.released:
            fields = {"media_ms": self.media_ms, **fields}
            self._report(kind(leg=self.name, at=self._clock.now(), **fields))

    @property
    def media_ms(self) -> int | None:
        """Return the milliseconds on the leg's audio clock."""
        if self._media_began is None:
            return None
        return round((self._monotonic() - self._media_began) * 1000)

    def start_media(self, codec: str, clock_rate: int, *, secure: bool = False) -> None:
        """Start the audio clock and all that waited for audio."""
        if self._media_began is not None or self.over:
            return
        self._media_began = self._monotonic()
        self.tell(signals.MediaStarted, codec=codec, clock_rate=clock_rate, secure=secure)
        if self._recording is not None:
            self._begin_recording(self._recording)
        self.prompting.start_media()
        for joint in tuple(self.joints.values()):
            joint.try_join()
        self.forks.start_media()
        self.talks.start_media()
        self.vigil.run()
        self.keypad.run()
        self._sampler = self._clock.call_later(SAMPLE_S, self._sample)

    def _sample(self) -> None:
        """Report what was counted so far, every five seconds."""
        if self.over or self.line is None:
            return
        with suppress(LineError):  # the call is about to be over
            if (flowing := self.line.count()) is not None:
                so_far = flowing if self.counted is None else self.counted + flowing
                self.tell(signals.MediaMeasured, **asdict(so_far), final=False)
        self._sampler = self._clock.call_later(SAMPLE_S, self._sample)

    def mute(self, *, muted: bool) -> None:
        """Send silence instead of what is played and said, or that again."""
        self._live_line().mute(muted=muted)
        self._muted = muted
        self._hush()
        self.tell(signals.Muted if muted else signals.Unmuted)

    def hold_by_far_end(self, *, held: bool) -> None:
        """Report that the far end holds us, or does no more; held, it is sent nothing."""
        self.holding.by_far_end(held=held)
        self._held = held
        self._hush()

    def _hush(self) -> None:
        self.prompting.hush(silent=self._muted or self._held)

    def record(self, command: Record) -> None:
        """Start both recorders; wait for audio if need be."""
        if self._recording is not None:
            self.refuse_recording(command.recording, "the leg is being recorded already")
            return
        self._recording = command
        if self._media_began is not None:
            self._begin_recording(command)

    def pause_recording(self, recording: str) -> None:
        """Record silence."""
        if (tape := self._running(recording)) is not None:
            self._live_line().pause(tape)
            self.tell(signals.RecordingPaused, recording=recording)

    def resume_recording(self, recording: str) -> None:
        """Record both directions again."""
        if (tape := self._running(recording)) is not None:
            self._live_line().resume(tape)
            self.tell(signals.RecordingResumed, recording=recording)

    def stop_recording(self, recording: str) -> None:
        """End a recording; it is finished when its files are whole."""
        if (tape := self._running(recording)) is not None:
            tape.stop()

    def _running(self, recording: str) -> Tape | None:
        running = self._recording is not None and self._recording.recording == recording
        return self._recording_tape if running else None

    def refuse_recording(self, recording: str, reason: str) -> None:
        """Report a recording that cannot even begin."""
        self.tell(signals.RecordingFinished, recording=recording, reason=reason)

    def recorded(self, tape: Tape) -> None:
        """Finish the recording whose files are whole."""
        if tape is self._recording_tape:
            self._finish_recording("")

    def count(self, segment: StreamCount) -> None:
        """Add what was counted on a stream that has ended."""
        self.counted = segment if self.counted is None else self.counted + segment

    def wind_up(self) -> None:
        """End prompt, digits and recorders; the recording's files take a moment to close."""
        self.prompting.cut("interrupted")
        self.keypad.stop()
        self.holding.interrupt()
        self.transfer.interrupt()
        for joint in tuple(self.joints.values()):
            joint.part("the call is ending")
        self.forks.wind_up()
        self.talks.wind_up()
        self.concealment.stop()
        self.vigil.stop()
        if self._recording_tape is not None:
            self._recording_tape.stop()
        elif self._recording is not None:
            self._finish_recording("no audio flowed on this leg")

    def release(self, ending: Ending) -> None:
        """Report the last signals of the leg; afterwards it is silent."""
        for timer in (self.deadline, self._sampler):
            if timer is not None:
                timer.cancel()
        self.wind_up()
        if self._recording is not None:
            self._finish_recording("")
        if self.counted is not None:
            self.tell(signals.MediaMeasured, **asdict(self.counted))
        self.tell(signals.Released, **asdict(ending))
        self.released, self.line = True, None

    def _begin_recording(self, command: Record) -> None:
        try:
            self._recording_tape = self._live_line().record(
                command.received_path, command.sent_path
            )
        except OSError as error:
            self._finish_recording(str(error))
        else:
            self.tell(signals.RecordingStarted, recording=command.recording)

    def _finish_recording(self, reason: str) -> None:
        recording, self._recording, self._recording_tape = self._recording, None, None
        if recording is not None:
            self.refuse_recording(recording.recording, reason)

    def _heeded_line(self) -> Line | None:
        """Return the line while the call is up."""
        return self.line if self.answered and not self.over else None

    def detect_digits(self) -> None:
        """Look for tones from now on."""
        reason = ""
        try:
            self._live_line().detect_digits()
        except LineError as error:
            reason = str(error)
        self.tell(signals.DetectionStarted, reason=reason)

    def _press(self, digit: str, method: Method, duration_ms: int) -> None:
        self._live_line().press(digit, method, duration_ms)

    def _sent(self, sending: str, outcome: Outcome, reason: str = "") -> None:
        self.tell(signals.DigitsSent, sending=sending, outcome=outcome, reason=reason)

    def _live_line(self) -> Line:
        if self.line is None:
            raise LineError("the call is over")
        return self.line
