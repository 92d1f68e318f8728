"""The waveform of a call, live and from its recording."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.feed import AudioFrame
from workbench.views.waveform import MOST_PAIRS, PAIR_MS, Peaks, recording_pairs

EMPTY = np.zeros(0, np.int16)


def frame(media_ms: int, received: int, sent: int = 0) -> AudioFrame:
    return AudioFrame(
        media_ms, np.array([0, received] * 80, np.int16), np.array([0, sent] * 80, np.int16)
    )


def test_a_pair_has_the_lowest_and_the_highest_of_three_frames() -> None:
    peaks = Peaks()
    for media_ms, level in ((0, 256), (20, -512), (40, 1024), (60, 2560)):
        peaks.add(frame(media_ms, level, -level))
    assert peaks.since(0).tolist() == [[[-2, 4], [-4, 2]], [[0, 10], [-10, 0]]]


def test_what_was_lost_is_silent_and_what_follows_is_in_its_place() -> None:
    peaks = Peaks()
    peaks.add(frame(0, 256))
    peaks.add(frame(100 * PAIR_MS, 512))
    pairs = peaks.since(0)
    assert len(pairs) == 101
    assert not pairs[1:100].any()
    assert pairs[100, 0].tolist() == [0, 2]


def test_it_gives_what_came_since_and_what_has_grown() -> None:
    peaks = Peaks()
    peaks.add(frame(0, 256))
    assert (len(peaks), peaks.since(0)[:, 0].tolist()) == (1, [[0, 1]])
    peaks.add(frame(20, 512))  # of the pair that was given already
    peaks.add(frame(60, 256))
    assert peaks.since(0)[:, 0].tolist() == [[0, 2], [0, 1]]
    assert peaks.since(1)[:, 0].tolist() == [[0, 1]]
    assert len(peaks.since(2)) == 0


def test_a_direction_that_was_not_asked_for_is_silent() -> None:
    peaks = Peaks()
    peaks.add(AudioFrame(0, EMPTY, frame(0, 0, 256).sent))
    assert peaks.since(0).tolist() == [[[0, 0], [0, 1]]]


def test_a_long_call_grows() -> None:
    peaks = Peaks()
    for number in range(3000):
        peaks.add(frame(number * PAIR_MS, 256))
    assert (peaks.since(0)[:, 0, 1] == 1).all()
    assert len(peaks.since(0)) == 3000


def record(path: Path, frames: int, level: int = 25600) -> Path:
    samples = np.zeros((frames, 2), np.int16)
    samples[frames // 2, 0] = level
    samples[-1, 1] = -level
    soundfile.write(path, samples, 8000, subtype="PCM_16")
    return path


def test_a_recording_has_a_pair_every_ten_milliseconds(tmp_path: Path) -> None:
    step_ms, pairs = recording_pairs(record(tmp_path / "a.wav", 8000))
    assert (step_ms, pairs.shape) == (10.0, (100, 2, 2))
    assert pairs[50].tolist() == [[0, 100], [0, 0]]
    assert pairs[99].tolist() == [[0, 0], [-100, 0]]


def test_the_last_pair_of_a_recording_may_be_short(tmp_path: Path) -> None:
    _, pairs = recording_pairs(record(tmp_path / "a.wav", 8001))
    assert len(pairs) == 101
    assert pairs[100].tolist() == [[0, 0], [-100, -100]]


def test_a_long_recording_has_longer_pairs(tmp_path: Path) -> None:
    seconds = 800
    step_ms, pairs = recording_pairs(record(tmp_path / "a.wav", seconds * 8000))
    assert step_ms == 30.0
    assert seconds * 1000 / step_ms == pytest.approx(len(pairs), abs=1)
    assert len(pairs) <= MOST_PAIRS
    assert pairs[len(pairs) // 2, 0, 1] == 100


def test_a_recording_without_a_sample_has_no_pair(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((0, 2), np.int16), 8000)
    assert recording_pairs(tmp_path / "a.wav")[1].shape == (0, 2, 2)
