"""The watch over what a leg hears, on a line that is played here."""

from typing import Any

import pytest

from workbench.clock import ManualClock
from workbench.engine.line import Hearing
from workbench.engine.vigil import AUDIBLE, CLOSE_S, MISSING_S, SILENCE_S, Vigil

Told = list[tuple[str, dict[str, object]]]


class Ear:
    """A line whose hearing the test sets."""

    def __init__(self) -> None:
        self.clock, self.told = ManualClock(), Told()
        self.packets, self.loud, self.flows = 0, 0, True
        self.expected, self.strangers = True, dict[str, int]()
        self.vigil = Vigil(self.clock, self.line, self.tell)
        self.vigil.run()

    def line(self) -> Any:
        return self

    def hearing(self) -> Hearing:
        self.packets += 50 if self.flows else 0
        return Hearing(
            packets=self.packets, expected=self.expected,
            strangers=self.strangers,
        )  # fmt: skip

    def level(self) -> int:
        return self.loud

    def tell(self, kind: type, **fields: object) -> None:
        self.told.append((kind.__name__, fields))

    def listen(self, seconds: float) -> Told:
        self.clock.advance(seconds)
        told, self.told = self.told, []
        return told


def test_audio_that_never_comes_is_missed() -> None:
    ear = Ear()
    ear.flows, ear.loud = False, 0
    assert ear.listen(MISSING_S - CLOSE_S) == []
    assert ear.listen(60) == [("AudioMissing", {"ever": False})]
    ear.flows, ear.loud = True, AUDIBLE
    assert [name for name, _ in ear.listen(1)] == ["AudioResumed"]


def test_audio_that_stops_is_missed_until_it_comes_again() -> None:
    ear = Ear()
    ear.loud = AUDIBLE
    assert ear.listen(20) == []
    ear.flows = False
    assert ear.listen(5) == [("AudioMissing", {"ever": True})]
    ear.flows = True
    assert ear.listen(5) == [("AudioResumed", {"missing_ms": 5000})]
    ear.flows = False
    assert ear.listen(5) == [("AudioMissing", {"ever": True})]


def test_counters_that_begin_again_are_no_silence() -> None:
    ear = Ear()
    ear.loud = AUDIBLE
    ear.listen(20)
    ear.packets = 0
    assert ear.listen(20) == []


def test_nothing_is_missed_of_a_far_end_that_is_not_to_send() -> None:
    ear = Ear()
    ear.flows, ear.expected = False, False
    assert ear.listen(60) == []
    ear.expected = True
    assert ear.listen(MISSING_S - CLOSE_S) == []
    assert ear.listen(1) == [("AudioMissing", {"ever": False})]


def test_silence_is_told_with_its_length() -> None:
    ear = Ear()
    ear.loud = AUDIBLE - 1
    assert ear.listen(SILENCE_S - CLOSE_S) == []
    assert ear.listen(5 + CLOSE_S) == [("SilenceStarted", {})]
    ear.loud = AUDIBLE
    assert ear.listen(30) == [("SilenceEnded", {"silent_ms": 15_000})]
    ear.loud = 0
    assert ear.listen(9) == []


def test_no_audio_at_all_is_not_silence() -> None:
    ear = Ear()
    ear.listen(SILENCE_S)
    ear.flows = False
    told = [name for name, _ in ear.listen(30)]
    assert told == ["SilenceEnded", "AudioMissing"]


def test_a_stranger_is_told_of_once() -> None:
    ear = Ear()
    ear.loud = AUDIBLE
    ear.strangers = {"192.0.2.1:4000": 3}
    (told,) = ear.listen(5)
    expected = {"source": "192.0.2.1:4000", "packets": 3, "refused": True}
    assert told == ("RtpFromStranger", expected)
    ear.strangers = {"192.0.2.1:4000": 900, "192.0.2.2:4000": 1}
    ((_, fields),) = ear.listen(5)
    assert fields["source"] == "192.0.2.2:4000"


@pytest.mark.parametrize("seconds", [1, 60])
def test_it_ends_when_it_is_stopped(seconds: float) -> None:
    ear = Ear()
    ear.vigil.stop()
    ear.flows = False
    assert ear.listen(seconds) == []
    assert not ear.clock.advance_to_next()
