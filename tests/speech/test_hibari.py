"""The voice that comes with the installation; no network, one real model."""

import socket
import threading

import numpy as np
import numpy.typing as npt
import pytest

from workbench.errors import InvalidInput
from workbench.speech import Synthesizer, default_synthesizer
from workbench.speech.hibari import HibariSynthesizer


@pytest.fixture(scope="module")
def voice() -> HibariSynthesizer:
    return HibariSynthesizer()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("A voice must not use the network.")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_the_default_is_the_packaged_voice() -> None:
    voice: Synthesizer = default_synthesizer()
    assert voice.name == "hibari/heart"
    assert voice.version
    assert default_synthesizer() is voice


@pytest.mark.slow
def test_a_sentence_becomes_audio(voice: HibariSynthesizer) -> None:
    audio, rate = voice.speak("Please enter your account number.")
    assert audio.dtype == np.float32
    assert audio.ndim == 1
    assert 1 < len(audio) / rate < 5
    assert 0.05 < np.abs(audio).max() <= 1


@pytest.mark.slow
def test_the_same_text_sounds_the_same_from_any_thread(voice: HibariSynthesizer) -> None:
    spoken: list[npt.NDArray[np.float32]] = []
    threads = [
        threading.Thread(target=lambda: spoken.append(voice.speak("Hello there.")[0]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(spoken) == 4
    assert all(np.array_equal(audio, spoken[0]) for audio in spoken)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_text_is_told(text: str, voice: HibariSynthesizer) -> None:
    with pytest.raises(InvalidInput, match="the text is empty"):
        voice.speak(text)


@pytest.mark.slow
def test_what_cannot_be_said_is_told(voice: HibariSynthesizer) -> None:
    with pytest.raises(InvalidInput, match="speaks English"):
        voice.speak("日本")
