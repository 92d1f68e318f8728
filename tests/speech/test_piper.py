"""The voice of the extra `piper`."""

from pathlib import Path

import numpy as np
import pytest

from workbench import Speech
from workbench.errors import InvalidInput
from workbench.speech.piper import PiperSynthesizer


@pytest.mark.slow
def test_it_speaks_at_the_pace_that_is_asked_for() -> None:
    voice = Speech(synthesizer="piper").voice
    assert isinstance(voice, PiperSynthesizer)
    assert voice.name == "piper/en_US-joe-medium"
    usual, rate = voice.speak("Your code is four, seven, one, one.")
    assert (rate, usual.dtype) == (22_050, np.dtype("float32"))
    assert 1.5 < len(usual) / rate < 5
    assert 0.1 < np.abs(usual).max() <= 1
    slow, _, words = voice.speak_words("Your code is four, seven, one, one.", 0.5)
    assert len(slow) > 1.5 * len(usual)
    assert words == ()


def test_a_voice_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no voice of Piper at .*absent\.onnx"):
        PiperSynthesizer(tmp_path / "absent.onnx")


@pytest.mark.slow
def test_what_has_no_sound_is_told() -> None:
    with pytest.raises(InvalidInput, match="can be said by the voice"):
        PiperSynthesizer().speak("")
