"""Outbound calls to SIPp: answered, busy, declined, unanswered, silent, hung up."""

import socket
from pathlib import Path

import pytest

from tests.acceptance import flows
from tests.acceptance.program import Program, Row, calls_of, events_of, topics, workbench
from tests.acceptance.sipp import Counts, Sipp

pytestmark = [pytest.mark.sip, pytest.mark.slow]

FLOWS = Path(flows.__file__)
SUCCESS = Counts(successful=1, failed=0)


def dial(folder: Path, uri: str, flow: str, *options: str) -> Program:
    return workbench(
        folder, "dial", uri, "--flow", f"{FLOWS}:{flow}", "--store", "store", *options
    )


def only_call(folder: Path) -> tuple[Row, list[Row]]:
    """Return the one call of the store and its events, which end once."""
    (call,) = calls_of(folder, folder / "store")
    events = events_of(folder, folder / "store", call["call_id"])
    assert len(topics(events, "call.ended")) == 1
    return call, events


def test_an_answered_call_is_completed(tmp_path: Path) -> None:
    with Sipp(tmp_path, "uas") as sipp:
        with dial(tmp_path, sipp.address, "deliver") as program:
            assert program.finish() == 0, program.errors
            assert program.errors == ""
        assert sipp.finish() == SUCCESS, sipp.errors
    call, events = only_call(tmp_path)
    assert (call["status"], call["disconnected_by"]) == ("completed", "app")
    assert call["outcome"] == "delivered"
    (finished,) = topics(events, "call.prompt_finished")
    assert finished["outcome"] == "completed"


@pytest.mark.parametrize(
    ("scenario", "status", "code", "cause"),
    [("busy", "busy", 486, 17), ("decline", "failed", 603, 21)],
)
def test_a_refused_call_says_why(
    tmp_path: Path, scenario: str, status: str, code: int, cause: int
) -> None:
    with Sipp(tmp_path, scenario) as sipp:
        with dial(tmp_path, sipp.address, "deliver") as program:
            assert program.finish() == 1, program.errors
            assert program.errors == ""
        assert sipp.finish() == SUCCESS, sipp.errors
    call, events = only_call(tmp_path)
    assert (call["status"], call["disconnected_by"]) == (status, "callee")
    assert (call["sip_code"], call["q850_cause"]) == (code, cause)
    assert topics(events, "call.answered") == []


def test_ringing_without_an_answer_is_cancelled(tmp_path: Path) -> None:
    with Sipp(tmp_path, "rings") as sipp:
        with dial(tmp_path, sipp.address, "deliver", "--timeout", "3") as program:
            assert program.finish() == 1, program.errors
            assert program.errors == ""
        assert sipp.finish() == SUCCESS, sipp.errors
        assert "\nCANCEL sip:" in sipp.messages
    call, events = only_call(tmp_path)
    assert call["status"] == "no-answer"
    assert len(topics(events, "call.ringing")) == 1


def test_a_silent_far_end_is_given_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        host, port = silent.getsockname()
        with dial(tmp_path, f"sip:{host}:{port}", "deliver", "--timeout", "3") as program:
            assert program.finish() == 1, program.errors
            assert program.errors == ""
        silent.setblocking(False)
        assert silent.recv(65_536).startswith(b"INVITE sip:")
    call, events = only_call(tmp_path)
    assert call["status"] == "failed"
    assert topics(events, "call.ringing") == []


def test_the_far_end_hangs_up(tmp_path: Path) -> None:
    with Sipp(tmp_path, "hangs_up", length_ms=500) as sipp:
        with dial(tmp_path, sipp.address, "stay") as program:
            assert program.finish() == 0, program.errors
            assert program.errors == ""
        assert sipp.finish() == SUCCESS, sipp.errors
    call, _ = only_call(tmp_path)
    assert (call["status"], call["disconnected_by"]) == ("completed", "callee")


def test_a_header_reaches_the_far_end(tmp_path: Path) -> None:
    with Sipp(tmp_path, "answers") as sipp:
        with dial(
            tmp_path, sipp.address, "deliver",
            "--header", "X-Order: 42", "--header", "X-Queue: billing: first",
        ) as program:  # fmt: skip
            assert program.finish() == 0, program.errors
        assert sipp.finish() == SUCCESS, sipp.errors
        assert "\nX-Order: 42\n" in sipp.messages
        assert "\nX-Queue: billing: first\n" in sipp.messages
    _, events = only_call(tmp_path)
    (placed,) = topics(events, "call.placed")
    assert placed["headers"] == {"X-Order": "42", "X-Queue": "billing: first"}
