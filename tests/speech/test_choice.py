"""Which speech a bench uses: by name, by path, as an object; and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from workbench.errors import InvalidInput
from workbench.speech.choice import Choice, Speech, choose
from workbench.speech.silent import SilentRecognizer
from workbench.speech.turn import RuleOfSilence


class Other(SilentRecognizer):
    name = "other"


def test_a_name_a_path_and_an_object_reach_a_process() -> None:
    for provider in ("none", "workbench.speech.silent:SilentRecognizer", SilentRecognizer()):
        made = choose("recognizer", provider).make()
        assert isinstance(made, SilentRecognizer)
    again = choose("recognizer", Choice(path="workbench.speech.silent:SilentRecognizer"))
    assert again.make().name == "none"


def test_options_go_to_what_they_are_for() -> None:
    speech = Speech(options={"end_of_turn": {"after_ms": 70}})
    assert speech.choices["end_of_turn"].make().wait_ms("I am done.") == 70


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        ("whisper", "no recognizer called 'whisper'"),
        ("nowhere:Nothing", "'nowhere:Nothing' names nothing"),
        (lambda: None, "cannot be sent to the process"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(
    provider: str | Callable[[], Any], told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        Speech(recognizer=provider)


def test_a_voice_is_chosen_by_name_or_as_an_object() -> None:
    assert Speech().voice.name == "hibari/heart"
    voice = Speech().voice
    assert Speech(synthesizer=voice).voice is voice
    with pytest.raises(InvalidInput, match="names nothing"):
        Speech(synthesizer="nowhere:Voice")


def test_a_turn_waits_longer_after_words_that_nobody_ends_with() -> None:
    rule = RuleOfSilence()
    assert rule.wait_ms("I would like to") == rule.wait_ms("Well, and...") == 1000
    assert rule.wait_ms("Yes.") == rule.wait_ms("Who is it for?") == rule.wait_ms("") == 0
