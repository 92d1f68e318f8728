"""The command line in this process: what the commands do when something goes wrong."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from workbench.bench import Workbench
from workbench.cli import main
from workbench.clock import SystemClock
from workbench.engine.loopback import Loopback
from workbench.errors import StoreFull

FLOW = """
from workbench import flow

@flow
async def stay(call):
    await call.sleep(1)
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_lab_in_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = run("lab", "--folder", str(tmp_path / "file"))
    assert ended.exit_code == 2
    assert "name a folder that can be written" in ended.stderr


def test_answer_ends_when_nothing_can_be_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Workbench):
        def __init__(self, store: str, **options: Any) -> None:
            super().__init__(store, engine=Loopback(SystemClock()), **options)

        def check_store(self) -> None:
            message = "No space is left."
            raise StoreFull(message)

    monkeypatch.setattr("workbench.bench.Workbench", Full)
    (tmp_path / "staying.py").write_text(FLOW)
    ended = run("answer", f"{tmp_path / 'staying.py'}:stay", "--store", str(tmp_path / "store"))
    assert ended.exit_code == 2
    assert ended.stderr.endswith("Error: No space is left.\n")
