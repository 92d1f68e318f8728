"""A direction that is listened to, with what a flow expects: when its turns end."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import events as ev
from workbench.speech import Recognized
from workbench.speech.ears import Finding
from workbench.speech.expected import Expected
from workbench.speech.recognition import AtOnce
from workbench.speech.silent import NoTones
from workbench.speech.track import Parts, TrackEar
from workbench.speech.turn import RuleOfSilence

LOUD, QUIET = np.full(160, 9000, np.int16), np.zeros(160, np.int16)


class Loudness:
    """Takes all that is loud for speech."""

    name, version = "loudness", "1"

    def hear(self, frame: npt.NDArray[np.int16]) -> float:
        return float(np.abs(frame).max() > 100)


class Digits:
    """Hears one digit in every 300 ms of what is loud."""

    name, version = "digits", "1"

    def recognize(
        self, audio: npt.NDArray[np.float32], hints: Sequence[str] = ()
    ) -> Recognized:
        count = round((np.abs(audio) > 0.1).sum() / 4800)
        return Recognized(text=" ".join(["one"] * count))


def heard(expected: Expected, *stretches: int) -> list[Finding]:
    """Return what is found in speech and silence by turns, milliseconds of each."""
    findings: list[Finding] = []
    parts = Parts(
        voice_activity=Loudness(), end_of_turn=RuleOfSilence(), tones=NoTones(),
        desk=AtOnce(Digits()),
    )  # fmt: skip
    ear = TrackEar("received", parts, map(str, itertools.count(1)), findings.append)
    ear.expect(expected)
    frames = [
        LOUD if number % 2 == 0 else QUIET
        for number, stretch in enumerate(stretches)
        for _ in range(stretch // 20)
    ]
    for number, frame in enumerate(frames):
        ear.hear(frame, 20 * number)
    return findings


def at(findings: list[Finding], kind: type[ev.Event]) -> list[int]:
    return [finding.media_ms for finding in findings if finding.kind is kind]


def turns(findings: list[Finding]) -> list[Any]:
    return [finding.fields["text"] for finding in findings if finding.kind is ev.TurnEnded]


def test_speech_that_lasts_is_told_when_it_does() -> None:
    findings = heard(Expected(lasting_ms=400), 300, 1000, 900, 1000)
    assert at(findings, ev.SpeechLasted) == [300 + 1000 + 400]


def test_a_pause_does_not_count_as_speech() -> None:
    findings = heard(Expected(lasting_ms=400), 300, 1000)
    assert at(findings, ev.SpeechEnded), "it ended after 500 ms of silence"
    assert not at(findings, ev.SpeechLasted)


def test_a_yes_or_no_ends_sooner() -> None:
    (usual,) = at(heard(Expected(), 300, 1000), ev.TurnEnded)
    (sooner,) = at(heard(Expected(answer="yes-no"), 300, 1000), ev.TurnEnded)
    assert (usual, sooner) == (800, 600)


def test_digits_are_waited_for_until_there_are_enough() -> None:
    in_groups = (600, 1200, 600, 3000)
    assert turns(heard(Expected(), *in_groups)) == ["one one", "one one"]
    four = heard(Expected(answer="digits", digits=4), *in_groups)
    assert turns(four) == ["one one one one"]
    assert at(four, ev.TurnEnded) == [600 + 1200 + 600 + 260]


def test_digits_that_are_too_few_end_in_the_end() -> None:
    findings = heard(Expected(answer="digits", digits=4), 600, 3000)
    assert turns(findings) == ["one one"]
    assert at(findings, ev.TurnEnded) == [600 + 500 + 1500]
