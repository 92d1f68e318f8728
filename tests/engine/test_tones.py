"""Tones of keys: made as Q.23 says, found as Q.24 says, and never found in speech."""

from collections.abc import Iterable

import numpy as np
import pytest
import soundfile
import soxr

from workbench.commands import KEYS
from workbench.engine.settings import CLOCK_RATE
from workbench.engine.tones import COLUMNS, FRAME, ROWS, Detector, tone
from workbench.shipped import shipped

SILENCE = bytes(2 * FRAME)
Found = list[tuple[str, int | None]]


def found(frames: Iterable[bytes]) -> Found:
    detector = Detector()
    return [each for frame in frames for each in detector.hear(frame)]


def pressed(keys: str, milliseconds: int = 100, pause: int = 5) -> list[bytes]:
    frames = [SILENCE] * pause
    for key in keys:
        frames += [*tone(key, milliseconds), *[SILENCE] * pause]
    return frames


def begun(frames: Iterable[bytes]) -> str:
    return "".join(key for key, duration in found(frames) if duration is None)


def waves(rows: float, columns: float, seconds: float = 0.1, level: float = 0.2) -> list[bytes]:
    at = np.arange(int(seconds * CLOCK_RATE)) / CLOCK_RATE
    sound = np.sin(2 * np.pi * rows * at) + np.sin(2 * np.pi * columns * at)
    return framed(level * sound)


def framed(sound: np.ndarray) -> list[bytes]:
    samples = (np.clip(sound, -1, 1) * 32767).astype("<i2")
    whole = samples[: len(samples) // FRAME * FRAME]
    return [part.tobytes() for part in whole.reshape(-1, FRAME)] + [SILENCE] * 5


def test_every_key_is_found_once() -> None:
    keys = "".join(sorted(KEYS))
    assert begun(pressed(keys)) == keys


def test_a_key_that_is_pressed_twice_is_found_twice() -> None:
    assert begun(pressed("1122", milliseconds=60, pause=3)) == "1122"


@pytest.mark.parametrize("milliseconds", [60, 100, 160, 500])
def test_how_long_a_key_was_pressed(milliseconds: int) -> None:
    (_, begin), (_, duration) = found(pressed("5", milliseconds))
    assert begin is None
    assert duration is not None
    assert abs(duration - milliseconds) <= 20


def test_what_lasts_less_than_a_frame_is_no_key() -> None:
    assert begun(pressed("5", milliseconds=20)) == ""


@pytest.mark.parametrize("off", [0.985, 1.0, 1.015])
def test_tones_that_are_off_by_less_than_q24_allows(off: float) -> None:
    assert begun(waves(ROWS[1] * off, COLUMNS[1] * off)) == "5"


@pytest.mark.parametrize("level", [0.01, 0.05, 0.4])
def test_loud_and_soft_tones(level: float) -> None:
    assert begun(waves(ROWS[3], COLUMNS[1], level=level)) == "0"


def test_one_tone_alone_and_tones_of_one_group_are_no_key() -> None:
    assert begun(waves(ROWS[0], ROWS[0])) == ""
    assert begun(waves(ROWS[0], ROWS[2])) == ""
    assert begun(waves(440, 480, seconds=2)) == ""
    assert begun(waves(350, 440, seconds=2)) == ""


def test_a_tone_in_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 0.02, CLOCK_RATE)
    at = np.arange(CLOCK_RATE) / CLOCK_RATE
    sound = 0.2 * (np.sin(2 * np.pi * ROWS[2] * at) + np.sin(2 * np.pi * COLUMNS[2] * at))
    assert begun(framed(sound + noise)) == "9"
    assert begun(framed(noise * 5)) == ""


def test_speech_is_no_key() -> None:
    heard = ""
    for path in sorted(shipped("recordings").glob("*.wav")):
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
        heard += begun(framed(soxr.resample(sound[:, 0], rate, CLOCK_RATE)))
    assert heard == ""
