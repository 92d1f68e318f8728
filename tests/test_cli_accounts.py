"""Who calls, on the command line: a password is asked for and never an option."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from workbench.cli import main
from workbench.cli_accounts import account_of, tell_standing
from workbench.clock import EPOCH
from workbench.engine.account import Registration

FLOW = """
from workbench import flow

@flow
async def stay(call):
    await call.sleep(1)
"""


@pytest.fixture
def flow(tmp_path: Path) -> str:
    (tmp_path / "staying.py").write_text(FLOW)
    return f"{tmp_path / 'staying.py'}:stay"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("command", ["dial", "answer"])
def test_a_password_is_asked_for_and_is_no_option(
    command: str, flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORKBENCH_PASSWORD", raising=False)
    callee = "sip:100@127.0.0.1"
    arguments = ["answer", flow] if command == "answer" else ["dial", callee, "--flow", flow]
    ended = run(*arguments, "--account", "sip:alice@pbx.example")
    assert ended.exit_code == 2
    assert "set WORKBENCH_PASSWORD" in ended.stderr
    ended = run(*arguments, "--password", "x")
    assert ended.exit_code == 2
    assert "No such option" in ended.stderr
    ended = run(*arguments, "--proxy", "pbx.example")
    assert ended.exit_code == 2
    assert "belong to an --account" in ended.stderr


def test_the_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_PASSWORD", "canary")
    account = account_of("sip:alice@pbx.example", "", "10.0.0.1")
    assert account is not None
    assert account.secret.reveal() == "canary"
    assert str(account.hop) == "sip:10.0.0.1"
    assert account_of("", "", "") is None


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        (
            Registration(uri="sip:a@x", state="registered", until=EPOCH + timedelta(minutes=5)),
            "sip:a@x is registered until 00:05:00 UTC",
        ),
        (
            Registration(uri="sip:a@x", state="failed", sip_code=403, reason="[red]No"),
            "sip:a@x is failed (403 [red]No)",
        ),
    ],
)
def test_how_an_account_stands_is_told(
    standing: Registration, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_standing(Console(), standing)
    assert capsys.readouterr().out.strip() == told
