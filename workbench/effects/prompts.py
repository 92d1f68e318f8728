"""Prompts: prepared beside the calls, then played, and ended on record however that goes.

A text is spoken sentence by sentence: the first plays while the next is made. It stays one
prompt on record.
"""

import logging
from collections.abc import Sequence

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.stage import Stage
from workbench.errors import WorkbenchError
from workbench.markup import Sentence, sentences
from workbench.prompts import PreparedPrompt
from workbench.recital import Reciter, SpokenPart, shifted

logger = logging.getLogger(__name__)

Key = tuple[str, str]
"""A call and a prompt of it."""


class PromptEffects(Stage):
    """What is played and spoken."""

    def _prompt(self, call: Call, event: ev.PromptRequested) -> None:
        if call.ended is not None:
            self._switchboard.tie_up(call.id)
            return
        for key in [key for key in self._preparing if key[0] == call.id]:
            self._forget(key, "another prompt replaced it")
        task = self._spawn(self._play(call, event))
        self._preparing[call.id, event.prompt] = task

    def _stop_prompt(self, call: Call, event: ev.PromptStopRequested) -> None:
        if not self._forget((call.id, event.prompt), "it was stopped"):
            self.ask(cm.Stop(leg=call.leg, prompt=event.prompt))

    def _forget(self, key: Key, reason: str) -> bool:
        task = self._preparing.pop(key, None)
        if task is None:
            return False
        task.cancel()
        self._prompt_failed(*key, "interrupted", reason)
        return True

    async def _play(self, call: Call, event: ev.PromptRequested) -> None:
        key = call.id, event.prompt
        try:
            if event.text:
                await self._recite(call, event)
            else:
                prepared = await self._in_thread(self._prepare, call.id, event)
                self._begin(call, event, prepared)
        except Exception as error:  # noqa: BLE001 - the prompt has an end on record
            self._prompt_failed(*key, "failed", _told(call.id, error))
        finally:
            self._preparing.pop(key, None)

    def _begin(
        self,
        call: Call,
        event: ev.PromptRequested,
        prepared: PreparedPrompt,
        *,
        more: bool = False,
    ) -> None:
        """Play what is prepared; from now on the engine ends the prompt."""
        key, path = (call.id, event.prompt), str(prepared.path)
        duration_ms = None if more else prepared.duration_ms
        self._switchboard.describe_prompt(*key, prepared.audio, duration_ms)
        endless = event.loop == 0
        self._preparing.pop(key, None)
        self.ask(
            cm.Play(leg=call.leg, prompt=event.prompt, path=path, endless=endless, more=more)
        )

    def _prepare(self, call_id: str, event: ev.PromptRequested) -> PreparedPrompt:
        endless = event.loop == 0
        return self._shelf.going_on(self._files(call_id, event), event.skip_ms, endless=endless)

    def _files(self, call_id: str, event: ev.PromptRequested) -> PreparedPrompt:
        search = self._search(call_id)
        files = [
            self._shelf.from_file(source, search) for source in event.sources or [event.source]
        ]
        return self._shelf.arranged(files, offset_s=event.offset_s, times=max(1, event.loop))

    async def _recite(self, call: Call, event: ev.PromptRequested) -> None:
        """Speak a text: at once what is there, else part by part."""
        reciter = Reciter(self._shelf)
        said = sentences(event.text)
        whole = await self._in_thread(_whole, reciter, said, event)
        if whole is not None:
            self._describe(call, event, whole, 1, 1, 0)
            self._begin(call, event, whole.prepared)
            return
        first = await self._in_thread(reciter.speak, said[0])
        self._describe(call, event, first, 1, len(said), 0)
        self._begin(call, event, first.prepared, more=True)
        await self._go_on(call, event, reciter, said, first.prepared.duration_ms)

    async def _go_on(
        self,
        call: Call,
        event: ev.PromptRequested,
        reciter: Reciter,
        said: Sequence[Sentence],
        start_ms: int,
    ) -> None:
        """Speak the rest of a text whose begin plays already, as long as it plays."""
        reason = ""
        for number, sentence in enumerate(said[1:], 2):
            try:
                part = await self._in_thread(reciter.speak, sentence)
            except Exception as error:  # noqa: BLE001 - as above
                reason = _told(call.id, error)
                break
            if ("prompt", event.prompt) not in call.open:
                return
            self._describe(call, event, part, number, len(said), start_ms)
            start_ms += part.prepared.duration_ms
            path, last = str(part.prepared.path), number == len(said)
            self.ask(cm.PlayMore(leg=call.leg, prompt=event.prompt, path=path, last=last))
        if reason:
            self.ask(cm.PlayMore(leg=call.leg, prompt=event.prompt, last=True, reason=reason))

    def _describe(
        self,
        call: Call,
        event: ev.PromptRequested,
        part: SpokenPart,
        number: int,
        parts: int,
        start_ms: int,
    ) -> None:
        """Put on record what is said in a part, and where its words lie."""
        if ("prompt", event.prompt) not in call.open:
            return
        voice = self._shelf.voice
        self._switchboard.observe(
            call.id, ev.PromptPrepared, prompt=event.prompt, part=number, parts=parts,
            text=part.text, audio=part.prepared.audio, start_ms=start_ms,
            duration_ms=part.prepared.duration_ms, timing=part.timing,
            words=tuple(shifted(part.words, start_ms)),
            voice=voice.name if voice else "", voice_version=voice.version if voice else "",
        )  # fmt: skip

    def _prompt_failed(self, call_id: str, prompt: str, outcome: str, reason: str) -> None:
        call = self._switchboard.calls.get(call_id)
        if call is not None and ("prompt", prompt) in call.open:
            fields = {"outcome": outcome, "played_ms": 0, "reason": reason}
            self._switchboard.observe(call_id, ev.PromptFinished, prompt=prompt, **fields)


def _whole(
    reciter: Reciter, said: Sequence[Sentence], event: ev.PromptRequested
) -> SpokenPart | None:
    """Return all of a text when it is there, or has to be, or is one sentence."""
    from_within = event.offset_s or event.skip_ms
    if not from_within and len(said) > 1 and not all(map(reciter.has, said)):
        return None
    parts = [reciter.speak(sentence) for sentence in said]
    return reciter.joined(parts, offset_s=event.offset_s, skip_ms=event.skip_ms)


def _told(call_id: str, error: Exception) -> str:
    if not isinstance(error, WorkbenchError):
        logger.error("Call %s: a prompt could not be prepared", call_id, exc_info=error)
    return str(error) or type(error).__name__
