"""`%load_ext workbench`: a flow is written in a cell, and is live and replayed at once."""

import ast
import asyncio
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from workbench import events as ev
from workbench.bench import STORE, Workbench
from workbench.errors import WorkbenchError
from workbench.flow import Flow
from workbench.progress import watched
from workbench.replay import Replay, replay_table
from workbench.routes import check_pattern
from workbench.tables import html_table

NAME = "bench"
"""The variable that the bench of a notebook is in."""
LOOKED_AT = 1000
"""Calls of the store, the last ones, among which those of a flow are looked for."""
TRIED = 10


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A flow of a cell: what it takes, and what it decides on the calls before."""

    flow: str
    live: str
    """Which calls it takes, and where."""
    replays: tuple[Replay, ...]
    """Of the last calls that a flow of this name took, the newest first."""
    others: tuple[str, ...] = ()
    """Names of the other flows that the cell makes."""
    interrupted: bool = False

    def __str__(self) -> str:
        """Say where it is live, then how each replay went."""
        lines = [f"{self.flow} {self.live}.", *self._remarks(), self._sum()]
        return "\n".join([*lines, *(str(each) for each in self.replays if not each.equal)])

    __repr__ = __str__

    def _remarks(self) -> Iterator[str]:
        if self.others:
            yield f"It is the last flow of the cell, which also makes {', '.join(self.others)}."

    def _sum(self) -> str:
        more = " The replays were interrupted." if self.interrupted else ""
        if not self.replays:
            return more.strip() or "It has taken no calls yet."
        same = sum(replay.equal for replay in self.replays)
        return f"It decides the same on {same} of its last {len(self.replays)} calls.{more}"

    def _repr_html_(self) -> str:
        remarks = (("note", each) for each in self._remarks())
        facts = [("flow", f"{self.flow} {self.live}"), *remarks, ("replay", self._sum())]
        return html_table((), facts) + (replay_table(self.replays) if self.replays else "")


def tried(bench: Workbench, flow: Flow, most: int = TRIED) -> Iterator[Replay]:
    """Replay the last calls that a flow of this name took, the newest first."""
    call_ids = bench.last_calls(LOOKED_AT)[::-1] if most else []
    left = most
    for call_id in watched(call_ids, "Looking at calls", len(call_ids)):
        history = bench.read(call_id)
        if any(isinstance(each, ev.FlowStarted) and each.flow == flow.name for each in history):
            yield bench.replay(call_id, {flow.name: flow})
            left -= 1
        if not left:
            return


@contextmanager
def one_sentence() -> Iterator[None]:
    """Let what is wrong be said in its sentence, without a traceback of ours."""
    try:
        yield
    except WorkbenchError as error:
        raise UsageError(str(error)) from error


@magics_class
class WorkbenchMagics(Magics):
    """The magics of a notebook."""

    shell: InteractiveShell

    @magic_arguments()
    @argument("store", nargs="?", default="", help="the folder of the store to open")
    @argument("--read-only", action="store_true", help="only look at it")
    @line_magic
    def bench(self, line: str) -> Workbench:
        """Show the bench in the variable `bench`, or open one; another store replaces it."""
        asked = parse_argstring(self.bench, line)
        with one_sentence():
            return self._bench(_unquoted(asked.store), read_only=asked.read_only)

    @magic_arguments()
    @argument("--route", default="any", help="the calls it takes: a number, +4930*, or any")
    @argument("--calls", type=int, default=TRIED, help="how many calls are replayed")
    @cell_magic
    def flow(self, line: str, cell: str) -> None:
        """Run the cell; its last flow takes calls from now on, and is replayed on the last."""
        asked = parse_argstring(self.flow, line)
        if asked.calls < 0:
            raise UsageError(f"--calls is how many calls are replayed, not {asked.calls}.")
        with one_sentence():
            route = check_pattern(_unquoted(asked.route))
            bench = self._bench()
            *others, written = self._run(cell)
            live = _live(bench, route, written)
            names = tuple(each.name for each in others)
            self._try(bench, written, asked.calls, flow=written.name, live=live, others=names)

    def _try(self, bench: Workbench, written: Flow, most: int, **fields: Any) -> None:
        replays: list[Replay] = []
        try:
            replays.extend(tried(bench, written, most))
        except KeyboardInterrupt:
            display(Trial(replays=tuple(replays), interrupted=True, **fields))
            raise UsageError("Interrupted: the rest was not replayed.") from None
        display(Trial(replays=tuple(replays), **fields))

    def _run(self, cell: str) -> list[Flow]:
        """Run a cell; return the flows that it makes, in their order."""
        if asyncio._get_running_loop() and _awaits(self.shell.transform_cell(cell)):
            raise UsageError("A %%flow cell can `await` in its flows only: use another cell.")
        # The flows themselves, not their ids: that of one which is gone may be used again.
        before = self._flows()
        if not self.shell.run_cell(cell).success:
            raise UsageError("The cell failed: no flow of it takes calls.")
        made = [each for each in self._flows() if not any(each is other for other in before)]
        if not made:
            message = "The cell makes no flow: put @flow above an `async def` of one call."
            raise UsageError(message)
        return sorted(made, key=self._place)

    def _flows(self) -> list[Flow]:
        found = [each for each in self.shell.user_ns.values() if isinstance(each, Flow)]
        return list({id(each): each for each in found}.values())

    def _place(self, flow: Flow) -> tuple[bool, int]:
        # One that was imported comes before those that are written here.
        return flow.function.__module__ == self.shell.user_module.__name__, flow.begins.line

    def _bench(self, store: str = "", *, read_only: bool = False) -> Workbench:
        held: Any = self.shell.user_ns.get(NAME)
        if held is not None and not isinstance(held, Workbench):
            message = f"The variable `{NAME}` holds no bench: rename it, or `del {NAME}`."
            raise UsageError(message)
        wanted = Path(store) if store else held.folder if held else STORE
        if held and not held.is_closed:
            if held.folder.resolve() == wanted.resolve():
                return held
            _check_over(held)
        opened = Workbench(wanted, read_only=read_only)
        if held:
            held.close()
        self.shell.user_ns[NAME] = opened
        return opened


def _awaits(source: str) -> bool:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        code = compile(source, "cell", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return False  # which is said when it is run
    return bool(code.co_flags & inspect.CO_COROUTINE)


def _check_over(bench: Workbench) -> None:
    if count := len(bench.in_progress):
        calls = "1 call is" if count == 1 else f"{count} calls are"
        message = f"{calls} in progress on this bench: `{NAME}.close()` hangs up what is up."
        raise UsageError(message)


def _live(bench: Workbench, route: str, flow: Flow) -> str:
    if bench.is_read_only:
        return "takes no calls, for the bench is open for reading only"
    address = (bench.addresses or [bench.listen()])[0]
    bench.route(route, flow)
    return f"takes {route} calls to {address}"


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
