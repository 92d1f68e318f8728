"""Flows found by file and by module, whatever these are called or do."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import workbench
from workbench.errors import InvalidFlow
from workbench.flow import Flow, load_flow

FLOW = """
from workbench import flow
from beside import ANSWER

@flow
async def stay(call):
    return ANSWER
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder; what was imported from it is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.py").write_text("ANSWER = 42")
    yield tmp_path
    for name, module in tuple(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("name", ["workbench.py", "json.py"])
def test_the_name_of_a_file_does_no_harm(folder: Path, name: str) -> None:
    (folder / name).write_text(FLOW)
    assert load_flow(f"{name}:stay").name == "stay"
    assert sys.modules["json"] is json
    assert sys.modules["workbench"] is workbench
    assert sys.path[-1] == str(folder)


def test_a_module_is_found_in_the_working_folder(folder: Path) -> None:
    (folder / "my_own_flows.py").write_text(FLOW)
    assert load_flow("my_own_flows:stay").folder == folder


def test_a_file_that_exits_is_no_flow(folder: Path) -> None:
    (folder / "exits.py").write_text("import sys\nsys.exit(3)\n")
    with pytest.raises(InvalidFlow, match=r"exits\.py cannot be loaded: SystemExit: 3"):
        load_flow("exits.py:stay")


def typed(body: str) -> Flow:
    """Return a flow of which no source is kept, as at a prompt."""
    names: dict[str, Any] = {}
    exec(f"async def typed(call):\n {body}", names)
    return Flow(names["typed"])


def test_a_flow_without_source_is_known_by_all_that_was_compiled() -> None:
    bodies = [
        "return 1", "return 2", "await call.ring()", "await call.answer()",
        "return lambda: 1", "return lambda: 2", "return call in {'a', 'b'}",
    ]  # fmt: skip
    versions = [typed(body).version for body in bodies]
    assert versions == [typed(body).version for body in bodies]
    assert len({*versions}) == len(bodies)
