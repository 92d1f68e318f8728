"""Who waits for which event of a call: the futures of verbs, and what fulfils them."""

import asyncio
from collections.abc import Callable
from typing import Any

from workbench import events as ev


class Hearing:
    """The futures that verbs wait for, by what each is to hear of."""

    def __init__(self, future: Callable[[], "asyncio.Future[Any]"]) -> None:
        """Make futures by `future`."""
        self._future = future
        self._expected: dict[tuple[str, ...], list[asyncio.Future[Any]]] = {}
        self._stopped: set[str] = set()

    def expect(self, *key: str) -> "asyncio.Future[Any]":
        """Return a future of the event that this key stands for."""
        future = self._future()
        self._expected.setdefault(key, []).append(future)
        return future

    def asked(self, kind: type[ev.Event], prompt: str) -> None:
        """Take note of a decision that cuts prompts short, whoever took it."""
        if kind is ev.PromptRequested:
            self._stopped.update(self.playing())
        elif kind is ev.PromptStopRequested:
            self._stopped.add(prompt)

    def end(self, error: BaseException) -> None:
        """Let all that wait hear that nothing more will come."""
        for futures in self._expected.values():
            for future in futures:
                if not future.done():
                    future.set_exception(error)
        self._expected.clear()

    def hear(self, event: ev.Event) -> bool:
        """Fulfil what waits for an event; return whether anything could."""
        heard = _HEARD.get(type(event))
        if heard is not None:
            heard(self, event)
        return heard is not None

    def _resolve(self, event: ev.Event, *key: str) -> None:
        for future in self._expected.pop(key, []):
            if not future.done():
                future.set_result(event)

    def playing(self) -> list[str]:
        """Return the prompts that play or are about to."""
        return [key[1] for key in self._expected if key[0] == "prompt"]

    def _hear_prompt_finished(self, event: ev.PromptFinished) -> None:
        # One that was cut though nobody asked for it was cut by the end of the call, and
        # that is what the flow gets to hear next.
        if event.outcome != "interrupted" or event.prompt in self._stopped:
            self._resolve(event, "prompt", event.prompt)

    def _hear_digits_sent(self, event: ev.DigitsSent) -> None:
        if event.outcome != "interrupted":
            self._resolve(event, "sending", event.sending)

    def _resolve_unless_cut(self, event: Any, *key: str) -> None:
        # What the end of the call cut short, the flow hears of as that end.
        if event.outcome != "interrupted":
            self._resolve(event, *key)

    def _hear_left(self, event: ev.ConferenceLeft) -> None:
        for wanted in ("room", "left"):
            self._resolve(event, wanted, event.room)

    def _hear_unbridged(self, event: ev.Unbridged) -> None:
        for wanted in ("bridged", "unbridged"):
            self._resolve(event, wanted, event.other)

    def _hear_refused(self, event: ev.Refused) -> None:
        if event.way == "redirect":
            self._resolve(event, "redirect")

    def _hear_recording_failed(self, event: ev.RecordingFailed) -> None:
        for wanted in ("recording", "paused", "resumed", "stopped"):
            self._resolve(event, wanted, event.recording)

    def _hear_step_returned(self, event: ev.StepReturned) -> None:
        for wanted in ("step", "piece"):
            self._resolve(event, wanted, event.step)

    def _hear_listening_finished(self, event: ev.ListeningFinished) -> None:
        for wanted in ("listening", "listening_finished"):
            self._resolve(event, wanted, event.listening)
        self._resolve(event, "floor")

    def _hear_fork_finished(self, event: ev.ForkFinished) -> None:
        for wanted in ("fork", "fork_finished"):
            self._resolve(event, wanted, event.fork)


_HEARD: dict[type[ev.Event], Callable[[Hearing, Any], None]] = {
    ev.Answered: lambda me, event: me._resolve(event, "answered"),
    ev.Refused: Hearing._hear_refused,
    ev.MediaStarted: lambda me, event: me._resolve(event, "media"),
    ev.DigitReceived: lambda me, event: me._resolve(event, "digit"),
    ev.Concealed: lambda me, event: me._resolve(event, "concealed", event.concealment),
    ev.DigitDetectionStarted: lambda me, event: me._resolve(event, "detecting"),
    ev.DigitsSent: Hearing._hear_digits_sent,
    ev.PromptFinished: Hearing._hear_prompt_finished,
    ev.RecordingStarted: lambda me, event: me._resolve(event, "recording", event.recording),
    ev.RecordingPaused: lambda me, event: me._resolve(event, "paused", event.recording),
    ev.RecordingResumed: lambda me, event: me._resolve(event, "resumed", event.recording),
    ev.RecordingStopped: lambda me, event: me._resolve(event, "stopped", event.recording),
    ev.RecordingFailed: Hearing._hear_recording_failed,
    ev.TransferFinished: lambda me, event: me._resolve_unless_cut(
        event, "transfer", event.transfer
    ),
    ev.DialAnswered: lambda me, event: me._resolve(event, "dial-answered", event.dial),
    ev.DialFinished: lambda me, event: me._resolve_unless_cut(event, "dial", event.dial),
    ev.Bridged: lambda me, event: me._resolve(event, "bridged", event.other),
    ev.Unbridged: Hearing._hear_unbridged,
    ev.ConferenceJoined: lambda me, event: me._resolve(event, "room", event.room),
    ev.ConferenceLeft: Hearing._hear_left,
    ev.ParkFinished: lambda me, event: me._resolve_unless_cut(event, "park", event.park),
    ev.PickedUp: lambda me, event: me._resolve_unless_cut(event, "pickup", event.pickup),
    ev.ForkStarted: lambda me, event: me._resolve(event, "fork", event.fork),
    ev.ForkFinished: Hearing._hear_fork_finished,
    ev.ListeningStarted: lambda me, event: me._resolve(event, "listening", event.listening),
    ev.ListeningFinished: Hearing._hear_listening_finished,
    ev.TalkStarted: lambda me, event: me._resolve(event, "talk", event.talk),
    ev.TalkFinished: lambda me, event: me._resolve(event, "talk", event.talk),
    ev.Held: lambda me, event: me._resolve(event, "hold", event.hold),
    ev.Resumed: lambda me, event: me._resolve(event, "hold", event.hold),
    ev.HoldFailed: lambda me, event: me._resolve_unless_cut(event, "hold", event.hold),
    ev.Muted: lambda me, event: me._resolve(event, "muted"),
    ev.Unmuted: lambda me, event: me._resolve(event, "unmuted"),
    ev.ReferReceived: lambda me, event: me._resolve(event, "referral"),
    ev.ReferFinished: lambda me, event: me._resolve_unless_cut(event, "refer", event.refer),
    **{
        kind: lambda me, event: me._resolve(event, "floor")
        for kind in (
            ev.SpeechStarted,
            ev.SpeechLasted,
            ev.SpeechEnded,
            ev.TranscriptUpdated,
            ev.TranscriptFinal,
            ev.RecognitionFailed,
            ev.TurnEnded,
        )
    },
    ev.ToneHeard: lambda me, event: me._resolve(event, "tone"),
    ev.StepYielded: lambda me, event: me._resolve(event, "piece", event.step),
    ev.StepReturned: Hearing._hear_step_returned,
}
