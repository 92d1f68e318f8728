"""Batches: in order, complete, two on their way at most, and a snapshot for whoever appears."""

import pytest

from workbench.widgets import outbox
from workbench.widgets.outbox import Outbox


def opened() -> Outbox:
    box = Outbox()
    box.clear()
    box.begin([("first", ())])
    return box


def values(box: Outbox) -> list[object]:
    batch = box.take()
    return [] if batch is None else [value for value, _ in batch.items]


def test_nobody_looks_yet_and_nothing_is_kept() -> None:
    box = Outbox()
    box.put("unseen")
    assert box.take() is None
    box.clear()
    box.begin([])
    assert values(box) == []


def test_a_view_begins_with_a_snapshot() -> None:
    box = opened()
    box.put("next")
    batch = box.take()
    assert batch is not None
    assert batch.fresh
    assert [value for value, _ in batch.items] == ["first", "next"]


def test_an_empty_snapshot_is_sent_too() -> None:
    box = Outbox()
    box.clear()
    batch = box.take()
    assert batch is not None
    assert (batch.fresh, batch.items) == (True, ())
    assert box.take() is None


def test_two_batches_are_on_their_way_and_the_rest_goes_together() -> None:
    box = opened()
    assert values(box) == ["first"]
    box.put("a")
    assert values(box) == ["a"]
    box.put("b")
    box.put("c")
    assert box.take() is None
    box.acknowledge(1)
    assert values(box) == ["b", "c"]


def test_an_acknowledgement_of_what_was_never_sent_opens_nothing() -> None:
    box = opened()
    box.take()
    box.acknowledge(99)
    for item in "abc":
        box.put(item)
        box.take()
    assert values(box) == []


def test_a_view_that_appears_again_need_not_have_acknowledged() -> None:
    box = opened()
    box.take()
    box.put("a")
    box.take()
    box.clear()
    box.begin([("again", ())])
    assert values(box) == ["again"]


def test_a_view_that_is_gone_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 3)
    box = opened()
    for _ in range(4):
        box.put("a")
    assert not box.open
    assert box.take() is None


def test_buffers_follow_in_the_order_of_their_items() -> None:
    box = opened()
    box.put("peaks", b"1", b"2")
    box.put("more", b"3")
    batch = box.take()
    assert batch is not None
    content, buffers = batch.message()
    assert content["items"] == [["first", 0], ["peaks", 2], ["more", 1]]
    assert buffers == [b"1", b"2", b"3"]
