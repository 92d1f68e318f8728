"""Prompts: prepared beside the calls, then played, and ended on record however that goes."""

import logging

from workbench import commands as cm
from workbench import events as ev
from workbench.call import Call
from workbench.effects.stage import Stage
from workbench.errors import WorkbenchError
from workbench.prompts import PreparedPrompt

logger = logging.getLogger(__name__)


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

    def _forget(self, key: tuple[str, str], reason: str) -> bool:
        task = self._preparing.pop(key, None)
        if task is None:
            return False
        task.cancel()
        self._prompt_failed(*key, "interrupted", reason)
        return True

    async def _play(self, call: Call, event: ev.PromptRequested) -> None:
        key = call.id, event.prompt
        try:
            prepared = await self._in_thread(self._prepare, call.id, event)
        except Exception as error:
            # Whatever it is, the prompt has an end on record.
            if not isinstance(error, WorkbenchError):
                logger.exception("Call %s: a prompt could not be prepared", call.id)
            self._prompt_failed(*key, "failed", str(error) or type(error).__name__)
        else:
            self._switchboard.describe_prompt(*key, prepared.audio, prepared.duration_ms)
            path, endless = str(prepared.path), event.loop == 0
            self.ask(cm.Play(leg=call.leg, prompt=event.prompt, path=path, endless=endless))
        finally:
            self._preparing.pop(key, None)

    def _prepare(self, call_id: str, event: ev.PromptRequested) -> PreparedPrompt:
        endless = event.loop == 0
        return self._shelf.going_on(self._whole(call_id, event), event.skip_ms, endless=endless)

    def _whole(self, call_id: str, event: ev.PromptRequested) -> PreparedPrompt:
        if event.text:
            return self._shelf.from_text(event.text)
        search = self._search(call_id)
        files = [
            self._shelf.from_file(source, search) for source in event.sources or [event.source]
        ]
        return self._shelf.arranged(files, offset_s=event.offset_s, times=max(1, event.loop))

    def _prompt_failed(self, call_id: str, prompt: str, outcome: str, reason: str) -> None:
        call = self._switchboard.calls.get(call_id)
        if call is not None and ("prompt", prompt) in call.open:
            fields = {"outcome": outcome, "played_ms": 0, "reason": reason}
            self._switchboard.observe(call_id, ev.PromptFinished, prompt=prompt, **fields)
