"""Waveforms as pictures."""

import io

import numpy as np
import pytest
from matplotlib.image import imread

from tests.hostile import PAYLOADS, hostile_history
from workbench import events as ev
from workbench.analysis.pictures import waveform_picture
from workbench.clock import EPOCH

RATE = 8000


def noise(seconds: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    frames = round(seconds * RATE)
    return np.random.default_rng(1).uniform(-0.5, 0.5, (frames, 2)).astype(np.float32)


def pixels(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(imread(io.BytesIO(png), format="png"))


def digit(media_ms: int, key: str = "1") -> ev.DigitReceived:
    return ev.DigitReceived(call_id="CA00", version=1, at=EPOCH, media_ms=media_ms, digit=key)


def test_it_is_a_png_without_a_background() -> None:
    png = waveform_picture(noise(2.0), RATE, [], 0)
    assert png.startswith(b"\x89PNG")
    image = pixels(png)
    assert image.shape == (320, 1000, 4)
    assert image[0, 0, 3] == 0
    assert image[..., 3].max() == 1


def test_nothing_in_it_is_black_or_white() -> None:
    image = pixels(waveform_picture(noise(2.0), RATE, [digit(700)], 0))
    solid = image[image[..., 3] == 1][:, :3]
    assert solid.mean(axis=1).min() > 0.2
    assert solid.mean(axis=1).max() < 0.8


def test_the_same_call_gives_the_same_picture() -> None:
    pictures = {waveform_picture(noise(1.0), RATE, [digit(100)], 0) for _ in range(3)}
    assert len(pictures) == 1


def test_a_digit_is_marked_where_it_was_pressed() -> None:
    silence = np.zeros((10 * RATE, 2), np.float32)
    without = pixels(waveform_picture(silence, RATE, [], 0))
    image = pixels(waveform_picture(silence, RATE, [digit(6000)], 1000))
    columns = np.flatnonzero((image != without).any(axis=(0, 2)))
    # Half way between the two borders of the lanes.
    assert columns.min() == pytest.approx(510, abs=15)


@pytest.mark.parametrize("frames", [0, 1, 2, 1000])
def test_a_recording_of_any_length_is_drawn(frames: int) -> None:
    samples = np.zeros((frames, 2), np.float32)
    assert waveform_picture(samples, RATE, [digit(0), digit(5)], 0)


def test_digits_close_together_share_a_label() -> None:
    together = [digit(1000 + 50 * i, key) for i, key in enumerate("1234567890")]
    assert waveform_picture(noise(10.0), RATE, together, 0)


def test_whatever_a_caller_sends_is_drawn_as_it_is() -> None:
    # Neither a formula, nor a control character, nor a script that the font does not have.
    history = [event for payload in PAYLOADS for event in hostile_history(payload)]
    assert waveform_picture(noise(0.5), RATE, history, 0)
