"""Listening: the raw audio of a call for whoever finds speech in it, and what they find.

On the engine's side a listening is a fork; it is on record by what is found.
"""

import asyncio
from contextlib import suppress

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.forks import LATE_S, ForkEffects
from workbench.engine.slices import Slice
from workbench.errors import WorkbenchError
from workbench.redaction import Redaction, Redactor
from workbench.speech.ears import Finding, Names, Order
from workbench.speech.expected import Expected


class ListenEffects(ForkEffects):
    """What is found in the audio of calls."""

    redaction: Redaction | None = None
    """What is hidden of what is said, where a listening does not say otherwise."""

    async def run(self) -> None:
        """Hear what the engine forks, and hand commands to it."""
        self._loop = asyncio.get_running_loop()
        await super().run()

    def hear(self, audio: Slice) -> None:
        """Take audio of the engine, on any thread; ears have it on the bench's."""
        if (ear := self._attending.get((audio.leg, audio.fork))) is None:
            super().hear(audio)
        elif asyncio._get_running_loop() is self._loop:
            ear.put(audio)
        else:
            with suppress(RuntimeError):  # the bench is closed
                self._loop.call_soon_threadsafe(ear.put, audio)

    def _listen(self, call: Call, event: ev.ListenRequested) -> None:
        if call.ended is not None:
            self._finish_listening(call.id, event.listening, "the call had ended")
            return
        redaction = self._redaction_of(call.id, event.listening)
        redactor = Redactor(redaction) if redaction is not None else None
        order = Order(
            call_id=call.id, listening=event.listening, direction=event.direction,
            recognizer=event.recognizer, hints=event.hints, silence_ms=event.silence_ms,
        )  # fmt: skip

        def tell(finding: Finding) -> None:
            self._found(call.id, event.listening, finding, redactor)

        try:
            ear = self._ears.begin(order, tell)
        except WorkbenchError as error:
            self._finish_listening(call.id, event.listening, str(error))
            return
        self._attending[call.leg, event.listening] = ear
        self.ask(cm.Fork(leg=call.leg, fork=event.listening, direction=event.direction))

    def _expect_speech(self, call: Call, event: ev.SpeechExpected) -> None:
        if (ear := self._attending.get((call.leg, event.listening))) is not None:
            expected = Expected(
                answer=event.answer, digits=event.digits, silence_ms=event.silence_ms,
                lasting_ms=event.lasting_ms,
            )  # fmt: skip
            ear.expect(expected)

    def _stop_listening(self, call: Call, event: ev.ListenStopRequested) -> None:
        self.ask(cm.StopFork(leg=call.leg, fork=event.listening))

    def _redaction_of(self, call_id: str, listening: str) -> Redaction | None:
        run = self._runs.get(call_id)
        own = run.steps.pop(listening, None) if run is not None else None
        return own.args[0] if own is not None else self.redaction

    def _found(
        self, call_id: str, listening: str, finding: Finding, redactor: Redactor | None
    ) -> None:
        call = self._switchboard.calls.get(call_id)
        if call is None or ("listening", listening) not in call.open:
            return
        if finding.kind is ev.ListeningFinished:
            self._finish_listening(call_id, listening, finding.fields["reason"])
            return
        named = self._names.setdefault(call_id, Names()).rename(listening, finding)
        # Nothing has been recorded of it yet.
        fields = redactor.fields(named.kind, named.fields) if redactor else named.fields
        self._switchboard.observe(call_id, named.kind, listening=listening, **fields)

    def _finish_listening(self, call_id: str, listening: str, reason: str) -> None:
        call = self._switchboard.calls.get(call_id)
        if call is None or ("listening", listening) not in call.open:
            return
        if self._attending.pop((call.leg, listening), None) is not None and not call.ended:
            self.ask(cm.StopFork(leg=call.leg, fork=listening))
        fields = {"listening": listening, "reason": reason}
        self._switchboard.observe(call_id, ev.ListeningFinished, **fields)
        if call.ended and not any(kind == "listening" for kind, _ in call.open):
            self._names.pop(call_id, None)

    def end_ear(self, finished: ev.ListeningFinished) -> None:
        """Give an ear its end whose audio could not begin."""
        call = self._switchboard.calls.get(finished.call_id)
        if call and (ear := self._attending.pop((call.leg, finished.listening), None)):
            ear.close()

    def end_feeds(self, call: Call) -> None:
        """See to it that whoever hears a call that is over gets the end of it."""
        super().end_feeds(call)
        for (leg, _), ear in self._attending.items():
            if leg == call.leg:
                self._clock.call_later(LATE_S, ear.close)
