"""Speech to text over HTTP."""

import io
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.services.stand_in import StandIn, patience
from workbench.errors import ServiceFailed, ServiceGarbled, ServiceTimedOut
from workbench.services import Endpoint, HttpRecognizer
from workbench.speech import Recognized, Spoken

AUDIO = np.linspace(-2, 2, 8000, dtype=np.float32)


def ears(stand_in: StandIn, behaviour: str, **options: Any) -> HttpRecognizer:
    return HttpRecognizer(
        Endpoint(stand_in.url(behaviour), **patience(behaviour)), "whisper", **options
    )


def test_what_is_said_comes_back(stand_in: StandIn) -> None:
    heard = ears(stand_in, "fine").recognize(AUDIO, ["balance", "account"])
    assert heard == Recognized(text="My account, please.")
    form = stand_in.asked[0].form
    sent = {name: value.decode() for name, value in form.items() if name != "file"}
    assert sent == {
        "model": "whisper", "temperature": "0", "language": "en", "response_format": "json",
        "prompt": "balance, account",
    }  # fmt: skip
    samples, rate = soundfile.read(io.BytesIO(form["file"]))
    assert (rate, len(samples)) == (16_000, 8000)
    assert samples[0] == -1, "what is too loud is cut, not wrapped"


def test_words_come_with_their_times_where_they_are_asked_for(stand_in: StandIn) -> None:
    heard = ears(stand_in, "fine", words=True, language="").recognize(AUDIO)
    assert heard.words == (Spoken(text="My", start_ms=100, end_ms=250),)
    assert heard.confidence == pytest.approx(0.9, abs=0.001)
    assert stand_in.asked[0].form["timestamp_granularities[]"] == b"word"
    assert "language" not in stand_in.asked[0].form


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("broken", ServiceFailed),
        ("hanging", ServiceTimedOut),
        ("garbage", ServiceGarbled),
        ("garbage-json", ServiceGarbled),
        ("oversized", ServiceGarbled),
        ("dropped", ServiceGarbled),
    ],
)
def test_a_service_that_fails(
    stand_in: StandIn, behaviour: str, error: type[ServiceFailed]
) -> None:
    with pytest.raises(error) as raised:
        ears(stand_in, behaviour).recognize(AUDIO)
    assert type(raised.value) is error
