"""The player of a call: all its lanes, its audio, and the exact replay beside it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from workbench import events as ev
from workbench.replay import Replay
from workbench.views.lanes import Lanes
from workbench.widgets.outbox import Item
from workbench.widgets.panel import Panel, look, manners
from workbench.widgets.score import as_item, introduce, message_item, replay_item
from workbench.widgets.tapes import Deck, audio_of, tapes


class Player(Panel):
    """Plays a call that is over, or what there is of one that goes on."""

    _esm = manners("lanes", "sheets", "player")
    _css = look("lanes")

    def __init__(
        self,
        history: Sequence[ev.Event],
        *,
        recordings: Path | None = None,
        sources: Path | None = None,
        replay: Replay | None = None,
    ) -> None:
        """Show a history.

        Args:
            history: the events of one call, from the first.
            recordings: the store's folder of recordings; without it there is no sound.
            sources: the store's folder of the sources of flows.
            replay: what came of replaying the call.
        """
        self._history = history
        self._lanes = Lanes(history)
        self._deck = Deck.of(tapes(history, recordings) if recordings else ())
        self._jumps = 0
        call = introduce(self._lanes, sources)
        call["segments"] = [(part.start_ms, part.end_ms) for part in self._deck.segments]
        item, content = as_item(self._lanes.items.values())
        self._first: list[Item] = [(call, ()), (item, (content,)), *self._deck.peaks]
        if replay is not None:
            self._first.insert(1, (replay_item(history, replay, self._lanes), ()))
        super().__init__(error="\n".join(self._deck.problems), notice=self._silence())

    def _silence(self) -> str:
        """Say why there is nothing to be heard, where that is no fault."""
        if self._deck.segments or self._deck.problems:
            return ""
        call = self._lanes.call
        if call.ended is None:
            return (
                "The call goes on: its recording is stored when it is over. Open it again then."
            )
        if not call.media:
            return "No audio flowed in this call: there is nothing to be heard or drawn of it."
        return "No audio of this call is on record: there is no waveform, and no sound."

    def seek(self, seconds: float) -> None:
        """Move the cursor to so many seconds after the call's begin."""
        self._jumps += 1
        self.show(cursor={"ms": round(seconds * 1000), "n": self._jumps})

    def snapshot(self) -> Iterable[Item]:
        """Return the whole call."""
        return self._first

    def act(self, action: str, **fields: Any) -> None:
        """Give a segment of audio, or a SIP message."""
        if action == "audio":
            number = int(fields["segment"])
            audio = audio_of(self._deck.segments, number)
            self.push({"kind": "audio", "segment": number}, audio)
        elif action == "message":
            self.push(message_item(self._history, int(fields["version"])))
