"""The magics of a notebook: a flow that is written in a cell is live, and replayed at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from workbench import Workbench, load_ipython_extension
from workbench.clock import SystemClock
from workbench.engine.loopback import Loopback
from workbench.errors import InvalidInput
from workbench.magics import Trial

CALLER = """
@flow
async def caller(call):
    await call.sleep(0.2)
"""
TAKES = """
from workbench import flow
@flow
async def desk(call):
    await call.answer()
    await call.sleep(0.1)
    return 1
"""


class Shown:
    """A shell with a bench, and what it displayed."""

    def __init__(self, shell: InteractiveShell, bench: Workbench) -> None:
        self.shell, self.bench = shell, bench
        self.displayed: list[Any] = []

    def write(self, cell: str, options: str = "") -> None:
        """Run a cell that begins with `%%flow`."""
        run: Any = self.shell.run_cell_magic
        run("flow", options, cell)


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # of another one it would warn
    shell = InteractiveShell()
    load_ipython_extension(shell)
    with Workbench(tmp_path / "store", engine=Loopback(SystemClock())) as bench:
        shell.user_ns["bench"] = bench
        shown = Shown(shell, bench)
        monkeypatch.setattr("workbench.magics.display", shown.displayed.append)
        yield shown


def call(notebook: Shown) -> None:
    notebook.shell.run_cell(CALLER)
    caller = notebook.shell.user_ns["caller"]
    (address,) = notebook.bench.addresses
    notebook.bench.dial(address, flow=caller).wait(20)
    notebook.bench.calls[-1].wait(20)


def test_a_flow_is_live_on_the_next_call_and_replayed_on_the_last(notebook: Shown) -> None:
    notebook.write(TAKES)
    (first,) = notebook.displayed
    assert isinstance(first, Trial)
    assert first.replays == ()
    call(notebook)
    notebook.write(TAKES)
    assert [replay.equal for replay in notebook.displayed[-1].replays] == [True]
    notebook.write(TAKES.replace("0.1", "0.05"))
    (changed,) = notebook.displayed[-1].replays
    assert "0.05" in changed.divergence.now.words
    call(notebook)
    flows = [handle.state.flow for handle in notebook.bench.calls]
    assert flows.count("desk") == 2
    assert len(notebook.bench.addresses) == 1


def test_what_came_of_it_is_shown_in_words_and_as_a_table(notebook: Shown) -> None:
    notebook.write(TAKES)
    call(notebook)
    notebook.write(TAKES.replace("0.1", "0.05"), "--calls 1")
    trial = notebook.displayed[-1]
    assert "On 0 of its last 1 calls it decides the same." in str(trial)
    assert "diverges" in trial._repr_html_()


def test_only_some_calls_are_taken(notebook: Shown) -> None:
    notebook.write(TAKES, "--route 100")
    assert notebook.displayed[-1].pattern == "100"


@pytest.mark.parametrize(
    ("options", "cell"), [("", "x = 1"), ("--calls -1", TAKES), ("--route ?", TAKES)]
)
def test_what_cannot_be_is_said(notebook: Shown, options: str, cell: str) -> None:
    with pytest.raises(InvalidInput):
        notebook.write(cell, options)


def test_a_cell_that_fails_registers_nothing(notebook: Shown) -> None:
    notebook.write(TAKES + "\n1 / 0\n")
    assert notebook.displayed == []
    assert notebook.bench.addresses == []


def test_the_bench_of_the_notebook_is_shown_or_opened(notebook: Shown, tmp_path: Path) -> None:
    shell: Any = notebook.shell
    assert shell.run_line_magic("bench", "") is notebook.bench
    opened = shell.run_line_magic("bench", str(tmp_path / "other"))
    assert shell.user_ns["bench"] is opened is not notebook.bench
    opened.close()
