"""The magics of a notebook: a flow that is written in a cell is live, and replayed at once."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from workbench import Workbench, load_ipython_extension
from workbench.clock import SystemClock
from workbench.engine.loopback import FarEnd, Loopback
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
    with Workbench(
        tmp_path / "store", engine=Loopback(SystemClock(), {"silent": FarEnd(responds=False)})
    ) as bench:
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
    assert "It decides the same on 0 of its last 1 calls." in str(trial)
    assert "diverges" in trial._repr_html_()


def test_only_some_calls_are_taken(notebook: Shown) -> None:
    notebook.write(TAKES, "--route 100")
    assert "takes 100 calls to sip:" in str(notebook.displayed[-1])


def test_the_last_flow_of_a_cell_takes_calls_though_its_name_is_older(
    notebook: Shown,
) -> None:
    other = TAKES.replace("desk", "other").replace("from workbench import flow\n", "")
    notebook.write(TAKES + other)
    assert (notebook.displayed[-1].flow, notebook.displayed[-1].others) == ("other", ("desk",))
    notebook.write(other + TAKES)
    assert (notebook.displayed[-1].flow, notebook.displayed[-1].others) == ("desk", ("other",))
    assert "which also makes other" in str(notebook.displayed[-1])


@pytest.mark.parametrize(
    ("options", "cell", "said"),
    [
        ("", "x = 1", "The cell makes no flow"),
        ("--calls -1", TAKES, "--calls is how many"),
        ("--calls many", TAKES, "invalid int"),
        ("--route ?", TAKES, "The route '?' cannot be used"),
        ("", TAKES + "\n1 / 0\n", "The cell failed"),
        ("", "def (", "The cell failed"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_registers_nothing(
    notebook: Shown, options: str, cell: str, said: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        notebook.write(cell, options)
    assert notebook.displayed == []
    assert notebook.bench.addresses == []


def test_a_cell_that_awaits_is_refused_where_it_could_only_fail(notebook: Shown) -> None:
    async def kernel() -> None:
        notebook.write(TAKES + "\nawait bench.dial('sip:a@loopback')")

    with pytest.raises(UsageError, match="`await` in its flows only"):
        asyncio.run(kernel())


def test_interrupted_replays_are_told_and_the_flow_is_live(
    notebook: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.write(TAKES)
    call(notebook)
    call(notebook)
    replayed: list[Any] = []
    replay = notebook.bench.replay

    def interrupted(*asked: Any) -> Any:
        if replayed:
            raise KeyboardInterrupt
        replayed.append(replay(*asked))
        return replayed[-1]

    monkeypatch.setattr(notebook.bench, "replay", interrupted)
    with pytest.raises(UsageError, match="Interrupted"):
        notebook.write(TAKES)
    assert notebook.displayed[-1].replays == tuple(replayed)
    assert "The replays were interrupted." in str(notebook.displayed[-1])
    assert len(notebook.bench.addresses) == 1


def test_a_bench_for_reading_only_replays(notebook: Shown, tmp_path: Path) -> None:
    notebook.write(TAKES)
    call(notebook)
    notebook.bench.close()
    shell: Any = notebook.shell
    looking = shell.run_line_magic("bench", "--read-only")
    assert looking.is_read_only
    notebook.write(TAKES)
    trial = notebook.displayed[-1]
    assert [replay.equal for replay in trial.replays] == [True]
    assert "takes no calls" in str(trial)
    looking.close()


def test_the_bench_of_the_notebook_is_shown_or_opened(notebook: Shown, tmp_path: Path) -> None:
    shell: Any = notebook.shell
    store, other = tmp_path / "store", tmp_path / "an other"
    assert shell.run_line_magic("bench", "") is notebook.bench
    assert shell.run_line_magic("bench", str(store)) is notebook.bench
    opened = shell.run_line_magic("bench", f'"{other}"')
    assert shell.user_ns["bench"] is opened is not notebook.bench
    assert (opened.folder, notebook.bench.is_closed) == (other, True)
    opened.close()
    again = shell.run_line_magic("bench", "")
    assert (again.folder, again.is_closed) == (other, False)
    again.close()


def test_a_bench_with_calls_and_another_variable_are_left_alone(
    notebook: Shown, tmp_path: Path
) -> None:
    shell: Any = notebook.shell
    notebook.bench.dial("sip:silent@loopback")
    with pytest.raises(UsageError, match="1 call is in progress"):
        shell.run_line_magic("bench", str(tmp_path / "other"))
    assert not notebook.bench.is_closed
    (tmp_path / "file").touch()
    notebook.bench.close()
    with pytest.raises(UsageError, match="Name another folder"):
        shell.run_line_magic("bench", str(tmp_path / "file"))
    shell.user_ns["bench"] = 5
    with pytest.raises(UsageError, match="holds no bench"):
        shell.run_line_magic("bench", "")
    assert shell.user_ns["bench"] == 5
