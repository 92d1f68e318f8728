"""What people are shown of what others sent."""

import pytest

from tests.hostile import PAYLOADS, check_harmless
from workbench.tables import MOST_CHARACTERS, facts_table, html_table, legible


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nobody_writes_markup_into_a_table(payload: str) -> None:
    said = check_harmless(html_table((payload,), [[payload]]))
    assert said.endswith(legible(payload))


def test_a_long_cell_is_cut() -> None:
    said = check_harmless(html_table(("a",), [["x" * 10_000]]))
    assert said == "a" + "x" * (MOST_CHARACTERS - 1) + "…"


def test_a_table_of_facts_has_its_titles_in_the_first_column() -> None:
    html = html_table((), [("a", "b")])
    assert '<th style="text-align:left">a</th><td style="text-align:left">b</td>' in html
    assert "thead" not in html


def test_facts_are_in_words() -> None:
    said = check_harmless(facts_table([("a", ("b", "c")), ("d", True), ("e", ()), ("f", 0)]))
    assert said == "ab, cdyesenot setf0"
