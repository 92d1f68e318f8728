"""The verbs of audio: play, say, record."""

import math
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from workbench import events as ev
from workbench.control.barge_in import BargeIn, BargeInVerbs, Played, as_rule
from workbench.control.desk import is_text
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.markup import sentences

MOST_LOOPS = 1000


class AudioVerbs(BargeInVerbs):
    """What is heard and what is kept of it."""

    async def play(
        self,
        source: str | Path,
        *more: str | Path,
        offset: float = 0.0,
        loop: int = 1,
        barge_in: bool | BargeIn = False,
    ) -> Played:
        """Play audio files of any format that libsndfile reads, without a gap, to their end.

        A relative path is looked for beside the flow's file, then in the working folder.
        Cancelling the verb (`asyncio.timeout`, a cancelled task) stops the prompt, as do
        `stop` and a later prompt.

        Args:
            source: the file.
            more: files that follow it.
            offset: seconds of the whole to leave out at its begin, the first time as well
                as every other.
            loop: how many times to play it; 0 for ever, until it is stopped.
            barge_in: whether the far end may interrupt it, and by what; it is listened to
                then.

        Raises:
            InvalidAudio: a file is missing or cannot be read, or the offset is beyond it.
            InvalidInput: an offset, a count or a rule that cannot be.
        """
        _check_play(offset, loop)
        sources = tuple(str(each) for each in (source, *more)) if more else ()
        return await self._prompted(
            barge_in,
            source=str(source),
            sources=sources,
            offset_s=float(offset),
            loop=int(loop),
        )

    async def stop(self) -> None:
        """Stop what plays; does nothing when nothing does. Its `play` or `say` returns."""
        self._alive()
        for prompt in self._desk.playing():
            self._desk.decide(ev.PromptStopRequested, prompt=prompt)

    async def say(self, text: str, *, barge_in: bool | BargeIn = False) -> Played:
        """Speak a text, to its end.

        It may hold marks, as `[pause 0.5s]` and `[digits 4711]`, or be SSML, which begins
        with `<speak>`. What was heard of it is the `heard` of what is returned.

        Args:
            text: what to say.
            barge_in: as in `play`.

        Raises:
            InvalidAudio: the text cannot be spoken.
            InvalidInput: it holds nothing to say, or marks that cannot be read.
        """
        if not is_text(text) or not text.strip():
            message = f"`say` needs a text, not {text!r}."
            raise InvalidInput(message)
        sentences(text)
        return await self._prompted(barge_in, text=str(text))

    async def record(self) -> str:
        """Record both directions from now to the call's end; return the recording's name."""
        await self._media()
        recording = self._desk.name("recording")
        self._desk.decide(ev.RecordRequested, recording=recording)
        started = await self._wait("recording", recording)
        if isinstance(started, ev.RecordingFailed):
            raise NotAllowedNow(f"Call {self.id} cannot be recorded: {started.reason}")
        return recording

    async def pause_recording(self) -> None:
        """Record silence in both directions, so that the recording keeps its clock.

        What is said until `resume_recording` is in no file.
        """
        await self._change_recording(ev.RecordPauseRequested, "paused")

    async def resume_recording(self) -> None:
        """Record both directions again."""
        await self._change_recording(ev.RecordResumeRequested, "resumed")

    async def stop_recording(self) -> None:
        """End the recording before the call; it is stored while the call goes on."""
        await self._change_recording(ev.RecordStopRequested, "stopped")

    async def _change_recording(self, kind: type[ev.Decision], wanted: str) -> None:
        self._alive()
        running = self._desk.call.recording
        if not running:
            raise NotAllowedNow(f"Call {self.id} is not being recorded: `record` it first.")
        recording = running[-1]
        self._desk.decide(kind, recording=recording)
        changed = await self._wait(wanted, recording)
        if isinstance(changed, ev.RecordingFailed):
            raise NotAllowedNow(f"The recording of call {self.id} failed: {changed.reason}")

    async def _prompted(self, barge_in: bool | BargeIn, **asked: Any) -> Played:
        if (rule := as_rule(barge_in)) is not None:
            return await self._interruptible(rule, **asked)
        played = await self._prompt(**asked)
        self._desk.floor.turns.clear()  # nobody was to be heard meanwhile
        return played


def _check_play(offset: Any, loop: Any) -> None:
    if not isinstance(offset, Real) or not 0 <= float(offset) < math.inf:
        message = f"`offset` is seconds from the begin, a number from 0, not {offset!r}."
        raise InvalidInput(message)
    if not isinstance(loop, Integral) or not 0 <= int(loop) <= MOST_LOOPS:
        message = f"`loop` is how often, from 1 to {MOST_LOOPS}, or 0 for ever, not {loop!r}."
        raise InvalidInput(message)
