"""Replays of many calls: as they are asked for, kept, and gone on with after an interrupt."""

import pytest

from tests.hostile import PAYLOADS, check_harmless
from workbench.replay import Divergence, Replay, Replays
from workbench.replay.exact import Decided
from workbench.replay.many import SHOWN


def equal(call_id: str) -> Replay:
    return Replay(call_id=call_id, flow="desk", flow_version="1", decisions=3)


def diverging(call_id: str, words: str = "play 'b.wav'") -> Replay:
    found = Divergence(
        call_id=call_id, version=7, event=words, media_ms=100, then=Decided(words, words),
        now=Decided(words, ""),
    )  # fmt: skip
    return Replay(call_id=call_id, flow="desk", flow_version="1", decisions=2, divergence=found)


def test_each_is_made_when_it_is_asked_for_and_only_once() -> None:
    asked: list[str] = []

    def replay(call_id: str) -> Replay | None:
        asked.append(call_id)
        return None if call_id == "CA2" else equal(call_id)

    replays = Replays("desk", ["CA1", "CA2", "CA3"], replay)
    assert repr(replays) == "<Replays of desk: 0 of 3 calls looked at>"
    first = iter(replays)
    assert next(first).call_id == "CA1"
    assert asked == ["CA1"]
    assert [each.call_id for each in replays] == ["CA1", "CA3"]
    assert [each.call_id for each in first] == ["CA3"]
    assert asked == ["CA1", "CA2", "CA3"]
    assert str(replays) == "2 of 2 calls decide the same with desk today."
    assert "diverges" not in check_harmless(replays._repr_html_())


def test_an_interrupt_loses_nothing() -> None:
    left = ["once"]

    def replay(call_id: str) -> Replay:
        if call_id == "CA2" and left:
            left.clear()
            raise KeyboardInterrupt
        return equal(call_id)

    replays = Replays("desk", ["CA1", "CA2", "CA3"], replay)
    with pytest.raises(KeyboardInterrupt):
        list(replays)
    assert repr(replays) == "<Replays of desk: 1 of 3 calls looked at>"
    assert [each.call_id for each in replays.made] == ["CA1"]
    assert [each.call_id for each in replays] == ["CA1", "CA2", "CA3"]


def test_a_flow_that_took_no_call_is_said_to() -> None:
    replays = Replays("desk", ["CA1"], lambda _: None)
    assert str(replays) == "No call of this store was taken by a flow named 'desk'."


def test_of_many_divergences_the_first_are_shown() -> None:
    ids = [f"CA{number:02}" for number in range(SHOWN + 5)]
    replays = Replays("desk", ids, diverging)
    assert str(replays).endswith("5 more diverge.")
    said = check_harmless(replays._repr_html_())
    assert said.endswith("5 more diverge.")
    assert said.count("diverges after event 7") == SHOWN


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nobody_writes_markup_into_replays(payload: str) -> None:
    replays = Replays(payload, [payload], lambda call_id: diverging(call_id, payload))
    check_harmless(replays._repr_html_())
