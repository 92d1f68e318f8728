"""`%load_ext workbench`: a flow is written in a cell, and is live and replayed at once."""

from typing import Any

import msgspec
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from workbench import events as ev
from workbench.bench import STORE, Workbench
from workbench.errors import InvalidInput
from workbench.flow import Flow
from workbench.replay import Replay
from workbench.tables import html_table

NAME = "bench"
"""The variable that the bench of a notebook is in."""
LOOKED_AT = 1000
"""Calls of the store, the last ones, among which those of a flow are looked for."""
TRIED = 10


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A flow that has been made live, and what it decides on the calls before."""

    flow: str
    address: str
    """Where it takes calls."""
    pattern: str
    """Which calls it takes."""
    replays: tuple[Replay, ...]
    """Of the last calls that a flow of this name took, the newest first."""

    def __str__(self) -> str:
        """Say where it is live, then how each replay went."""
        lines = [f"{self.flow} takes {self.pattern} calls to {self.address}.", self._sum()]
        return "\n".join([*lines, *(str(each) for each in self.replays if not each.equal)])

    __repr__ = __str__

    def _sum(self) -> str:
        if not self.replays:
            return "It has taken no calls yet."
        same = sum(replay.equal for replay in self.replays)
        return f"On {same} of its last {len(self.replays)} calls it decides the same."

    def _repr_html_(self) -> str:
        facts = [("flow", self.flow), ("takes", f"{self.pattern} calls to {self.address}")]
        rows = [_row(replay) for replay in self.replays]
        head = ("call", "decisions", "replay", "then", "now", "line")
        return html_table((), [*facts, ("replay", self._sum())]) + (
            html_table(head, rows) if rows else ""
        )


def _row(replay: Replay) -> tuple[str, ...]:
    found = replay.divergence
    if found is None:
        return replay.call_id, str(replay.decisions), "same", "", "", ""
    words = found.then.words, found.now.words, found.where
    return replay.call_id, str(replay.decisions), "diverges", *words


def tried(bench: Workbench, flow: Flow, most: int = TRIED) -> tuple[Replay, ...]:
    """Replay the last calls that a flow of this name took, the newest first."""
    found: list[Replay] = []
    for call_id in reversed(bench.last_calls(LOOKED_AT)):
        if len(found) == most:
            break
        history = bench.read(call_id)
        if any(isinstance(each, ev.FlowStarted) and each.flow == flow.name for each in history):
            found.append(bench.replay(call_id, {flow.name: flow}))
    return tuple(found)


@magics_class
class WorkbenchMagics(Magics):
    """The magics of a notebook."""

    shell: InteractiveShell

    @magic_arguments()
    @argument("store", nargs="?", default="", help="the folder of the store to open")
    @line_magic
    def bench(self, line: str) -> Workbench:
        """Show the bench of the notebook; open one in the variable `bench` if there is none."""
        store = parse_argstring(self.bench, line).store
        opened = self._open_bench()
        if opened is None or store:
            opened = Workbench(store or STORE)
            self.shell.user_ns[NAME] = opened
        return opened

    @magic_arguments()
    @argument("--route", default="any", help="the calls it takes: a number, +4930*, or any")
    @argument("--calls", type=int, default=TRIED, help="how many calls are replayed")
    @cell_magic
    def flow(self, line: str, cell: str) -> None:
        """Run the cell; its last flow takes calls from now on, and is replayed on the last."""
        asked = parse_argstring(self.flow, line)
        if asked.calls < 0:
            raise InvalidInput(f"--calls is how many calls are replayed, not {asked.calls}.")
        written = self._run(cell)
        if written is None:
            return
        bench = self.bench("")
        address = (bench.addresses or [bench.listen()])[0]
        bench.route(asked.route, written)
        replays = tried(bench, written, asked.calls)
        display(Trial(flow=written.name, address=address, pattern=asked.route, replays=replays))

    def _run(self, cell: str) -> Flow | None:
        """Run a cell; return the flow that it made last, None when the cell failed."""
        before = {id(each) for each in self.shell.user_ns.values() if isinstance(each, Flow)}
        if not self.shell.run_cell(cell).success:
            return None
        made = [
            each
            for each in self.shell.user_ns.values()
            if isinstance(each, Flow) and id(each) not in before
        ]
        if not made:
            message = "The cell makes no flow: put @flow before an `async def` of one call."
            raise InvalidInput(message)
        return made[-1]

    def _open_bench(self) -> Workbench | None:
        found: Any = self.shell.user_ns.get(NAME)
        return found if isinstance(found, Workbench) and not found.is_closed else None
