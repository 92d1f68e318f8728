"""The pace of keypad digits."""

import pytest

from workbench.clock import EPOCH, ManualClock
from workbench.commands import KeyMethod
from workbench.engine.digits import DIGIT_S, Keypad, steps


class Phone:
    """Notes what is pressed and finished, and when."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.pressed: list[tuple[float, str]] = []
        self.finished: list[tuple[str, str]] = []
        self.keypad = Keypad(self.clock, self.press, self.finish)

    def press(self, digit: str, method: KeyMethod, duration_ms: int) -> None:
        if digit == "D":
            raise OSError("no such key here")
        self.pressed.append((round((self.clock.now() - EPOCH).total_seconds(), 3), digit))

    def finish(self, sending: str, outcome: str, reason: str = "") -> None:
        self.finished.append((sending, outcome))


def test_pauses_and_keys_are_told_apart() -> None:
    assert steps("1wW#") == [("1", DIGIT_S), ("", 0.5), ("", 1.0), ("#", DIGIT_S)]
    assert steps("aD") == [("A", DIGIT_S), ("D", DIGIT_S)]


@pytest.mark.parametrize("digits", ["x", "1 2", "1-2", "\N{ARABIC-INDIC DIGIT ONE}", "+49"])
def test_what_is_no_key_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="is no keypad digit"):
        steps(digits)


def test_digits_follow_one_another_at_their_pace() -> None:
    phone = Phone()
    phone.keypad.run()
    phone.keypad.add("d1", "12")
    phone.keypad.add("d2", "w3")
    phone.clock.advance(10)
    assert phone.pressed == [(0, "1"), (DIGIT_S, "2"), (2 * DIGIT_S + 0.5, "3")]
    assert phone.finished == [("d1", "completed"), ("d2", "completed")]


def test_nothing_is_pressed_before_it_runs() -> None:
    phone = Phone()
    phone.keypad.add("d1", "1")
    phone.clock.advance(10)
    assert not phone.pressed
    phone.keypad.run()
    assert phone.pressed == [(10, "1")]


def test_stopping_interrupts_all_that_is_queued() -> None:
    phone = Phone()
    phone.keypad.run()
    phone.keypad.add("d1", "123")
    phone.keypad.add("d2", "4")
    phone.keypad.stop()
    phone.clock.advance(10)
    assert phone.pressed == [(0, "1")]
    assert phone.finished == [("d1", "interrupted"), ("d2", "interrupted")]


def test_a_key_that_cannot_be_pressed_fails_its_sending_only() -> None:
    phone = Phone()
    phone.keypad.run()
    phone.keypad.add("d1", "D1")
    phone.keypad.add("d2", "2")
    phone.clock.advance(10)
    assert phone.finished == [("d1", "failed"), ("d2", "completed")]
    assert phone.pressed == [(0, "2")]


def test_an_empty_sending_is_completed_at_once() -> None:
    phone = Phone()
    phone.keypad.run()
    phone.keypad.add("d1", "")
    assert phone.finished == [("d1", "completed")]


def test_a_long_key_holds_up_the_next() -> None:
    phone = Phone()
    phone.keypad.run()
    phone.keypad.add("d1", "12", "inband", 500)
    while phone.clock.advance_to_next():
        pass
    assert phone.pressed == [(0.0, "1"), (0.58, "2")]
