"""When a leg is concealed and revealed again: never while a key may be heard."""

from typing import Any

import pytest

from workbench.clock import ManualClock
from workbench.engine.concealment import FADING_S, LONGEST_PRESS_S, Concealment
from workbench.signals import Concealed, Revealed


class Stand:
    """A concealment on a line that only takes note."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.changes: list[bool] = []
        self.told: list[tuple[type, str]] = []
        self.concealment = Concealment(self.clock, lambda: self, self._tell)
        self.clock.advance(60)

    def conceal(self, *, concealed: bool) -> None:
        self.changes.append(concealed)

    @property
    def concealed(self) -> bool:
        return self.changes[-1]

    def _tell(self, kind: Any, *, concealment: str) -> None:
        self.told.append((kind, concealment))


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_it_is_revealed_at_once_when_nothing_was_pressed(stand: Stand) -> None:
    stand.concealment.begin("g1")
    stand.concealment.end("g1")
    assert stand.changes == [True, False]
    assert stand.told == [(Concealed, "g1"), (Revealed, "g1")]


def test_it_is_revealed_when_the_last_key_has_faded(stand: Stand) -> None:
    stand.concealment.begin("g1")
    stand.concealment.pressed("4", "rfc4733")
    stand.concealment.end("g1")
    stand.clock.advance(3)
    stand.concealment.let_go("4", "rfc4733")
    stand.clock.advance(FADING_S - 0.01)
    assert stand.concealed
    stand.clock.advance(FADING_S)
    assert not stand.concealed


def test_a_key_of_whose_end_nothing_is_told_ends_some_time(stand: Stand) -> None:
    stand.concealment.begin("g1")
    stand.concealment.pressed("4", "inband")
    stand.concealment.end("g1")
    stand.clock.advance(LONGEST_PRESS_S - 1)
    assert stand.concealed
    stand.clock.advance(1)
    assert not stand.concealed


def test_a_key_by_info_is_up_again_when_it_is_told_of(stand: Stand) -> None:
    stand.concealment.begin("g1")
    stand.concealment.pressed("4", "sip-info")
    stand.concealment.end("g1")
    stand.clock.advance(FADING_S)
    assert not stand.concealed


def test_a_second_one_keeps_it_concealed(stand: Stand) -> None:
    stand.concealment.begin("g1")
    stand.concealment.pressed("4", "sip-info")
    stand.concealment.end("g1")
    stand.concealment.begin("g2")
    stand.clock.advance(60)
    assert stand.told == [(Concealed, "g1"), (Concealed, "g2"), (Revealed, "g1")]
    assert stand.concealed
    stand.concealment.end("g2")
    assert not stand.concealed


def test_nothing_happens_after_the_end_of_the_call(stand: Stand) -> None:
    stand.concealment.begin("g1")
    stand.concealment.pressed("4", "rfc4733")
    stand.concealment.end("g1")
    stand.concealment.stop()
    stand.clock.advance(60)
    stand.concealment.end("g1")
    assert stand.told == [(Concealed, "g1")]
