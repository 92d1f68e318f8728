"""The notebooks as they are kept: executed, small, and without a trace of a machine."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

read: Any = nbformat.read
"""It has no types."""

WIDGET = "application/vnd.jupyter.widget-view+json"
"""The output of a widget, which without its kernel is shown as an error."""

COURSE = Path(__file__).parent.parent / "docs" / "course.md"
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
            assert WIDGET not in output.get("data", {}), "run test_course.py with --pictures"


@every_notebook
def test_its_outputs_need_no_kernel_and_no_script(path: Path) -> None:
    for cell in cells_of(path):
        for output in cell.outputs:
            html = "".join(output.get("data", {}).get("text/html", ""))
            # The style sheet of pandas is the one exception: without it a frame is as legible.
            assert not re.search(r"<(script|svg|iframe|link)\b", html)


def test_they_stay_small() -> None:
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 700_000


@every_notebook
def test_it_begins_with_what_one_learns_and_how_long_it_takes(path: Path) -> None:
    first = read(path, as_version=4).cells[0].source
    assert re.search(r"^# .*\n\n\*\*You learn\*\* to ", first)
    (minutes,) = re.findall(r"\*\*(\d+) minutes\*\*", first.replace("\n", " "))
    row = re.search(rf"^\| .*{path.name}.*$", COURSE.read_text(), re.M)
    assert row
    assert f" | {minutes} | " in row[0], "docs/course.md and the notebook differ"


def test_all_take_less_than_an_hour() -> None:
    rows = re.findall(r"\.ipynb\).*\| (\d+) \| \d+ s \|$", COURSE.read_text(), re.M)
    assert len(rows) == len(NOTEBOOKS)
    total = sum(map(int, rows))
    assert total < 60
    assert f"| all | | {total} |" in COURSE.read_text()


@every_notebook
def test_it_ends_with_exercises_and_says_what_is_next(path: Path) -> None:
    text = [cell.source for cell in read(path, as_version=4).cells][-2]
    _, tried, exercises = text.partition("## Try it\n\n")
    assert tried
    assert 2 <= len(re.findall(r"^\d\. ", exercises, re.M)) <= 3
    following = [each.name[:2] for each in NOTEBOOKS if each.name > path.name][:1]
    assert all(f"Next: **{number}, " in exercises for number in following)


@pytest.mark.notebook
@pytest.mark.sip
@pytest.mark.slow
def test_an_error_in_the_background_fails_the_notebook(tmp_path: Path) -> None:
    """No cell of the notebook fails by itself when a flow does, but the last one tells."""
    notebook = read(NOTEBOOKS[0], as_version=4)
    code = cells_of(NOTEBOOKS[0])
    notebook.cells = [*code[:4], code[-1]]
    answers = "await call.answer()"
    assert answers in code[1].source
    code[1].source = code[1].source.replace(answers, f"{answers}\n    raise OSError('unseen')")
    path = tmp_path / "mutated.ipynb"
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    command = [sys.executable, "-m", "pytest", "--nbmake", str(path), "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    told = re.sub(r"\x1b\[[\d;]*m", "", ran.stdout)
    assert f"In[{len(notebook.cells)}], line 1\n----> 1 bench.check()" in told
    assert "WorkbenchError: The flow of call" in told
    assert "OSError: unseen" in told
