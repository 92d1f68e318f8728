"""A call as a script: observed events in, decisions out, without engine, store or time."""

from typing import Any, Self

from workbench import events as ev
from workbench.call import Call
from workbench.clock import ManualClock
from workbench.flow import Flow
from workbench.flow_run import FlowRun
from workbench.views.wording import in_words


class ScriptedCall:
    """One inbound call that a flow takes; every fact is half a second after the one before."""

    def __init__(self, flow: Flow, call_id: str = "CA00") -> None:
        self.clock = ManualClock()
        self.call = Call(call_id)
        self.run = FlowRun(flow, call_id)
        self.history: list[ev.Event] = []
        self._starts: dict[str, int] = {}
        offered = self._record(ev.Offered, leg="leg-1", from_="sip:a@x", to="sip:b@x")
        self.run.fold(offered)
        self._note(self.run.start(offered))

    def _record(self, kind: type[ev.Event], **fields: Any) -> ev.Event:
        self.clock.advance(0.5)
        event = self.call.next(kind, self.clock.now(), **fields)
        self.history.append(event)
        return event

    def _note(self, drafts: list[Any]) -> None:
        for draft in drafts:
            self.history.append(self.call.next(draft.kind, self.clock.now(), **draft.columns()))

    def hear(self, kind: type[ev.Event], **fields: Any) -> list[str]:
        """Let an observed event happen; return what the flow decides, in words."""
        event = self._record(kind, **fields)
        known = len(self.history)
        self._note(self.run.deliver(event))
        return [in_words(decided) for decided in self.history[known:]]

    def answered(self) -> Self:
        """Let the call come up."""
        self.hear(ev.MediaStarted, codec="PCMU", clock_rate=8000, media_ms=0)
        self.hear(ev.Answered)
        return self

    def press(self, digits: str) -> list[str]:
        """Press keys; return what the flow decides at the last."""
        decided: list[str] = []
        for digit in digits:
            decided = self.hear(ev.DigitReceived, digit=digit)
        return decided

    def prompt_ends(
        self, prompt: str, outcome: str = "completed", reason: str = ""
    ) -> list[str]:
        """Let a prompt be over."""
        return self.hear(
            ev.PromptFinished, prompt=prompt, outcome=outcome, played_ms=900, reason=reason
        )

    def listened_to(self, *, words: bool = True) -> Self:
        """Let somebody listen to the far end, and for its words too."""
        self.hear(
            ev.ListeningStarted, listening="listening-1", recognizer="script" * words,
            from_ms=0,
        )  # fmt: skip
        return self

    def speech_starts(self, utterance: str = "u-1") -> list[str]:
        """Let the far end begin to speak; it was noticed 100 ms later."""
        start_ms = self._media_ms() + 400
        self._starts[utterance] = start_ms
        return self._of_speech(ev.SpeechStarted, utterance, start_ms=start_ms)

    def seems_to_say(self, text: str, utterance: str = "u-1") -> list[str]:
        """Let words be made out of what is being said."""
        return self._of_speech(
            ev.TranscriptUpdated, utterance, text=text, **self._span(utterance)
        )

    def speech_lasts(self, lasted_ms: int, utterance: str = "u-1") -> list[str]:
        """Let it have gone on as long as was asked for."""
        start_ms = self._starts[utterance]
        return self._of_speech(
            ev.SpeechLasted, utterance, start_ms=start_ms, lasted_ms=lasted_ms
        )

    def speech_ends(self, utterance: str = "u-1") -> list[str]:
        """Let silence follow."""
        return self._of_speech(ev.SpeechEnded, utterance, **self._span(utterance))

    def said(
        self, text: str, utterance: str = "u-1", confidence: float | None = None
    ) -> list[str]:
        """Let the words of an utterance be final; empty for a noise."""
        return self._of_speech(
            ev.TranscriptFinal, utterance, text=text, confidence=confidence,
            **self._span(utterance),
        )  # fmt: skip

    def turn_ends(self, text: str, *utterances: str) -> list[str]:
        """Let the far end have had its say."""
        names = utterances or ("u-1",)
        return self.hear(
            ev.TurnEnded, listening="listening-1", track="received", text=text,
            utterances=names, **self._span(names[0]),
        )  # fmt: skip

    def speaks(self, text: str, utterance: str = "u-1") -> list[str]:
        """Let the far end speak, from begin to end; return what is decided at the last."""
        self.speech_starts(utterance)
        self.speech_ends(utterance)
        decided = self.said(text, utterance)
        return self.turn_ends(text, utterance) if text else decided

    def _of_speech(self, kind: type[ev.Event], utterance: str, **fields: Any) -> list[str]:
        return self.hear(
            kind, listening="listening-1", track="received", utterance=utterance, **fields
        )

    def _span(self, utterance: str) -> dict[str, int]:
        return {"start_ms": self._starts[utterance], "end_ms": self._media_ms() + 400}

    def _media_ms(self) -> int:
        return self.call.media_ms(self.clock.now()) or 0

    def hang_up(self) -> list[str]:
        """Let the caller hang up."""
        return self.hear(
            ev.Ended, by="caller", status="completed", sip_code=200, q850_cause=16,
            hangup_cause="NORMAL_CLEARING",
        )  # fmt: skip

    @property
    def words(self) -> list[str]:
        """All decisions so far, in words."""
        return [in_words(event) for event in self.history if isinstance(event, ev.Decision)]
