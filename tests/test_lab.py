"""`workbench lab`: a copy of the notebooks that is the user's, and JupyterLab in its place."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.test_notebooks import NOTEBOOKS
from workbench.lab import MARK, copy_notebooks

FIRST = NOTEBOOKS[0].name


def change(path: Path, cell: int, source: str) -> None:
    """Do to a notebook what JupyterLab does when it is edited and saved."""
    notebook = json.loads(path.read_text())
    notebook["cells"][cell]["source"] = source
    path.write_text(json.dumps(notebook))


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    assert copy_notebooks(tmp_path) == [f"{path.name} was copied." for path in NOTEBOOKS]
    return tmp_path


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let a version be installed that ships another first notebook."""
    folder = tmp_path / "newer"
    folder.mkdir()
    for path in NOTEBOOKS:
        (folder / path.name).write_bytes(path.read_bytes())
    change(folder / FIRST, 0, "# Another first call")
    monkeypatch.setattr("workbench.lab.shipped", lambda _: folder)
    return folder


def test_a_copy_is_the_notebook_with_its_outputs(copies: Path) -> None:
    for path in NOTEBOOKS:
        shipped, copy = (
            json.loads(path.read_text()),
            json.loads((copies / path.name).read_text()),
        )
        assert copy["metadata"].pop(MARK)
        assert copy == shipped
    assert {path.suffix for path in copies.iterdir()} == {".ipynb"}


def test_the_second_time_nothing_is_copied_or_told(copies: Path) -> None:
    change(copies / FIRST, 2, "mine = True")
    assert copy_notebooks(copies) == []
    assert "mine = True" in (copies / FIRST).read_text()


def test_what_was_moved_away_comes_again(copies: Path) -> None:
    (copies / FIRST).rename(copies / "mine.ipynb")
    assert copy_notebooks(copies) == [f"{FIRST} was copied."]


def test_a_newer_notebook_takes_the_place_of_one_without_a_change(
    copies: Path, newer: Path
) -> None:
    change(copies / FIRST, 0, json.loads(NOTEBOOKS[0].read_text())["cells"][0]["source"])
    (told,) = copy_notebooks(copies)
    assert told == f"{FIRST} is renewed: you had changed none of its cells."
    assert "# Another first call" in (copies / FIRST).read_text()
    assert copy_notebooks(copies) == []


def test_a_newer_notebook_leaves_one_with_a_change_alone(copies: Path, newer: Path) -> None:
    change(copies / FIRST, 2, "mine = True")
    (told,) = copy_notebooks(copies)
    assert told.startswith(f"{FIRST} is not the one of this version, and is left as it is")
    assert "mine = True" in (copies / FIRST).read_text()


@pytest.mark.parametrize("text", ["", "mine", "[]", "{}", '{"cells": 3, "metadata": {}}', "\0"])
def test_what_is_no_notebook_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / FIRST).write_text(text)
    told = copy_notebooks(tmp_path)
    assert told[0].startswith(f"{FIRST} is not the one of this version")
    assert (tmp_path / FIRST).read_text() == text


def test_a_copy_of_before_copies_were_marked_is_known_by_its_cells(tmp_path: Path) -> None:
    (tmp_path / FIRST).write_bytes(NOTEBOOKS[0].read_bytes())
    assert not any(told.startswith(FIRST) for told in copy_notebooks(tmp_path))


JUPYTERLAB = """
import os, signal, sys
try:
    print("root", sys.argv[1:], os.environ["WORKBENCH_STORE"], os.getpid(), flush=True)
    signal.pause()
except KeyboardInterrupt:
    print("saved everything")
    raise SystemExit(3)
"""


def test_jupyterlab_takes_the_place_of_the_command(tmp_path: Path) -> None:
    """So Ctrl-C is its own to handle, for as long as it needs."""
    (tmp_path / "jupyterlab.py").write_text(JUPYTERLAB)
    command = [sys.executable, "-m", "workbench", "lab", "--folder", "mine", "--store", "calls"]
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parent.parent}"}
    started: Any = subprocess.Popen(
        [*command, "--", "--no-browser"], cwd=tmp_path, env=environment, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    with started:
        copied = [started.stdout.readline().strip() for _ in NOTEBOOKS]
        assert copied == [f"{path.name} was copied." for path in NOTEBOOKS]
        options = [f"--ServerApp.root_dir={tmp_path / 'mine'}", "--no-browser"]
        became = f"root {options} {tmp_path / 'calls'} {started.pid}\n"
        assert started.stdout.readline() == became
        started.send_signal(signal.SIGINT)
        try:
            assert started.communicate(timeout=60) == ("saved everything\n", None)
        finally:
            started.kill()
    assert started.returncode == 3
