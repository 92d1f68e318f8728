"""The prompt of one leg: what is asked for, what plays, and what of it left on the wire."""

from collections.abc import Callable
from typing import Literal

from workbench import signals
from workbench.commands import Play, PlayMore
from workbench.engine.line import Line, PromptTape, Tape

Outcome = Literal["completed", "interrupted", "failed"]


class Prompting:
    """At most one prompt at a time."""

    def __init__(
        self,
        line: Callable[[], Line],
        tell: Callable[..., None],
        media_began: Callable[[], float | None],
    ) -> None:
        """Play on the line, report by `tell`; audio began at a moment, or has not yet."""
        self._line, self._tell, self._media_began = line, tell, media_began
        self._asked: Play | None = None
        self._tape: PromptTape | None = None
        self._waiting: list[PlayMore] = []
        """Parts that came before there was audio."""
        self._fault = ""
        """Why a part of the prompt is missing."""
        self._silent = False

    def begin(self, command: Play) -> None:
        """Play a prompt in place of the one that plays; wait for audio if need be."""
        self.cut("interrupted", "replaced by another prompt")
        self._asked = command
        if self._media_began() is not None:
            self.start_media()

    def start_media(self) -> None:
        """Begin what has waited for audio."""
        command = self._asked
        if command is None or self._tape is not None:
            return
        try:
            self._tape = self._line().play(
                command.path, endless=command.endless, more=command.more
            )
        except OSError as error:
            self.cut("failed", str(error))
            return
        self._tape.hush(silent=self._silent)
        self._tell(signals.PromptStarted, prompt=command.prompt)
        waiting, self._waiting = self._waiting, []
        for part in waiting:
            self.add(part)

    def add(self, command: PlayMore) -> None:
        """Play a further part of the prompt; one that is over already is left alone."""
        if self._asked is None or self._asked.prompt != command.prompt:
            return
        if self._tape is None:
            self._waiting.append(command)
            return
        self._fault = self._fault or command.reason
        try:
            if command.path:
                self._tape.add(command.path)
        except OSError as error:
            self._fault = self._fault or str(error)
        if command.last:
            self._tape.finish()

    def stop(self, prompt: str) -> None:
        """Stop a prompt, unless it is over already."""
        if self._asked is not None and self._asked.prompt == prompt:
            self.cut("interrupted")

    def cut(self, outcome: Outcome, reason: str = "") -> None:
        """Finish the prompt that plays or waits, if there is one."""
        asked, tape = self._asked, self._tape
        self._asked = self._tape = None
        self._waiting, self._fault = [], ""
        if asked is None:
            return
        if tape is None:
            self.refuse(asked.prompt, reason, outcome)
            return
        tape.stop()  # before it is asked how far it came
        self._tell(
            signals.PromptFinished, prompt=asked.prompt, outcome=outcome, reason=reason,
            played_ms=tape.played_ms, spans=self._spans(tape), late_ms=tape.late_ms,
        )  # fmt: skip

    def refuse(self, prompt: str, reason: str, outcome: Outcome = "failed") -> None:
        """Report a prompt of which nothing was played."""
        self._tell(
            signals.PromptFinished, prompt=prompt, outcome=outcome, played_ms=0, reason=reason
        )

    def played_out(self, tape: Tape) -> None:
        """Finish the prompt whose audio has come to its end."""
        if tape is self._tape:
            self.cut("failed" if self._fault else "completed", self._fault)

    def hush(self, *, silent: bool) -> None:
        """Take note that nothing that is played leaves from now on, or that it does again."""
        self._silent = silent
        if self._tape is not None:
            self._tape.hush(silent=silent)

    def _spans(self, tape: PromptTape) -> tuple[tuple[int, int, int], ...]:
        media_began = self._media_began() or 0.0
        return tuple(
            (start_ms, end_ms, round((began - media_began) * 1000))
            for start_ms, end_ms, began in tape.spans.told()
        )
