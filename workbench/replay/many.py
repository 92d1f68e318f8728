"""Replays of many calls: made one after another as somebody asks for them, and kept."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from workbench.progress import Bar
from workbench.replay.exact import Replay
from workbench.tables import html_table
from workbench.views.calls import SHORT

SHOWN = 20
"""Divergences that are shown, the first ones."""


class Replays:
    """Replays of the calls of a flow, the oldest first.

    Go through them; whoever is interrupted goes on where it was, the next time.
    """

    def __init__(
        self, flow: str, call_ids: Iterable[str], replay: Callable[[str], Replay | None]
    ) -> None:
        """Replay calls by `replay`, which returns None for one that the flow did not take."""
        self._flow, self._replay = flow, replay
        self._left = deque(call_ids)
        self._total = len(self._left)
        self._made: list[Replay] = []

    def __iter__(self) -> Iterator[Replay]:
        """Yield those that are made, then the others as soon as each is."""
        at = 0
        with Bar("Replaying calls", self._total) as bar:
            while at < len(self._made) or self._make(bar):
                yield self._made[at]
                at += 1

    @property
    def made(self) -> tuple[Replay, ...]:
        """Those that are made already."""
        return tuple(self._made)

    def _make(self, bar: Bar) -> bool:
        """Replay the next call that the flow took; False when there is none left."""
        while self._left:
            bar.reached(self._total - len(self._left))
            made = self._replay(self._left[0])
            self._left.popleft()
            if made is not None:
                self._made.append(made)
                return True
        return False

    def __str__(self) -> str:
        """Say how many decide the same, then each divergence; makes what is not made yet."""
        made = list(self)
        diverged = [str(each) for each in made if not each.equal]
        return "\n".join([summary(self._flow, made), *diverged[:SHOWN], *_more(diverged)])

    def __repr__(self) -> str:
        """Say how far it is, and make none."""
        done = self._total - len(self._left)
        return f"<Replays of {self._flow}: {done} of {self._total} calls looked at>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        made = list(self)
        diverged = [each for each in made if not each.equal]
        more = "".join(f"<p>{line}</p>" for line in _more(diverged))
        facts = html_table((), [("flow", self._flow), ("replay", summary(self._flow, made))])
        return facts + (replay_table(diverged[:SHOWN]) + more if diverged else "")


def summary(flow: str, made: Sequence[Replay]) -> str:
    """Say in a sentence how replays of a flow went."""
    if not made:
        return f"No call of this store was taken by a flow named {flow!r}."
    same = sum(each.equal for each in made)
    return f"{same} of {len(made)} calls decide the same with {flow} today."


def replay_table(replays: Iterable[Replay]) -> str:
    """Return replays as an HTML table, a row each."""
    head = ("call", "same decisions", "replay", "then", "now", "line")
    return html_table(head, map(_row, replays))


def _row(replay: Replay) -> tuple[str, ...]:
    found, call_id = replay.divergence, replay.call_id[:SHORT]
    if found is None:
        return call_id, str(replay.decisions), "same", "", "", ""
    after = f"diverges after event {found.version}: {found.event}"
    sides = found.then.words, found.now.words
    return call_id, str(replay.decisions), after, *sides, found.where


def _more(diverged: Sequence[object]) -> list[str]:
    return [f"{len(diverged) - SHOWN} more diverge."] if len(diverged) > SHOWN else []
