"""Ctrl-C and `kill`: calls are hung up and on record, and nothing is left behind."""

import signal
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests.acceptance import flows
from tests.acceptance.program import (
    PATIENCE_S,
    Answering,
    Program,
    calls_of,
    events_of,
    topics,
    workbench,
)
from tests.acceptance.sipp import Counts, Sipp

pytestmark = [pytest.mark.sip, pytest.mark.slow]

FLOWS = Path(flows.__file__)
SUCCESS = Counts(successful=1, failed=0)
WAYS = pytest.mark.parametrize(
    ("number", "whole_group"),
    [
        pytest.param(signal.SIGINT, False, id="SIGINT"),
        pytest.param(signal.SIGINT, True, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, False, id="SIGTERM"),
    ],
)
"""A terminal's Ctrl-C reaches the workers too."""


def workers(program: Program) -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(program.process.pid).children(recursive=True)
    return found


def check_gone(processes: Sequence[psutil.Process]) -> None:
    assert processes
    _, left = psutil.wait_procs(processes, timeout=PATIENCE_S)
    assert left == []


def only_end(folder: Path) -> tuple[object, object]:
    """Return status and who ended the only call, which ended once."""
    (call,) = calls_of(folder, folder / "store")
    events = events_of(folder, folder / "store", call["call_id"])
    (ended,) = topics(events, "call.ended")
    assert len(topics(events, "call.flow_started")) == len(
        topics(events, "call.flow_returned") + topics(events, "call.flow_failed")
    )
    return ended["status"], ended["by"]


@WAYS
def test_answer_is_interrupted_in_a_call(
    tmp_path: Path, number: signal.Signals, whole_group: bool
) -> None:
    with Answering(tmp_path, f"{FLOWS}:stay") as answering:
        with Sipp(tmp_path, "waits_for_bye", peer=answering.peer) as sipp:
            answering.program.line(" answered")
            left = workers(answering.program)
            answering.program.signal(number, whole_group=whole_group)
            assert answering.program.finish() == 0
            assert answering.program.errors == ""
            assert sipp.finish() == SUCCESS, sipp.errors
        check_gone(left)
    assert only_end(tmp_path) == ("completed", "app")


@WAYS
def test_answer_is_interrupted_between_calls(
    tmp_path: Path, number: signal.Signals, whole_group: bool
) -> None:
    with Answering(tmp_path, f"{FLOWS}:stay") as answering:
        with Sipp(tmp_path, "uac", peer=answering.peer) as sipp:
            assert sipp.finish() == SUCCESS, sipp.errors
        answering.program.line(" flow returned")
        left = workers(answering.program)
        answering.program.signal(number, whole_group=whole_group)
        assert answering.program.finish() == 0
        assert answering.program.errors == ""
        check_gone(left)
    assert only_end(tmp_path) == ("completed", "caller")


@WAYS
@pytest.mark.parametrize(
    ("scenario", "line", "end", "code"),
    [
        ("rings", "ringing", ("canceled", "app"), 1),
        ("answers", " answered", ("completed", "app"), 0),
    ],
)
def test_dial_is_interrupted(
    tmp_path: Path,
    number: signal.Signals,
    whole_group: bool,
    scenario: str,
    line: str,
    end: tuple[str, str],
    code: int,
) -> None:
    with Sipp(tmp_path, scenario) as sipp:
        with workbench(
            tmp_path, "dial", sipp.address, "--flow", f"{FLOWS}:stay", "--store", "store"
        ) as program:
            program.line(line)
            left = workers(program)
            program.signal(number, whole_group=whole_group)
            assert program.finish() == code
            assert program.errors == ""
            check_gone(left)
        assert sipp.finish() == SUCCESS, sipp.errors
    assert only_end(tmp_path) == end
