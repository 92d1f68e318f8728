"""Transfers against SIPp: progress, success, refusal, silence, a far end that leaves."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.acceptance.sipp import Sipp
from tests.conformance.script import (
    ANSWERED,
    DISMISSED,
    agree,
    notify,
    pause,
    recv,
    request,
    write,
)
from tests.conformance.story import SUCCESS, ended, placed, replayed, topics
from workbench import CallControl, CallHandle, Policy, Workbench, WorkbenchError, flow
from workbench import events as ev
from workbench.sip import header_value

pytestmark = [pytest.mark.sip, pytest.mark.slow]

TARGET = "sip:carol@127.0.0.1:5099"
REFER = recv("REFER", has="Refer-To: <sip:carol@127[.]0[.]0[.]1:5099>")
ACTIVE, TERMINATED = "active;expires=60", "terminated;reason=noresource"
ENDS = ["transfer_finished", "hangup_requested", "ended", "flow_returned"]
BEGINS = [
    "placed",
    "ringing",
    "media_started",
    "answered",
    "flow_started",
    "transfer_requested",
]


@flow
async def hand_on(call: CallControl) -> str:
    transferred = await call.transfer(TARGET, headers={"X-Account": "4711"}, timeout=20)
    await call.hangup()
    return f"{transferred.outcome} {transferred.sip_code}"


@flow
async def hand_on_hastily(call: CallControl) -> str:
    transferred = await call.transfer(TARGET, timeout=1.5)
    await call.hangup()
    return f"{transferred.outcome} {transferred.sip_code} {bool(transferred)}"


@flow
async def hand_on_and_wait(call: CallControl) -> None:
    await call.transfer(TARGET, timeout=1)
    await call.sleep(60)


@flow
async def hand_on_abroad(call: CallControl) -> str:
    try:
        await call.transfer("sip:+4990012345@sip.example.com")
    except WorkbenchError as error:
        return str(error)
    return "transferred"


def outcome(history: Sequence[ev.Event]) -> object:
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    return returned.value


def finished(history: Sequence[ev.Event]) -> ev.TransferFinished:
    (found,) = (event for event in history if isinstance(event, ev.TransferFinished))
    return found


def message(history: Sequence[ev.Event], direction: str, begin: str) -> str:
    return next(
        event.message
        for event in history
        if isinstance(event, ev.SipMessageTraced)
        and event.direction == direction
        and event.message.startswith(begin)
    )


def tag(value: str) -> str:
    return value.partition(";tag=")[2]


def told(history: Sequence[ev.Event]) -> list[int]:
    return [event.sip_code for event in history if isinstance(event, ev.TransferProgressed)]


def test_the_far_end_tells_how_the_transfer_goes(tmp_path: Path) -> None:
    history = placed(
        tmp_path, hand_on,
        *ANSWERED, recv("REFER", has="X-Account: 4711"), agree(202, "Accepted"),
        notify(2, "100 Trying", ACTIVE), recv(200),
        notify(3, "180 Ringing", ACTIVE), recv(200),
        notify(4, "200 OK", TERMINATED), recv(200),
        *DISMISSED,
    )  # fmt: skip
    assert topics(history) == [*BEGINS, *["transfer_progressed"] * 2, *ENDS]
    assert told(history) == [100, 180]
    assert outcome(history) == "completed 200"


def test_a_target_that_is_busy(tmp_path: Path) -> None:
    history = placed(
        tmp_path, hand_on,
        *ANSWERED, REFER, agree(202, "Accepted"),
        notify(2, "100 Trying", ACTIVE), recv(200),
        notify(3, "486 Busy Here", TERMINATED), recv(200),
        *DISMISSED,
    )  # fmt: skip
    assert topics(history) == [*BEGINS, "transfer_progressed", *ENDS]
    assert outcome(history) == "failed 486"
    assert finished(history).reason == "Busy Here"


@pytest.mark.parametrize(("code", "phrase"), [(603, "Decline"), (405, "Method Not Allowed")])
def test_a_far_end_that_does_not_want_to(tmp_path: Path, code: int, phrase: str) -> None:
    history = placed(tmp_path, hand_on, *ANSWERED, REFER, agree(code, phrase), *DISMISSED)
    assert topics(history) == [*BEGINS, *ENDS]
    assert outcome(history) == f"failed {code}"


def test_a_far_end_that_never_tells(tmp_path: Path) -> None:
    history = placed(
        tmp_path, hand_on_hastily, *ANSWERED, REFER, agree(202, "Accepted"), *DISMISSED
    )
    assert outcome(history) == "failed 408 False"
    assert "nothing final within 1.5 s" in finished(history).reason


def test_a_far_end_that_tells_too_late(tmp_path: Path) -> None:
    history = placed(
        tmp_path, hand_on_and_wait,
        *ANSWERED, REFER, agree(202, "Accepted"), pause(3000),
        notify(2, "200 OK", TERMINATED), recv(481),
        request("BYE", 3), recv(200),
    )  # fmt: skip
    assert finished(history).sip_code == 408
    assert topics(history).count("transfer_finished") == 1


def test_a_report_that_ends_undecided(tmp_path: Path) -> None:
    history = placed(
        tmp_path, hand_on,
        *ANSWERED, REFER, agree(202, "Accepted"),
        notify(2, "100 Trying", TERMINATED), recv(200), *DISMISSED,
    )  # fmt: skip
    assert outcome(history) == "failed 100"


def test_a_far_end_that_hangs_up_meanwhile(tmp_path: Path) -> None:
    history = placed(
        tmp_path, hand_on,
        *ANSWERED, REFER, agree(202, "Accepted"),
        notify(2, "100 Trying", ACTIVE), recv(200),
        request("BYE", 3), recv(200),
    )  # fmt: skip
    assert topics(history) == [
        *BEGINS, "transfer_progressed", "transfer_finished", "ended", "flow_returned",
    ]  # fmt: skip
    assert finished(history).outcome == "interrupted"
    assert ended(history).by == "callee"


def test_a_refused_target_is_never_named_to_the_far_end(tmp_path: Path) -> None:
    policy = Policy(allow=["127.0.0.0/8"])
    history = placed(tmp_path, hand_on_abroad, *ANSWERED, *DISMISSED, policy=policy)
    assert topics(history) == [
        *BEGINS, "refused", "transfer_finished", "flow_returned", "hangup_requested", "ended",
    ]  # fmt: skip
    (refused,) = (event for event in history if isinstance(event, ev.Refused))
    assert (refused.way, finished(history).outcome) == ("transfer", "refused")
    assert finished(history).reason == refused.reason
    assert refused.reason in str(outcome(history))


def test_an_attended_transfer_names_the_dialog_of_the_consultation(tmp_path: Path) -> None:
    consultation: list[CallHandle] = []

    @flow
    async def consult(call: CallControl) -> None:
        await call.sleep(60)

    @flow
    async def connect(call: CallControl) -> str:
        other = await call.step("the consultation", lambda: consultation[0].id)
        transferred = await call.transfer_to(other)
        await call.hangup()
        return f"{transferred.outcome} {transferred.sip_code}"

    callee = write(tmp_path / "carol.xml", *ANSWERED, *DISMISSED)
    transferee = write(
        tmp_path / "bob.xml",
        *ANSWERED, recv("REFER"), agree(202, "Accepted"),
        notify(2, "200 OK", TERMINATED), recv(200), *DISMISSED,
    )  # fmt: skip
    with (
        Workbench(tmp_path / "store") as bench,
        Sipp(tmp_path, callee) as carol,
        Sipp(tmp_path, transferee) as bob,
    ):
        consultation.append(bench.dial(carol.address, flow=consult).wait_answered(30))
        history = bench.dial(bob.address, flow=connect).wait(60).history
        consultation[0].hangup()
        consulted = consultation[0].wait(60).history
        assert bob.finish() == carol.finish() == SUCCESS, bob.errors + carol.errors
        bench.check()
    replayed(history, connect)
    replayed(consulted, consult)
    assert outcome(history) == "completed 200"
    refer = message(history, "sent", "REFER ")
    accepted = message(consulted, "received", "SIP/2.0 200")
    call_id, ours = header_value(accepted, "Call-ID"), tag(header_value(accepted, "From"))
    theirs = tag(header_value(accepted, "To"))
    replaces = quote(f"{call_id};to-tag={theirs};from-tag={ours}", safe="")
    assert f"<sip:peer@127.0.0.1:{carol.port}?Replaces={replaces}>" in refer
