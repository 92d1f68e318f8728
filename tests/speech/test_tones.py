"""Tones of machines, clean and in noise; and what is none."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.speech.noises import (
    Sound,
    cadence,
    digits,
    frames,
    hold_music,
    keyboard,
    mixed,
    pink,
    ringback,
    silence,
    sine,
)
from tests.speech.sets import HERE, lines_of, prompts, read
from workbench.speech import Tone
from workbench.speech.tones import Tones


def heard(sound: Sound, noise: float = 0.0, seed: int = 0) -> list[Tone]:
    return [tone for _, tone in timed(sound, noise, seed)]


def timed(sound: Sound, noise: float = 0.0, seed: int = 0) -> Iterator[tuple[int, Tone]]:
    """Give each tone with the moment at which it is told."""
    tones, seconds = Tones(), len(sound) / 8000
    samples = mixed(sound, pink(seconds, noise, seed)) if noise else mixed(sound)
    for number, frame in enumerate(frames(samples)):
        for tone in tones.hear(frame, number * 20):
            yield (number + 1) * 20, tone


def told(sound: Sound) -> list[tuple[str, int]]:
    return [(tone.tone, tone.frequency_hz) for tone in heard(sound)]


@pytest.mark.parametrize("noise", [0, 1300], ids=["clean", "10 dB"])
@pytest.mark.parametrize("milliseconds", [120, 250, 480, 1000, 2500])
@pytest.mark.parametrize("frequency", [440.0, 620.0, 800.0, 1000.0, 1400.0])
def test_a_beep_is_found_where_it_is(frequency: float, milliseconds: int, noise: float) -> None:
    sound = np.concatenate([silence(507), sine((frequency,), milliseconds), silence(500)])
    (beep,) = heard(sound, noise, seed=milliseconds)
    assert beep.tone == "beep"
    assert abs(beep.frequency_hz - frequency) < 5
    assert abs(beep.start_ms - 507) <= 30
    assert abs(beep.start_ms + beep.duration_ms - 507 - milliseconds) <= 30


def test_a_beep_is_told_140_ms_after_its_end_at_the_latest() -> None:
    ((at, _),) = timed(np.concatenate([silence(400), sine((1000.0,), 400), silence(400)]))
    assert 800 < at <= 940


@pytest.mark.parametrize("frequency", [1065.0, 1100.0, 1135.0])
def test_a_calling_fax_is_no_beep(frequency: float) -> None:
    calling = cadence(((frequency,), 500), ((), 3000), ((frequency,), 500), ((), 500))
    assert {tone for tone, _ in told(calling)} == {"fax-calling"}
    assert len(told(calling)) == 2


def test_an_answering_fax_is_told_after_a_second() -> None:
    ((at, tone),) = timed(np.concatenate([silence(200), sine((2100.0,), 3000), silence(400)]))
    assert tone.tone == "fax-answer"
    assert 1200 <= at <= 1260


def test_an_answering_modem_turns_its_phase() -> None:
    turns = [(-1) ** n * sine((2100.0,), 450) for n in range(6)]
    assert ("fax-answer", 2100) in told(np.concatenate([*turns, silence(300)]))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("busy", [((480.0, 620.0), 500), ((), 500)]),
        ("busy", [((480.0, 620.0), 250), ((), 250)]),
        ("busy", [((425.0,), 480), ((), 480)]),
        ("busy", [((400.0,), 375), ((), 375)]),
        ("ringback", [((440.0, 480.0), 2000), ((), 4000)]),
        ("ringback", [((400.0, 450.0), 400), ((), 200), ((400.0, 450.0), 400), ((), 2000)]),
        ("ringback", [((425.0,), 1000), ((), 4000)]),
    ],
)
def test_a_network_is_known_by_its_cadence_and_told_once(
    name: str, parts: list[tuple[tuple[float, ...], int]]
) -> None:
    assert [tone for tone, _ in told(cadence(*parts * 4))] == [name]


def test_one_burst_of_a_network_is_nothing_yet() -> None:
    assert told(cadence(((425.0,), 480), ((), 3000))) == []


def test_tones_that_follow_each_other_are_no_beep() -> None:
    information = cadence(((950.0,), 330), ((1400.0,), 330), ((1800.0,), 330), ((), 1000))
    assert told(information) == []


@pytest.mark.parametrize("seed", range(3))
def test_keys_clicks_and_noise_are_no_tones(seed: int) -> None:
    assert told(digits(10, seed)) == []
    assert told(keyboard(10, 8000, seed)) == []
    assert told(pink(10, 2000, seed)) == []


def test_music_is_told_once_and_neither_ringback_nor_beep() -> None:
    for seed in range(3):
        assert {tone for tone, _ in told(hold_music(12, 2500, seed))} == {"music"}
    assert [tone for tone, _ in told(ringback(20))] == ["ringback"]


def test_recorded_music_is_music() -> None:
    rows = list(lines_of(HERE / "greetings" / "greetings.jsonl"))
    names = [row["file"] for row in rows if row["answered_by"] == "music"]
    assert len(names) == 3
    for name in names:
        tones = heard(read(HERE / "greetings" / name).astype(float))
        assert [tone.tone for tone in tones] == ["music"], name


@pytest.mark.slow
def test_speech_has_no_tones() -> None:
    spoken = [prompt.samples for prompt in prompts()[::3]]
    for row in [*lines_of(HERE / "greetings" / "greetings.jsonl")][::5]:
        if row["answered_by"] != "music":
            spoken.append(read(HERE / "greetings" / row["file"]))
    assert len(spoken) > 40
    for samples in spoken:
        assert heard(samples.astype(float)) == []
