"""How many packets had been sent when the far end reported."""

import pytest

from workbench.engine.streamcounts import Look, sent_at

BEFORE, AFTER = Look(100.0, 1000), Look(101.0, 1050)


@pytest.mark.parametrize(
    ("moment", "sent"),
    [(100.0, 1000), (100.5, 1025), (101.0, 1050), (99.0, 1000), (200.0, 1050)],
)
def test_packets_leave_at_an_even_pace_between_two_looks(moment: float, sent: int) -> None:
    assert sent_at(moment, BEFORE, AFTER) == sent


def test_a_clock_set_back_between_two_looks_counts_all_that_was_sent() -> None:
    assert sent_at(100.0, AFTER, BEFORE._replace(sent=1100)) == 1100
