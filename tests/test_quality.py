"""The E-model against the values of ITU-T G.107 and against arithmetic done by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.quality import (
    CODECS,
    delay_impairment,
    loss_impairment,
    mos,
    mos_cq,
    mos_lq,
    one_way_ms,
)


@pytest.mark.parametrize(
    ("r", "score"),
    [
        (93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58),
        (0, 1.0), (-5, 1.0), (100, 4.5), (120, 4.5),
    ],
)  # fmt: skip
def test_scores_are_those_of_annex_b(r: float, score: float) -> None:
    assert mos(r) == pytest.approx(score, abs=0.01)


@pytest.mark.parametrize(
    ("codec", "loss", "burst", "impairment"),
    [
        ("PCMU", 0, 1, 0.0),
        ("PCMU", 1, 1, 3.64),  # 95 * 1 / (1 + 25.1)
        ("PCMA", 5, 1, 15.78),  # 95 * 5 / (5 + 25.1)
        ("PCMU", 5, 2, 17.21),  # 95 * 5 / (2.5 + 25.1)
        ("G729", 2, 1, 19.0),  # 11 + 84 * 2 / (2 + 19)
        ("pcmu", 100, 1, 75.94),  # 95 * 100 / (100 + 25.1)
    ],
)
def test_loss_impairs_as_worked_out_by_hand(
    codec: str, loss: float, burst: float, impairment: float
) -> None:
    assert loss_impairment(codec, loss, burst) == pytest.approx(impairment, abs=0.01)


@pytest.mark.parametrize(
    ("delay", "impairment"),
    [
        (0, 0.0),
        (100, 0.0),
        # X = 1: 25 * (2^(1/6) - 3 * (1 + 1/729)^(1/6) + 2)
        (200, 3.04),
        # X = 2: 25 * (65^(1/6) - 3 * (1 + 64/729)^(1/6) + 2)
        (400, 24.07),
    ],
)
def test_delay_impairs_as_worked_out_by_hand(delay: float, impairment: float) -> None:
    assert delay_impairment(delay) == pytest.approx(impairment, abs=0.01)


@pytest.mark.parametrize(
    ("loss", "score"),
    [
        (0, 4.41),  # R = 93.2
        (1, 4.33),  # R = 93.2 - 3.64 = 89.56
        (5, 3.92),  # R = 93.2 - 15.78 = 77.42
        (20, 2.63),  # R = 93.2 - 42.13 = 51.07
    ],
)
def test_listening_quality_falls_with_loss(loss: float, score: float) -> None:
    assert mos_lq("PCMU", loss) == pytest.approx(score, abs=0.01)


def test_a_conversation_also_suffers_from_delay() -> None:
    assert mos_cq("PCMU", 0, 50) == mos_lq("PCMU", 0)
    assert mos_cq("PCMU", 0, 400) == pytest.approx(mos(93.2 - 24.07), abs=0.01)
    assert one_way_ms(100, 10) == 90


@given(
    st.sampled_from(sorted(CODECS)),
    st.floats(0, 100),
    st.floats(0, 100),
    st.floats(0, 5000),
)
def test_more_loss_and_more_delay_never_sound_better(
    codec: str, loss: float, more: float, delay: float
) -> None:
    assert 1.0 <= mos_cq(codec, loss + more, delay) <= mos_cq(codec, loss, 0) + 1e-9
    assert mos_cq(codec, loss, 0) <= 4.5
