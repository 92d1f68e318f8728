"""The voice that comes with the installation; no network, one real model."""

import socket
import threading
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from workbench.errors import InvalidInput
from workbench.speech import Synthesizer, default_synthesizer, hibari
from workbench.speech.hibari import HibariSynthesizer
from workbench.wordtimes import audible, estimated


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


TEXTS = (
    "Welcome to Arden Bank.",
    "For your balance, press one; to block a card, press two.",
    "Your code is 4, 7, 1, 1, A, B.",
    "I'm sorry, I didn't get that: could you say it again, please?",
    "The balance is $1,250.99 as of March 3rd, at 7:30 pm, e.g. for Dr. Smith & Co.",
    "All of our agents are busy right now, but you may also leave a message after the tone.",
)


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS)
def test_it_tells_where_its_words_lie(voice: HibariSynthesizer, text: str) -> None:
    audio, rate, words = voice.speak_words(text, 1.0)
    assert np.array_equal(audio, voice.speak(text)[0])
    assert [word.text for word in words] == text.split()
    begins = [word.start_ms for word in words]
    assert begins == sorted(begins)
    first_ms, last_ms = audible(audio, rate)
    assert abs(words[0].start_ms - first_ms) <= 120
    assert last_ms - 120 <= words[-1].end_ms <= len(audio) * 1000 / rate


@pytest.mark.slow
def test_between_words_that_are_apart_it_is_quiet(voice: HibariSynthesizer) -> None:
    audio, rate, words = voice.speak_words("Four, papa, tango, kilo.", 0.7)

    def level(from_ms: int, to_ms: int) -> float:
        return float(
            np.sqrt(np.mean(audio[from_ms * rate // 1000 : to_ms * rate // 1000] ** 2))
        )

    for word, following in pairwise(words):
        begins = range(word.end_ms - 20, following.start_ms + 1, 10)
        quietest = min(level(begin, begin + 20) for begin in begins)
        assert quietest < 0.1 * level(word.start_ms, word.end_ms), word.text


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_estimated_is_never_earlier(voice: HibariSynthesizer, text: str) -> None:
    audio, rate, words = voice.speak_words(text, 1.0)
    last_ms = audible(audio, rate)[1]
    for guess, told in zip(estimated(text.split(), audio, rate), words, strict=True):
        assert guess.end_ms >= min(told.end_ms, last_ms), guess.text


@pytest.mark.slow
def test_a_slower_pace_moves_the_words(voice: HibariSynthesizer) -> None:
    _, _, usual = voice.speak_words(TEXTS[0], 1.0)
    _, _, slow = voice.speak_words(TEXTS[0], 0.5)
    assert slow[-1].end_ms > 1.5 * usual[-1].end_ms


@pytest.mark.slow
def test_another_model_speaks_without_telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hibari, "DURATIONS", b"/No_such_tensor")
    audio, _, words = HibariSynthesizer().speak_words("Hello.", 1.0)
    assert len(audio)
    assert words == ()
