"""Voice activity on speech in the sounds of the line: one that gets worse fails here."""

import numpy as np
import pytest

from benchmarks.voice_activity import ours, silero_at
from tests.speech.noisy import PROMPTS, SOUNDS, Noisy, compare, noisy, within


@pytest.mark.slow
def test_the_set_is_the_same_every_time_and_labelled() -> None:
    for name in SOUNDS:
        recording, again = noisy(name), noisy(name)
        assert np.array_equal(recording.samples, again.samples)
        assert recording.spoken == again.spoken
        assert len(recording.spoken) == PROMPTS
        assert 0.3 < recording.labels.mean() < 0.8
    assert noisy("clean", 2).spoken != noisy("clean", 1).spoken


def test_errors_are_counted_from_the_truth() -> None:
    truth = Noisy("", np.zeros(1600 * 8, dtype=np.int16), [(200, 600), (1000, 1400)])
    errors = compare(truth, [(240, 400), (440, 700)])
    assert errors.late_ms == [40]
    assert errors.long_ms == [100]
    assert errors.lost == 1
    assert errors.missed == pytest.approx(100 * 24 / 40)
    assert errors.false == pytest.approx(100 * 5 / 40)
    assert within([(0, 40)], 3).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "name",
    [
        name if name.startswith("pink") else pytest.param(name, marks=pytest.mark.slow)
        for name in SOUNDS
    ],
)
def test_speech_is_found_where_it_is(name: str) -> None:
    recording = noisy(name)
    errors = compare(recording, ours(recording.samples))
    assert errors.lost == 0
    assert errors.missed < 6
    assert errors.false < 6
    assert np.median(np.abs(errors.late_ms)) <= 100
    assert np.median(np.abs(errors.long_ms)) <= 130


@pytest.mark.slow
@pytest.mark.parametrize("name", ["keyboard", "digits"])
def test_what_is_no_speech_is_told_as_well_as_by_the_raw_library(name: str) -> None:
    recording = noisy(name)
    mine = compare(recording, ours(recording.samples))
    raw = compare(recording, silero_at(16_000)(recording.samples))
    assert mine.missed + mine.false <= raw.missed + raw.false + 1
