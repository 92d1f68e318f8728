"""Messages that are lost, repeated, late or astray: what becomes of the call (RFC 3261)."""

from pathlib import Path

import pytest

from tests.conformance.script import (
    ANSWERED,
    DISMISSED,
    PLACED,
    agree,
    answer_late,
    call,
    give_in,
    outside,
    paired,
    pause,
    recv,
    request,
    respond,
    sdp,
    second,
    via,
)
from tests.conformance.story import ended, placed, taken, topics
from workbench import CallControl, flow

pytestmark = [pytest.mark.sip, pytest.mark.slow]

AS_IT_COMES = ("-nr",)
"""Tells SIPp to take a repeated message for what it is, and not to answer it by itself."""
ACK = request("ACK", 1, to="peer")
LEAVES = (request("BYE", 9, to="peer"), recv(200))


@flow
async def listen(call: CallControl) -> None:
    if call.direction == "inbound":
        await call.answer()
    await call.sleep(60)


@flow
async def let_it_ring(call: CallControl) -> None:
    await call.ring()
    await call.sleep(60)


@flow
async def only_say_hello(call: CallControl) -> None:
    await call.say("Hello.")
    await call.hangup()


@flow
async def think_and_listen(call: CallControl) -> None:
    await call.sleep(1)
    await call.answer()
    await call.sleep(60)


def test_a_repeated_invite_is_one_call(tmp_path: Path) -> None:
    history = taken(
        tmp_path, think_and_listen,
        call(), recv(100), call(), recv(100), recv(200), call(), recv(200), ACK, *LEAVES,
        options=AS_IT_COMES,
    )  # fmt: skip
    assert topics(history)[:2] == ["offered", "flow_started"]
    assert topics(history).count("answered") == 1


def test_a_repeated_bye_is_answered_every_time(tmp_path: Path) -> None:
    bye = request("BYE", 2, to="peer", via=via("bye"))
    history = taken(
        tmp_path, listen, *PLACED, bye, recv(200), bye, recv(200), bye, recv(200),
        options=AS_IT_COMES,
    )  # fmt: skip
    assert ended(history).by == "caller"


def test_a_caller_that_gives_up_while_it_rings(tmp_path: Path) -> None:
    history = taken(
        tmp_path, let_it_ring,
        call(), recv(100), recv(180), outside("CANCEL"), recv(200), recv(487), give_in(),
    )  # fmt: skip
    assert (ended(history).by, ended(history).status) == ("caller", "canceled")


def test_a_caller_that_gives_up_at_once(tmp_path: Path) -> None:
    history = taken(
        tmp_path, let_it_ring,
        call(), recv(100), outside("CANCEL"),
        recv(180, optional=True), recv(200), recv(487), give_in(),
    )  # fmt: skip
    assert (ended(history).by, ended(history).status) == ("caller", "canceled")


def test_a_cancel_after_the_answer_changes_nothing(tmp_path: Path) -> None:
    # RFC 3261, section 9.2: the CANCEL itself is answered, for its transaction is known.
    history = taken(
        tmp_path, listen,
        call(), recv(100), recv(200), outside("CANCEL"), recv(200, has="1 CANCEL"), ACK,
        *LEAVES,
    )  # fmt: skip
    assert (ended(history).by, ended(history).status) == ("caller", "completed")


def test_a_callee_that_answers_while_we_give_up_is_hung_up(tmp_path: Path) -> None:
    history = placed(
        tmp_path, listen,
        recv("INVITE"), respond(180, "Ringing"), recv("CANCEL"), agree(),
        answer_late(200, "OK", body=sdp()), recv("ACK"), *DISMISSED,
        ring_timeout=1,
    )  # fmt: skip
    assert topics(history) == ["placed", "ringing", "ended"]
    assert (ended(history).by, ended(history).status) == ("app", "no-answer")


def test_no_cancel_leaves_before_the_callee_has_said_anything(tmp_path: Path) -> None:
    # RFC 3261, section 9.1: it waits for a provisional response.
    history = placed(
        tmp_path, listen,
        recv("INVITE"), pause(2000), respond(180, "Ringing"), recv("CANCEL"), agree(),
        answer_late(487, "Request Terminated"), recv("ACK"),
        ring_timeout=1,
    )  # fmt: skip
    assert topics(history) == ["placed", "ended"]
    assert (ended(history).by, ended(history).sip_code) == ("app", 408)


def test_a_bye_of_ours_that_nobody_answers(tmp_path: Path) -> None:
    history = placed(tmp_path, only_say_hello, *ANSWERED, recv("BYE"))
    assert (ended(history).by, ended(history).status) == ("app", "completed")


def test_a_bye_for_another_dialog_ends_nothing(tmp_path: Path) -> None:
    history = taken(
        tmp_path, listen,
        call(), recv(100), recv(200, has=";tag=.*", within="To:"), ACK,
        request("BYE", 2, to="peer", tag=";tag=nobody"), recv(481),
        request("BYE", 3, to="peer", tag="[$seen]"), recv(200),
    )  # fmt: skip
    assert ended(history).by == "caller"


def test_a_request_that_comes_too_late_is_refused(tmp_path: Path) -> None:
    # RFC 3261, section 12.2.2: a CSeq below the last one.
    history = taken(
        tmp_path, listen,
        *PLACED, request("UPDATE", 5, to="peer"), recv(200),
        *paired(request("BYE", 3, to="peer"), recv(500)), *LEAVES,
    )  # fmt: skip
    assert ended(history).by == "caller"


def test_of_two_callees_that_answer_the_second_is_hung_up(tmp_path: Path) -> None:
    # RFC 3261, section 13.2.2.4: a proxy has forked our INVITE.
    history = placed(
        tmp_path, only_say_hello,
        recv("INVITE"), respond(200, "OK", body=sdp()), recv("ACK"),
        second(answer_late(200, "OK", body=sdp())), recv("ACK"),
        recv("BYE", has="^BYE sip:second@"), agree(), *DISMISSED,
        options=AS_IT_COMES,
    )  # fmt: skip
    assert topics(history).count("answered") == 1
    assert ended(history).by == "app"


def test_of_two_callees_that_ring_the_one_that_answers_gets_the_call(tmp_path: Path) -> None:
    rings = respond(180, "Ringing")
    history = placed(
        tmp_path, only_say_hello,
        recv("INVITE"), rings, second(rings), second(respond(200, "OK", body=sdp())),
        recv("ACK", has="^ACK sip:second@"), *DISMISSED,
        options=AS_IT_COMES,
    )  # fmt: skip
    assert topics(history)[:3] == ["placed", "ringing", "media_started"]
