"""Which silence ends what a flow expects."""

import pytest

from workbench.speech.expected import BETWEEN_DIGITS_MS, COMPLETE_MS, SHORT_MS, Expected

USUAL_MS = 500


@pytest.mark.parametrize(
    ("expected", "text", "utterance_ms", "wait_ms"),
    [
        (Expected(), "yes", USUAL_MS, 40),
        (Expected(answer="yes-no"), "", SHORT_MS, 40),
        (Expected(answer="yes-no"), "Yes.", COMPLETE_MS, 0),
        (Expected(answer="yes-no"), "well", SHORT_MS, 40),
        (Expected(answer="digits", digits=4), "", USUAL_MS, 40),
        (Expected(answer="digits", digits=4), "it is one two", USUAL_MS, BETWEEN_DIGITS_MS),
        (Expected(answer="digits", digits=4), "one double two, 3", COMPLETE_MS, 0),
        (Expected(answer="digits", digits=4), "an operator", USUAL_MS, 40),
        (Expected(answer="yes-no", silence_ms=900), "yes", 900, 0),
    ],
)
def test_an_answer_ends_as_its_kind_wants(
    expected: Expected, text: str, utterance_ms: int, wait_ms: int
) -> None:
    assert expected.utterance_ms(text, USUAL_MS) == utterance_ms
    assert expected.wait_ms(text, 40) == wait_ms


def test_a_listener_that_is_quick_anyway_is_not_made_slower() -> None:
    assert Expected(answer="yes-no").utterance_ms("yes", 150) == 150
