"""The ladder of a call, as text and as a diagram."""

import re

import pytest

from tests.hostile import PAYLOADS, check_harmless, hostile_history
from workbench import events as ev
from workbench.clock import EPOCH
from workbench.views.ladder import ladder

MESSAGES = (
    ("received", "INVITE sip:a@x SIP/2.0\r\nVia: b"),
    ("sent", "SIP/2.0 200 OK\r\nVia: b"),
)
HISTORY = [
    ev.SipMessageTraced(call_id="CA01", version=n, at=EPOCH, direction=way, message=message)  # type: ignore[arg-type]
    for n, (way, message) in enumerate(MESSAGES, start=1)
]


def test_it_is_text_from_top_to_bottom() -> None:
    title, asked, answered = ladder(HISTORY).splitlines()
    assert title.split() == ["workbench", "far", "end"]
    assert "|<-" in asked
    assert " INVITE " in asked
    assert "->|" in answered
    assert " 200 OK " in answered


def test_it_is_a_sequence_diagram_too() -> None:
    assert ladder(HISTORY, them="bob; end").to_mermaid().splitlines() == [
        "sequenceDiagram",
        "    participant us as workbench",
        "    participant them as bob#59; end",
        "    them->>us: INVITE",
        "    us->>them: 200 OK",
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nobody_writes_a_line_into_a_diagram(payload: str) -> None:
    lines = ladder(hostile_history(payload), us=payload).to_mermaid().splitlines()
    assert len(lines) == 4
    for line in lines[1:]:
        own, _, text = (
            line.strip()
            .removeprefix("participant ")
            .partition(" as " if "as" in line.split()[:3] else ": ")
        )
        assert own in ("us", "them", "us->>them", "them->>us")
        assert re.fullmatch(r"(?:[A-Za-z0-9 .-]|#\d+;)+", text)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_notebook_shows_it_line_by_line_and_nobody_writes_markup_into_it(
    payload: str,
) -> None:
    drawn = ladder(hostile_history(payload))
    assert repr(drawn) == str(drawn)
    assert check_harmless(drawn._repr_html_()) == str(drawn)
