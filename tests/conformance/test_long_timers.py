"""Timers of SIP that take half a minute and more, all of them at the same time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance.script import agree, call, recv, request, sdp
from tests.conformance.story import ended, placed, taken, topics
from workbench import CallControl, flow
from workbench import events as ev

pytestmark = [pytest.mark.sip, pytest.mark.slow]

ACK = request("ACK", 1, to="peer")


@flow
async def stay(call: CallControl) -> None:
    if call.direction == "inbound":
        await call.answer()
    await call.sleep(600)


def never_acknowledged(folder: Path) -> Sequence[ev.Event]:
    """Our 200 is repeated for 64 times T1, then a BYE goes out (RFC 3261, 13.3.1.4)."""
    return taken(folder, stay, call(), recv(100), recv(200), recv("BYE"), agree())


def never_refreshed(folder: Path) -> Sequence[ev.Event]:
    """The caller was to refresh the session and does not (RFC 4028, section 10)."""
    asks = ("Supported: timer", "Session-Expires: 90;refresher=uac")
    return taken(
        folder, stay,
        call(*asks), recv(100), recv(200, has=asks[1]), ACK, recv("BYE"), agree(),
        options=("-recv_timeout", "100000"),  # the session ends after a minute
    )  # fmt: skip


def refreshed_by_us(folder: Path) -> Sequence[ev.Event]:
    """We were to refresh the session, and do so at half of its time."""
    asks = ("Supported: timer", "Session-Expires: 90;refresher=uas")
    return taken(
        folder, stay,
        call(*asks), recv(100), recv(200, has=asks[1]), ACK,
        recv("INVITE", has="Session-Expires: 90;refresher=uac"),
        agree(200, "OK", "Require: timer", "Session-Expires: 90;refresher=uac", body=sdp()),
        recv("ACK"), request("BYE", 2, to="peer"), recv(200),
    )  # fmt: skip


def never_answered_at_all(folder: Path) -> Sequence[ev.Event]:
    """Our INVITE is repeated for 64 times T1 (timer B)."""
    repeated = [recv("INVITE")] * 7
    return placed(folder, stay, *repeated, options=("-nr",))


def test_what_takes_long(tmp_path: Path) -> None:
    stories = (never_acknowledged, never_refreshed, refreshed_by_us, never_answered_at_all)
    folders = [tmp_path / story.__name__ for story in stories]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor() as threads:
        lost, expired, refreshed, silent = threads.map(
            lambda story, folder: story(folder), stories, folders
        )

    assert "answered" not in topics(lost)
    assert (ended(lost).status, ended(lost).sip_code) == ("failed", 408)

    assert (ended(expired).by, ended(expired).sip_code) == ("caller", 408)
    assert ended(expired).status == "completed"
    assert ended(expired).reason == "no response from the far end"

    assert (ended(refreshed).by, ended(refreshed).sip_code) == ("caller", 200)
    assert topics(refreshed).count("media_started") == 1

    assert (ended(silent).by, ended(silent).sip_code) == ("callee", 408)
    assert topics(silent) == ["placed", "ended"]
