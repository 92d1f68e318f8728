"""What people are shown of what others sent: legible text, and tables of it for a notebook.

What a caller sent is data: every cell is escaped. The tables need no kernel, no script, no
style sheet and no trust.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import chain, repeat

MOST_CHARACTERS = 300
"""Of one cell of a table; the whole value is in what it was made of."""


def legible(text: str) -> str:
    """Make every character visible that would hide, break or turn round a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def html_table(
    head: Sequence[str], body: Iterable[Sequence[str]], styles: Iterable[str] = ()
) -> str:
    """Write cells of text as an HTML table without a style sheet; all of it is escaped.

    Args:
        head: titles of the columns; none for a table of facts, whose first column is titles.
        body: the rows.
        styles: CSS of each row, for as many rows as there are.
    """
    written = "".join(
        f'<tr style="{style}">{_cells(cells, titled=not head)}</tr>'
        for cells, style in zip(body, chain(styles, repeat("")), strict=False)
    )
    titles = "".join(f'<th style="text-align:left">{escape(title)}</th>' for title in head)
    top = f"<thead><tr>{titles}</tr></thead>" if head else ""
    # A price in a header, "$5", is no formula.
    classes = "tex2jax_ignore mathjax_ignore"
    return f'<table class="{classes}">{top}<tbody>{written}</tbody></table>'


def facts_table(facts: Iterable[tuple[str, object]]) -> str:
    """Write names and what they stand for as an HTML table."""
    return html_table((), [(name, _in_words(value)) for name, value in facts])


def _in_words(value: object) -> str:
    if isinstance(value, list | tuple):
        return _in_words(", ".join(map(str, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not set" if value is None or value == "" else str(value)


def _cells(cells: Sequence[str], *, titled: bool) -> str:
    tags = ["th" if titled and column == 0 else "td" for column in range(len(cells))]
    return "".join(
        f'<{tag} style="text-align:left">{escape(legible(_cut(cell)))}</{tag}>'
        for tag, cell in zip(tags, cells, strict=True)
    )


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
