"""Text to speech over HTTP."""

from typing import Any, Literal

import numpy as np
import pytest

from tests.services.stand_in import StandIn, patience
from workbench.errors import InvalidInput, ServiceFailed, ServiceGarbled, ServiceTimedOut
from workbench.markup import sentences
from workbench.prompts import PromptShelf
from workbench.recital import Reciter
from workbench.services import Endpoint, HttpSynthesizer


def voice(stand_in: StandIn, behaviour: str, form: Any = "wav") -> HttpSynthesizer:
    return HttpSynthesizer(
        Endpoint(stand_in.url(behaviour), **patience(behaviour)), "tts", "anna", form=form
    )


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_a_text_is_spoken(stand_in: StandIn, form: Literal["wav", "flac"]) -> None:
    audio, rate = voice(stand_in, "fine", form).speak("Hello.")
    assert (rate, len(audio), audio.dtype) == (24_000, 12_000, np.dtype("float32"))
    spectrum = np.abs(np.fft.rfft(audio))
    assert np.argmax(spectrum) * rate / len(audio) == pytest.approx(440, abs=3)
    asked = {"model": "tts", "voice": "anna", "response_format": form, "speed": 1.0}
    assert stand_in.asked[0].json == {**asked, "input": "Hello."}


def test_raw_samples_have_no_header(stand_in: StandIn) -> None:
    audio, rate = voice(stand_in, "fine", "pcm").speak("Hello.")
    assert (rate, len(audio)) == (24_000, 12_000)
    assert audio[:2] == pytest.approx([0.125, -0.125])


def test_it_is_a_voice_of_the_shelf(stand_in: StandIn, tmp_path: Any) -> None:
    reciter = Reciter(PromptShelf(tmp_path, voice(stand_in, "fine")))
    for sentence in sentences("Hello.") * 2:
        assert reciter.speak(sentence).prepared.duration_ms == 500
    assert len(stand_in.asked) == 1, "the same text is not asked for again"


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("broken", ServiceFailed),
        ("hanging", ServiceTimedOut),
        ("garbage", ServiceGarbled),
        ("oversized", ServiceGarbled),
        ("dropped", ServiceGarbled),
    ],
)
def test_a_service_that_fails(
    stand_in: StandIn, behaviour: str, error: type[ServiceFailed]
) -> None:
    with pytest.raises(error) as raised:
        voice(stand_in, behaviour).speak("Hello.")
    assert type(raised.value) is error


def test_nothing_to_say_is_not_asked_for(stand_in: StandIn) -> None:
    with pytest.raises(InvalidInput, match="empty"):
        voice(stand_in, "fine").speak("  ")
    assert not stand_in.asked
