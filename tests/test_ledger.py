"""Which words of a prompt count as heard."""

import pytest

from workbench import events as ev
from workbench.ledger import Span, heard_text

SENTENCE = [
    ev.PromptWord(text="Press", start_ms=100, end_ms=300),
    ev.PromptWord(text="one", start_ms=320, end_ms=500),
    ev.PromptWord(text="now.", start_ms=520, end_ms=800),
]


@pytest.mark.parametrize(
    ("spans", "heard"),
    [
        ([], ""),
        ([(0, 900, 0)], "Press one now."),
        ([(0, 800, 0)], "Press one now."),
        ([(0, 799, 0)], "Press one"),
        ([(0, 400, 0)], "Press"),
        ([(0, 310, 0), (310, 900, 5000)], "Press one now."),
        ([(0, 400, 0), (410, 900, 410)], "Press now."),
        ([(200, 900, 200)], "one now."),
    ],
)
def test_only_words_that_left_whole_are_heard(spans: list[Span], heard: str) -> None:
    assert heard_text(SENTENCE, spans) == heard
