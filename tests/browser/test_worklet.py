"""What the audio thread of a talk is made of, in a page without JupyterLab or sound."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Page

from workbench.widgets.panel import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOADED = f"""
class AudioWorkletProcessor {{}}
const registerProcessor = () => {{}};
{(STATIC / "talk_worklet.js").read_text()}
"""
RESAMPLE = """([from, to, samples]) => {
    const [made, resampler] = [[], new Resampler(from, to)];
    for (const sample of samples) resampler.push(sample, (each) => made.push(each));
    return made;
}"""
PLAY = """(steps) => {
    // So many frames come, each of its own value; below zero, so many are played.
    const [heard, jitter] = [[], new Jitter(TARGET)];
    let value = 0;
    for (const step of steps) {
        for (let n = 0; n < step; n += 1)
            jitter.put(new Int16Array(FRAME).fill(328 * (value += 1)));
        for (let n = 0; n < -step * FRAME; n += 1) heard.push(jitter.next());
    }
    return [heard, jitter.waiting / FRAME];
}"""
FRAME = 160

Run = Callable[[str, Any], Any]


@pytest.fixture
def run(page: Page) -> Run:
    """Run a function beside the worklet's classes."""
    return lambda function, argument: page.evaluate(
        f"(argument) => {{ {LOADED} return ({function})(argument); }}", argument
    )


def tone(hz: float, rate: int) -> npt.NDArray[np.float64]:
    return np.sin(2 * np.pi * hz * np.arange(rate // 2) / rate)


def level_db(samples: npt.NDArray[np.float64], hz: float, rate: int) -> float:
    """Return how loud one tone is among samples, 0 for one of amplitude 1."""
    middle = samples[len(samples) // 4 :]
    window = np.hanning(len(middle))
    wave = np.exp(-2j * np.pi * hz * np.arange(len(middle)) / rate)
    return float(20 * np.log10(2 * abs((window * middle) @ wave) / window.sum() + 1e-9))


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000, 96_000])
def test_the_microphone_comes_to_8_khz_without_aliases(run: Run, rate: int) -> None:
    for hz in (300, 1000, 3000):
        made = np.array(run(RESAMPLE, [rate, 8000, tone(hz, rate).tolist()]))
        assert len(made) == pytest.approx(4000, abs=1)
        assert level_db(made, hz, 8000) == pytest.approx(0, abs=0.5)
    aliased = np.array(run(RESAMPLE, [rate, 8000, tone(5000, rate).tolist()]))
    assert level_db(aliased, 3000, 8000) < -50


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_the_far_end_comes_to_the_speaker_without_images(run: Run, rate: int) -> None:
    made = np.array(run(RESAMPLE, [8000, rate, tone(1000, 8000).tolist()]))
    assert len(made) == pytest.approx(rate / 2, rel=0.001)
    assert level_db(made, 1000, rate) == pytest.approx(0, abs=0.5)
    assert level_db(made, 7000, rate) < -50


def frames(heard: list[float]) -> list[float]:
    """Return the values of the frames that were heard, in hundredths."""
    return [round(100 * value) for value in heard[::FRAME]]


def test_three_frames_wait_before_the_first_is_heard(run: Run) -> None:
    heard, waiting = run(PLAY, [2, -2, 1, -2])
    assert frames(heard) == [0, 0, 1, 2]
    assert waiting == 1


def test_a_gap_is_filled_ever_softer_and_then_silent(run: Run) -> None:
    heard, _ = run(PLAY, [3, -7])
    assert frames(heard)[:4] == [1, 2, 3, 3]
    fading = heard[3 * FRAME : 6 * FRAME]
    assert all(later < sooner for sooner, later in pairwise(fading))
    assert heard[6 * FRAME :] == [0.0] * FRAME


def test_after_a_gap_it_goes_on_sooner_than_at_first(run: Run) -> None:
    heard, _ = run(PLAY, [3, -7, 3, -1])
    assert frames(heard)[-1] == 4


def test_a_delay_of_long_is_cut_at_once(run: Run) -> None:
    heard, waiting = run(PLAY, [3, -1, 14, -1])
    assert waiting <= 4
    assert frames(heard)[-1] > 10


def test_a_delay_that_stays_is_cut_after_ten_seconds(run: Run) -> None:
    steps = [9, *[-1, 1] * 510]
    _, waiting = run(PLAY, steps)
    assert waiting == pytest.approx(4, abs=0.1)
