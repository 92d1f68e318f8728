"""REFER requests that SIPp sends: refused, obeyed and told of as RFC 3515 says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.sipp import Sipp
from tests.conformance.script import (
    ANSWERED,
    DISMISSED,
    PLACED,
    agree,
    pause,
    recv,
    request,
    respond,
    write,
)
from tests.conformance.story import SUCCESS, ended, replayed, taken
from workbench import CallControl, Policy, Workbench, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]

OBEDIENT = Policy(refer="allow")
LEAVE = [request("BYE", 4, to="peer"), recv(200)]


@flow
async def talk(call: CallControl) -> None:
    await call.answer()
    await call.sleep(60)


def ask(target: str, cseq: int = 2) -> str:
    return request("REFER", cseq, f"Refer-To: <{target}>", "Referred-By: <sip:a@x>", to="peer")


def told(status: str, state: str = "active") -> list[str]:
    """Expect a NOTIFY, whose body SIPp matches as part of the message, and answer it."""
    return [recv("NOTIFY", has=f"{state}(.|\n|\r)*SIP/2.0 {status}"), agree()]


def only(history: Sequence[ev.Event], kind: type[ev.Event]) -> Any:
    (event,) = (event for event in history if type(event) is kind)
    return event


def test_a_refer_is_refused_by_default(tmp_path: Path) -> None:
    history = taken(
        tmp_path, talk, *PLACED, ask("sip:carol@127.0.0.1:9"), recv(603),
        request("BYE", 3, to="peer"), recv(200),
    )  # fmt: skip
    assert not [event for event in history if isinstance(event, ev.ReferReceived)]
    assert ended(history).by == "caller"


@pytest.mark.parametrize(
    "target", ["sip:+4990012345@sip.example.com", "sip:c@127.0.0.1;maddr=192.0.2.9", "tel:110"]
)
def test_a_target_that_the_policy_refuses_is_never_called(tmp_path: Path, target: str) -> None:
    history = taken(
        tmp_path, talk,
        *PLACED, ask(target), recv(202), *told("100"), *told("603", "terminated"), *LEAVE,
        policy=OBEDIENT,
    )  # fmt: skip
    assert only(history, ev.Refused).way == "refer"
    assert only(history, ev.ReferFinished).outcome == "refused"


def obeyed(
    folder: Path, target: Sequence[str], *steps: str, leaves: Sequence[str] = LEAVE
) -> tuple[Sequence[ev.Event], Sequence[ev.Event]]:
    """Let a caller refer us to a target; return the histories of both our calls."""
    with (
        Workbench(folder / "store", policy=OBEDIENT) as bench,
        Sipp(folder, write(folder / "target.xml", *target)) as carol,
    ):
        peer = bench.answer(talk).removeprefix("sip:")
        asking = [*PLACED, ask(carol.address), recv(202), *told("100"), *steps, *leaves]
        with Sipp(folder, write(folder / "own.xml", *asking), peer=peer) as sipp:
            assert sipp.finish() == SUCCESS, sipp.errors + sipp.messages
        ours, theirs = bench.calls
        theirs.hangup()
        assert carol.finish() == SUCCESS, carol.errors + carol.messages
        histories = ours.wait(60).history, theirs.wait(60).history
        bench.check()
    return replayed(histories[0], talk), replayed(histories[1], talk)


def test_a_refer_is_obeyed_and_told_of(tmp_path: Path) -> None:
    ours, theirs = obeyed(
        tmp_path, [*ANSWERED, *DISMISSED], *told("180"), *told("200", "terminated")
    )
    finished = only(ours, ev.ReferFinished)
    assert (finished.outcome, finished.child) == ("completed", theirs[0].call_id)
    assert only(theirs, ev.FlowStarted).flow == "talk"


def test_a_target_that_is_busy_is_told_of_and_the_call_goes_on(tmp_path: Path) -> None:
    ours, theirs = obeyed(
        tmp_path, [recv("INVITE"), respond(486, "Busy Here"), recv("ACK")],
        *told("486", "terminated"), leaves=[pause(500), *LEAVE],
    )  # fmt: skip
    assert only(ours, ev.ReferFinished).sip_code == 486
    assert only(theirs, ev.Ended).status == "busy"


def test_a_retransmitted_refer_is_answered_again_and_obeyed_once(tmp_path: Path) -> None:
    target = [recv("INVITE"), pause(2000), *ANSWERED[1:], *DISMISSED]
    with (
        Workbench(tmp_path / "store", policy=OBEDIENT) as bench,
        Sipp(tmp_path, write(tmp_path / "target.xml", *target)) as carol,
    ):
        peer = bench.answer(talk).removeprefix("sip:")
        again = ask(carol.address)
        steps = [
            *PLACED, again, recv(202), *told("100"), again, recv(202), *told("180"),
            *told("200", "terminated"), *LEAVE,
        ]  # fmt: skip
        with Sipp(tmp_path, write(tmp_path / "own.xml", *steps), peer=peer) as sipp:
            assert sipp.finish() == SUCCESS, sipp.errors + sipp.messages
        ours, theirs = bench.calls
        theirs.hangup()
        assert carol.finish() == SUCCESS, carol.errors + carol.messages
        assert only(ours.wait(60).history, ev.ReferReceived).refer == "refer-1"
        theirs.wait(60)
