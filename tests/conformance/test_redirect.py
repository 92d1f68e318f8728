"""Redirection, time limits and cancelling against SIPp, also where CANCEL and 200 cross."""

from pathlib import Path

import pytest

from tests.acceptance.sipp import Sipp
from tests.conformance.script import (
    ANSWERED,
    DISMISSED,
    agree,
    call,
    recv,
    request,
    respond,
    write,
)
from tests.conformance.story import SUCCESS, ended, placed, replayed, taken, topics
from workbench import CallControl, Policy, Workbench, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]


@flow
async def send_away(control: CallControl) -> None:
    await control.redirect("sip:carol@127.0.0.1:5099")


@flow
async def talk(control: CallControl) -> None:
    await control.sleep(60)


@flow
async def talk_for_a_moment(control: CallControl) -> None:
    await control.limit(0.5)
    await control.sleep(60)


def test_a_caller_is_sent_away(tmp_path: Path) -> None:
    history = taken(
        tmp_path, send_away, call(), recv(100, optional=True),
        recv(302, has="Contact: <sip:carol@127.0.0.1:5099>"), request("ACK", 1, to="peer"),
    )  # fmt: skip
    assert topics(history) == [
        "offered", "flow_started", "redirect_requested", "ended", "flow_returned"
    ]  # fmt: skip
    assert (ended(history).sip_code, ended(history).contact) == (
        302,
        "sip:carol@127.0.0.1:5099",
    )


def test_a_3xx_is_not_followed_blindly(tmp_path: Path) -> None:
    history = placed(
        tmp_path, talk, recv("INVITE"),
        respond(302, "Moved Temporarily").replace(
            "Contact: <sip:peer@[local_ip]:[local_port]>",
            'Contact: "Evil" <sip:+4990012345@203.0.113.9;transport=tcp>;q=0.9',
        ),
        recv("ACK"),
    )  # fmt: skip
    end = ended(history)
    assert (end.by, end.status, end.sip_code) == ("callee", "failed", 302)
    assert end.contact == "sip:+4990012345@203.0.113.9;transport=tcp"


def test_a_3xx_is_followed_to_whom_the_policy_allows(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with (
        Sipp(target, write(target / "own.xml", *ANSWERED, *DISMISSED)) as bob,
        Workbench(tmp_path / "store") as bench,
    ):
        moved = respond(302, "Moved Temporarily").replace(
            "Contact: <sip:peer@[local_ip]:[local_port]>", f"Contact: <{bob.address}>"
        )
        steps = (recv("INVITE"), moved, recv("ACK"))
        with Sipp(tmp_path, write(tmp_path / "own.xml", *steps)) as alice:
            handle = bench.dial(alice.address, flow=talk_for_a_moment, follow_redirects=1).wait(
                60
            )
            assert alice.finish() == SUCCESS, alice.errors
        assert bob.finish() == SUCCESS, bob.errors
        history = replayed(handle.history, talk_for_a_moment)
    kinds = topics(history)
    assert kinds[:2] == ["placed", "redirected"]
    assert ended(history).reason == "the time limit of this call, 0.5 s, was over"


def test_a_3xx_to_whom_nobody_may_call_ends_the_call(tmp_path: Path) -> None:
    with Workbench(tmp_path / "store", policy=Policy(allow=["127.0.0.1"])) as bench:
        moved = respond(302, "Moved Temporarily").replace(
            "Contact: <sip:peer@[local_ip]:[local_port]>", "Contact: <sip:x@203.0.113.9>"
        )
        steps = (recv("INVITE"), moved, recv("ACK"))
        with Sipp(tmp_path, write(tmp_path / "own.xml", *steps)) as alice:
            history = bench.dial(alice.address, follow_redirects=5).wait(60).history
            assert alice.finish() == SUCCESS, alice.errors
    assert topics(history) == ["placed", "redirected", "refused", "ended"]
    assert (ended(history).by, ended(history).sip_code) == ("app", 403)


def cancelled(folder: Path, *steps: str) -> list[ev.Event]:
    """Hang up a call as soon as it rings; return its history."""
    with (
        Workbench(folder / "store") as bench,
        Sipp(folder, write(folder / "own.xml", *steps)) as sipp,
    ):
        handle = None

        def hang_up(event: ev.Event) -> None:
            if isinstance(event, ev.Ringing):
                bench.call(event.call_id).hangup()

        bench.subscribe(hang_up)
        handle = bench.dial(sipp.address, flow=talk).wait(60)
        assert sipp.finish() == SUCCESS, sipp.errors + sipp.messages
        bench.check()
        return list(handle.history)


def test_hanging_up_before_the_answer_cancels(tmp_path: Path) -> None:
    history = cancelled(
        tmp_path, recv("INVITE"), respond(180, "Ringing"),
        recv("CANCEL"), agree(),
        agree(487, "Request Terminated").replace(
            "[last_CSeq:]", "CSeq: [last_cseq_number] INVITE"
        ).replace("[last_To:]", "[last_To:];tag=[pid]-[call_number]"),
        recv("ACK"),
    )  # fmt: skip
    end = ended(history)
    assert (end.by, end.status, end.sip_code) == ("app", "canceled", 487)


def test_a_cancel_that_crosses_the_answer_ends_in_a_bye(tmp_path: Path) -> None:
    history = cancelled(
        tmp_path, recv("INVITE"), respond(180, "Ringing"),
        recv("CANCEL"),
        # What was on its way already when CANCEL came (RFC 3261, section 9.1).
        agree(200, "OK").replace(
            "[last_CSeq:]", "CSeq: [last_cseq_number] INVITE"
        ).replace("[last_To:]", "[last_To:];tag=[pid]-[call_number]"),
        recv("ACK"), recv("BYE"), agree(),
    )  # fmt: skip
    end = ended(history)
    assert (end.by, end.status, end.sip_code) == ("app", "canceled", 487)
