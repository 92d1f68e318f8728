"""Calls on a terminal: what a far end wrote never steers the terminal."""

import io

import pytest
from rich.console import Console

from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.analysis.frames import Frames
from workbench.cli import _tell_end
from workbench.clock import EPOCH
from workbench.control import CallControl
from workbench.flow import flow
from workbench.narration import MOST_CALLS, Narrator, call_table, event_table, verdict
from workbench.replay import replay
from workbench.views.ladder import ladder
from workbench.views.wording import in_words

TITLE = "\x1b]0;x\x07"
"""Sets the title of many a terminal."""


@flow
async def greet(call: CallControl) -> None:
    await call.answer()


@flow
async def refuse(call: CallControl) -> None:
    await call.reject()


def hostile() -> list[ev.Event]:
    """Return a call whose INVITE and whose end carry the sequence wherever they can."""
    history = ScriptedCall(greet).answered().history
    offered = ev.Offered(
        call_id="CA00", version=1, at=EPOCH, leg="CA00",
        from_=f"sip:{TITLE}@h", to=f'"{TITLE}" <sip:b@h>',
    )  # fmt: skip
    traced = ev.SipMessageTraced(
        call_id="CA00", version=len(history) + 1, at=EPOCH, direction="received",
        message=f"SIP/2.0 486 {TITLE}\r\n",
    )  # fmt: skip
    return [offered, *history[1:], traced]


def terminal() -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, width=200, color_system=None), written


def test_no_control_character_reaches_the_terminal() -> None:
    history = hostile()
    console, written = terminal()
    narrate = Narrator(console)
    for event in history:
        narrate(event)
        assert "\x1b" not in in_words(event)
    console.print(event_table(history))
    console.print(call_table(Frames(lambda: [("CA00", history)]).calls()))
    console.print(verdict(replay(history, refuse)))
    console.print(ladder(history))
    assert "\\x1b]0;x\\x07" in written.getvalue()
    assert "\x1b" not in written.getvalue()
    assert "\x07" not in written.getvalue()


def test_a_narrator_forgets_calls_of_long_ago() -> None:
    narrate = Narrator(terminal()[0], quiet=[ev.Ended])
    for number in range(MOST_CALLS + 10):
        narrate(ended(f"CA{number}"))
    assert len(narrate._starts) == MOST_CALLS
    assert "CA0" not in narrate._starts


def ended(call_id: str) -> ev.Ended:
    return ev.Ended(
        call_id=call_id, version=1, at=EPOCH, by="engine", status="failed", sip_code=503,
        hangup_cause="", q850_cause=0, reason=TITLE,
    )  # fmt: skip


def test_the_reason_of_an_end_is_legible(capsys: pytest.CaptureFixture[str]) -> None:
    console, written = terminal()
    assert _tell_end(console, "CA00", ended("CA00")) == 2
    assert "\x1b" not in written.getvalue() + capsys.readouterr().err
