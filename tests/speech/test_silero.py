"""The voice activity that comes along: speech is found in its place, and nothing else is."""

import numpy as np
import numpy.typing as npt
import pytest

from tests.speech.sets import prompts
from workbench.speech.endpoint import Endpointer
from workbench.speech.silero import Doubler, SileroActivity

Samples = npt.NDArray[np.int16]


def likely(samples: Samples, activity: SileroActivity | None = None) -> list[float]:
    activity = activity or SileroActivity()
    return [activity.hear(samples[at : at + 160]) for at in range(0, len(samples) - 159, 160)]


def test_speech_begins_and_ends_where_it_is_to_be_heard() -> None:
    late, off = [], []
    for prompt in prompts()[:12]:
        silence = np.zeros(8000, np.int16)
        endpointer = Endpointer(500)
        loud = np.flatnonzero(np.abs(prompt.samples.astype(int)) > 300)
        heard = np.concatenate([silence, prompt.samples, silence])
        for number, probability in enumerate(likely(heard)):
            if endpointer.hear(probability, 20 * number) == "start":
                late.append(endpointer.end_ms - 1000 - loud[0] / 8)
                break
        ends = [at for at, how in enumerate(likely(heard)) if how > 0.35]
        off.append(20 * (ends[-1] + 1) - 1000 - loud[-1] / 8)
    assert np.median(late) <= 120, late
    assert abs(np.median(off)) <= 150, off


@pytest.mark.parametrize("kind", ["silence", "hiss", "tone"])
def test_what_is_no_speech_is_none(kind: str) -> None:
    at = np.arange(16_000)
    sounds = {
        "silence": np.zeros(16_000),
        "hiss": np.random.default_rng(3).normal(0, 1500, 16_000),
        "tone": 8000 * np.sin(2 * np.pi * 425 * at / 8000),
    }
    assert max(likely(sounds[kind].astype(np.int16))) < 0.5


def test_what_is_much_softer_than_the_speaker_is_somebody_else() -> None:
    (speech,) = (prompt.samples for prompt in prompts()[:1])
    behind = (speech / 60).astype(np.int16)
    activity = SileroActivity()
    near = likely(speech, activity)
    assert max(near) > 0.9
    assert max(likely(behind, activity)) == 0.0
    assert max(likely((speech / 4).astype(np.int16), activity)) > 0.5


def test_every_other_sample_of_the_doubled_wave_is_the_one_that_came_in() -> None:
    wave = np.random.default_rng(5).normal(0, 0.1, 800).astype(np.float32)
    double = Doubler()
    doubled = np.concatenate([double.take(wave[at : at + 160]) for at in range(0, 800, 160)])
    delay = Doubler.TAPS // 2
    assert np.allclose(doubled[delay::2][:380], wave[:380], atol=1e-5)
