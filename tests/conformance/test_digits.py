"""Digits by INFO and in the audio, against SIPp."""

from pathlib import Path

import pytest

from tests.conformance.script import DISMISSED, PLACED, agree, recv, request
from tests.conformance.story import taken
from workbench import CallControl, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]


@flow
async def ask(call: CallControl) -> str:
    await call.answer()
    return (await call.gather(3, timeout=20, finish_on="")).digits


@flow
async def press(call: CallControl) -> None:
    await call.answer()
    await call.send_digits("7#", method="sip-info", duration_ms=250)


def info(cseq: int, body: str, kind: str) -> str:
    return request("INFO", cseq, body=body, to="peer", kind=kind)


def test_info_of_both_kinds(tmp_path: Path) -> None:
    history = taken(
        tmp_path, ask, *PLACED,
        info(2, "Signal=1\nDuration=250\n", "application/dtmf-relay"), recv(200),
        info(3, "5", "application/dtmf"), recv(200),
        info(4, "11", "application/dtmf"), recv(200), *DISMISSED,
    )  # fmt: skip
    received = [(e.digit, e.method) for e in history if isinstance(e, ev.DigitReceived)]
    assert received == [("1", "sip-info"), ("5", "sip-info"), ("#", "sip-info")]
    (ended,) = (e for e in history if isinstance(e, ev.DigitEnded))
    assert (ended.digit, ended.duration_ms) == ("1", 250)


def test_an_info_that_comes_twice_counts_once(tmp_path: Path) -> None:
    def twice(cseq: int, body: str, kind: str) -> tuple[str, ...]:
        # SIPp makes a branch of the number of its message: the copy gets the first one's.
        message = info(cseq, body, kind).replace("[branch]", f"z9hG4bK-[pid]-{cseq}")
        return message, recv(200), message, recv(200)

    history = taken(
        tmp_path, ask, *PLACED,
        *twice(2, "Signal=1\nDuration=250\n", "application/dtmf-relay"),
        *twice(3, "5", "application/dtmf"),
        info(4, "9", "application/dtmf"), recv(200), *DISMISSED,
        options=("-nr",),  # the copy of the answer counts
    )  # fmt: skip
    assert "".join(e.digit for e in history if isinstance(e, ev.DigitReceived)) == "159"


def test_digits_go_out_by_info(tmp_path: Path) -> None:
    taken(
        tmp_path, press, *PLACED,
        recv("INFO", has="Signal=7"), agree(), recv("INFO", has="Signal=#"), agree(),
        *DISMISSED,
    )  # fmt: skip
