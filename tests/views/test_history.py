"""A history as people read it."""

import pytest

from tests.hostile import PAYLOADS, check_harmless, hostile_history
from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.control import CallControl
from workbench.flow import flow
from workbench.tables import legible
from workbench.views.history import SHOWN, History, rows


@flow
async def ask(call: CallControl) -> str:
    await call.answer()
    return (await call.gather(2, play="menu.wav")).digits


def asked() -> History:
    scripted = ScriptedCall(ask).answered()
    scripted.press("1")
    scripted.prompt_ends("prompt-1", "interrupted")
    scripted.press("2")
    scripted.hang_up()
    return History(scripted.history)


def test_it_is_a_sequence() -> None:
    history = asked()
    assert history[0] == next(iter(history))
    assert len(history) == len(list(history))
    assert isinstance(history[-1], ev.Ended)
    assert history == asked()
    assert hash(history) == hash(asked())
    assert history != history[1:]
    assert history != 1


def test_a_part_keeps_the_seconds_of_the_whole() -> None:
    history = asked()
    whole, part = list(rows(history)), list(rows(history[3:]))
    assert isinstance(history[3:], History)
    assert part == whole[3:]
    assert float(part[-1][1]) > 0


def test_one_line_an_event() -> None:
    lines = repr(asked()).splitlines()
    assert len(lines) == len(asked())
    assert lines[0].split() == [
        "1",
        "0.000",
        "call.offered",
        *["call", "from", "sip:a@x", "to", "sip:b@x"],
    ]
    (gathering,) = (line for line in lines if "gather_requested" in line)
    assert gathering.rstrip().endswith(
        f"test_history.py:{ask.function.__code__.co_firstlineno + 3}"
    )


def test_an_empty_history_has_no_lines() -> None:
    assert repr(History([])) == ""
    assert check_harmless(History([])._repr_html_()).startswith("0 events")


def test_a_short_history_is_shown_whole() -> None:
    html = asked()[:SHOWN]._repr_html_()
    assert "<details>" not in html
    assert html.count("<tr") == 1 + SHOWN


def test_a_long_history_is_folded() -> None:
    history = asked()
    html = history._repr_html_()
    head, fold, whole = html.partition("<details>")
    assert fold
    assert head.count("<tr") == 1 + SHOWN
    assert whole.count("<tr") == 1 + len(history)
    assert check_harmless(html).startswith(f"The first {SHOWN} of {len(history)} events")


def test_what_was_decided_stands_out() -> None:
    html = asked()._repr_html_()
    assert '<tr style="font-weight:bold"><td style="text-align:left">2</td>' in html
    assert '<tr style=""><td style="text-align:left">1</td>' in html


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nobody_writes_markup_into_a_history(payload: str) -> None:
    history = History(hostile_history(payload))
    said = check_harmless(history._repr_html_())
    assert said.count(legible(payload)) >= 10
    assert len(repr(history).splitlines()) == len(history)
    assert "\x1b" not in repr(history)
