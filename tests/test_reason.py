"""The Reason header, written and read."""

import pytest

from workbench import reason
from workbench.errors import InvalidInput


@pytest.mark.parametrize("text", ["", "busy", 'say "no"', "back\\slash", "ä; cause=3"])
def test_what_is_written_is_read(text: str) -> None:
    written = reason.headers(17, text)
    assert reason.read(written.values()) == (17, text)


def test_without_a_cause_there_is_no_header() -> None:
    assert reason.headers(None, "busy") == {}


@pytest.mark.parametrize(
    ("value", "cause", "text"),
    [
        ("Q.850;cause=16", 16, ""),
        ("q.850 ; cause = 34 ; text=congested", 34, "congested"),
        ('SIP;cause=200;text="Call completed elsewhere"', None, "Call completed elsewhere"),
        ("Q.850;cause=0", None, ""),
        ("Q.850;cause=128", None, ""),
        ("Q.850;cause=4711", None, ""),
        ('SIP;cause=600;text="x", Q.850;cause=17', 17, "x"),
        ('Q.850;cause=1;text="a\tb"', 1, "a b"),
        ("nonsense", None, ""),
    ],
)
def test_what_a_far_end_may_say(value: str, cause: int | None, text: str) -> None:
    assert reason.read([value]) == (cause, text)


def test_a_text_without_end_is_cut() -> None:
    assert len(reason.read([f'Q.850;cause=1;text="{"x" * 5000}"']).text) == reason.TEXT_LIMIT


@pytest.mark.parametrize(
    ("cause", "text"),
    [(0, ""), (128, ""), (True, ""), ("17", ""), (17, "a\r\nVia: x"), (17, "x" * 201), (17, 5)],
)
def test_what_may_not_be_sent(cause: object, text: object) -> None:
    with pytest.raises(InvalidInput):
        reason.check(cause, text)


def test_half_a_letter_may_not_be_sent() -> None:
    with pytest.raises(InvalidInput, match="Unicode"):
        reason.check(None, "\ud800")
