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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense",), "'nonsense' is not a SIP address"),
        (("100", "--account", "nonsense"), "'nonsense' is not a SIP address"),
        (("1 0", "--account", "sip:a@b.example"), "'sip:1 0@b.example' holds a space"),
        (("sip:b@127.0.0.1", "--from", "me"), "'me' is not a SIP address"),
        (("sip:b@127.0.0.1", "--header", "X-Order 42"), "write it as 'X-Name: value'"),
        (("sip:b@127.0.0.1", "--header", "Via: me"), "'Via' may not be set"),
        (("sip:b@127.0.0.1",), "Missing option '--flow'"),
    ],
)
def test_whom_to_call_is_looked_at_before_anything_else_is_asked_for(
    arguments: tuple[str, ...], said: str
) -> None:
    ended = run("dial", *arguments)
    assert ended.exit_code == 2
    assert said in ended.stderr


@pytest.mark.parametrize(
    "wrong", [("--account", "nonsense"), ("--listen", "x"), ("--allow", "a b")]
)
def test_what_is_wrong_is_said_before_a_password_is_asked_for(
    wrong: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORKBENCH_PASSWORD", raising=False)
    (tmp_path / "staying.py").write_text(FLOW)
    store = str(tmp_path / "store")
    options = ("--account", "sip:a@b.example", *wrong, "--store", store)
    ended = run("answer", f"{tmp_path / 'staying.py'}:stay", *options)
    assert ended.exit_code == 2
    assert repr(wrong[1]) in ended.stderr
    assert not Path(store).exists()
