"""The notebooks as they are kept: executed, small, and without a trace of a machine."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from workbench.lab import copy_notebooks

read: Any = nbformat.read
"""It has no types."""

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells_of(path: Path) -> list[Any]:
    """Return the cells with code."""
    notebook = read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_some() -> None:
    assert NOTEBOOKS


@every_notebook
def test_it_was_run_from_top_to_bottom(path: Path) -> None:
    counts = [cell.execution_count for cell in cells_of(path)]
    assert counts == list(range(1, len(counts) + 1))


@every_notebook
def test_it_ends_with_what_happened_in_the_background(path: Path) -> None:
    assert cells_of(path)[-1].source == "bench.check()\nbench.close()"


@every_notebook
def test_it_names_no_place_of_a_machine(path: Path) -> None:
    text = re.sub(r"data:image/png;base64,[^\\\"]*", "", path.read_text())
    assert not re.search(r"/(home|Users|root|tmp|work|usr|var)/|ipykernel_|site-packages", text)


@every_notebook
def test_it_has_no_timings_no_widgets_and_no_errors(path: Path) -> None:
    notebook = read(path, as_version=4)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        assert "execution" not in cell.metadata
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert output.get("name") != "stderr"


@every_notebook
def test_its_outputs_need_no_kernel_and_no_script(path: Path) -> None:
    for cell in cells_of(path):
        for output in cell.outputs:
            html = "".join(output.get("data", {}).get("text/html", ""))
            # The style sheet of pandas is the one exception: without it a frame is as legible.
            assert not re.search(r"<(script|svg|iframe|link)\b", html)


def test_they_stay_small() -> None:
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 500_000


def test_a_copy_is_never_written_over(tmp_path: Path) -> None:
    assert [path.name for path in copy_notebooks(tmp_path)] == [p.name for p in NOTEBOOKS]
    (tmp_path / NOTEBOOKS[0].name).write_text("mine")
    assert copy_notebooks(tmp_path) == []
    assert (tmp_path / NOTEBOOKS[0].name).read_text() == "mine"
