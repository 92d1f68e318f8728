"""The verbs of audio: play, say, record."""

import asyncio
from pathlib import Path

import msgspec

from workbench import events as ev
from workbench.control.desk import Verbs, is_text
from workbench.errors import InvalidAudio, InvalidInput, NotAllowedNow


class Played(msgspec.Struct, frozen=True):
    """How a prompt ended."""

    outcome: str
    """`completed` or `interrupted`."""
    played_ms: int
    """Milliseconds of it that were really played."""


class AudioVerbs(Verbs):
    """What is heard and what is kept of it."""

    async def play(self, source: str | Path) -> Played:
        """Play an audio file of any format that libsndfile reads, to its end.

        A relative path is looked for beside the flow's file, then in the working folder.
        Cancelling the verb (`asyncio.timeout`, a cancelled task) stops the prompt.

        Raises:
            InvalidAudio: the file is missing or cannot be read.
        """
        return await self._prompt(source=str(source))

    async def say(self, text: str) -> Played:
        """Speak a text, to its end.

        Raises:
            InvalidAudio: the text cannot be spoken.
        """
        if not is_text(text) or not text.strip():
            message = f"`say` needs a text, not {text!r}."
            raise InvalidInput(message)
        return await self._prompt(text=str(text))

    async def record(self) -> str:
        """Record both directions from now to the call's end; return the recording's name."""
        await self._media()
        recording = self._desk.name("recording")
        self._desk.decide(ev.RecordRequested, recording=recording)
        started = await self._wait("recording", recording)
        if isinstance(started, ev.RecordingFailed):
            raise NotAllowedNow(f"Call {self.id} cannot be recorded: {started.reason}")
        return recording

    async def _prompt(self, *, source: str = "", text: str = "") -> Played:
        await self._media()
        prompt = self._desk.name("prompt")
        self._desk.decide(ev.PromptRequested, prompt=prompt, source=source, text=text)
        try:
            finished = await self._desk.expect("prompt", prompt)
        except asyncio.CancelledError:
            self._alive()
            self._desk.decide(ev.PromptStopRequested, prompt=prompt)
            raise
        if finished.outcome == "failed":
            raise InvalidAudio(finished.reason)
        return Played(finished.outcome, finished.played_ms)
