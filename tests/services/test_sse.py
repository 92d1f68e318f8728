"""Server-sent events, however they are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ServiceGarbled
from workbench.services import sse
from workbench.services.sse import SseReader

STREAM = (
    b": comment\n\ndata: one\n\nevent: x\ndata:two\ndata: lines\r\n\r\ndata: \xc3\xbcber\r\r"
    b"id: 7\n\ndata: [DONE]\n\ndata: never ended"
)
EVENTS = ["one", "two\nlines", "über", "[DONE]"]


@given(st.lists(st.integers(0, len(STREAM))))
def test_however_it_is_cut_the_events_are_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    reader = SseReader()
    parts = [STREAM[a:b] for a, b in itertools.pairwise(places)]
    assert [event for part in parts for event in reader.read(part)] == EVENTS


@pytest.mark.parametrize("line", [b"data: " + b"x" * 50, b"data: x\n" * 50, b"x" * 200])
def test_an_event_that_is_too_long(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LONGEST_EVENT", 40)
    with pytest.raises(ServiceGarbled, match="over 40 bytes"):
        list(SseReader().read(line))


def test_an_event_that_is_no_text() -> None:
    with pytest.raises(ServiceGarbled, match="no UTF-8"):
        list(SseReader().read(b"data: \xff\n\n"))
