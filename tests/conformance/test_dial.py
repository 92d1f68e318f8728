"""A caller and a callee, both SIPp, joined by a flow: what each is told of the other's end."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.sipp import Sipp
from tests.conformance.script import (
    ANSWERED,
    DISMISSED,
    PLACED,
    pause,
    recv,
    request,
    respond,
    write,
)
from tests.conformance.story import SUCCESS, replayed, topics
from workbench import CallControl, Workbench, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]

History = Sequence[ev.Event]


def joined(
    folder: Path, caller: Sequence[str], callee: Sequence[str]
) -> tuple[History, History]:
    """Let a caller be joined with a callee; return the histories of both legs."""
    with (
        Workbench(folder / "store") as bench,
        Sipp(folder, write(folder / "callee.xml", *callee)) as called,
    ):

        @flow
        async def join(call: CallControl) -> str:
            await call.answer()
            dialled = await call.dial(called.address, headers={"X-Leg": "second"})
            await call.hangup()
            return f"{dialled.outcome} {dialled.sip_code}"

        peer = bench.answer(join).removeprefix("sip:")
        with Sipp(folder, write(folder / "caller.xml", *caller), peer=peer) as calling:
            assert calling.finish() == SUCCESS, calling.errors + calling.messages
        assert called.finish() == SUCCESS, called.errors + called.messages
        parent, child = (call.wait(60) for call in bench.calls)
        assert child.state.parent == parent.id
        bench.check()
        return replayed(parent.history, join), child.history


def only(history: History, kind: type[ev.Event]) -> Any:
    (event,) = (event for event in history if type(event) is kind)
    return event


def test_the_callee_hangs_up(tmp_path: Path) -> None:
    parent, child = joined(
        tmp_path,
        [*PLACED, *DISMISSED],
        [
            recv("INVITE", has="X-Leg: second"), *ANSWERED[1:],
            pause(1000), request("BYE", 2), recv(200),
        ],
    )  # fmt: skip
    assert only(parent, ev.FlowReturned).value == "answered 200"
    assert topics(parent)[-10:] == [
        "dial_requested", "dial_ringing", "dial_answered", "bridge_requested", "bridged",
        "unbridged", "dial_finished", "hangup_requested", "ended", "flow_returned",
    ]  # fmt: skip
    assert topics(child)[-3:] == ["bridged", "unbridged", "ended"]
    assert 0.9 < only(parent, ev.DialFinished).seconds < 30


def test_the_caller_hangs_up_and_the_callee_is_told_why(tmp_path: Path) -> None:
    parent, child = joined(
        tmp_path,
        [
            *PLACED, pause(1500),
            request("BYE", 2, 'Reason: Q.850;cause=31;text="enough"', to="peer"), recv(200),
        ],
        [*ANSWERED, recv("BYE", has="Reason: Q.850;cause=31"), DISMISSED[-1]],
    )  # fmt: skip
    assert only(parent, ev.DialFinished).outcome == "interrupted"
    assert only(child, ev.Ended).reason == "the caller has hung up"


def test_the_caller_hangs_up_while_it_rings(tmp_path: Path) -> None:
    parent, child = joined(
        tmp_path,
        [*PLACED, pause(1500), request("BYE", 2, to="peer"), recv(200)],
        [
            recv("INVITE"), respond(180, "Ringing"), recv("CANCEL"),
            respond(200, "OK").replace("[last_CSeq:]", "CSeq: [cseq] CANCEL"),
            respond(487, "Request Terminated").replace("[last_CSeq:]", "CSeq: [cseq] INVITE"),
            recv("ACK"),
        ],
    )  # fmt: skip
    assert only(parent, ev.DialFinished).outcome == "interrupted"
    assert only(child, ev.Ended).status == "canceled"


@pytest.mark.parametrize(
    ("code", "phrase", "expected"),
    [(486, "Busy Here", "busy 486"), (603, "Decline", "declined 603"),
     (404, "Not Found", "failed 404")],
)  # fmt: skip
def test_a_callee_who_does_not_answer(
    tmp_path: Path, code: int, phrase: str, expected: str
) -> None:
    parent, _ = joined(
        tmp_path, [*PLACED, *DISMISSED], [recv("INVITE"), respond(code, phrase), recv("ACK")]
    )
    assert only(parent, ev.FlowReturned).value == expected
