"""How far long work is: shown where a person looks, once it takes longer than a second.

On a terminal that is a bar, which is gone when the work is done; in a notebook a line in the
output of the cell, likewise. Elsewhere, and on other threads than the main one, nothing is
shown. Whoever interrupts the work leaves no bar behind.
"""

import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, Self, TypeVar

from workbench.clock import SystemClock

T = TypeVar("T")

PATIENCE_S = 1.0
PACE_S = 0.2
"""Between two looks at how far it is."""


class Surface(Protocol):
    """Where progress is shown."""

    def show(self, done: int) -> None:
        """Show how many are done."""

    def clear(self) -> None:
        """Leave nothing behind."""


class Terminal:
    """A bar on a terminal."""

    def __init__(self, doing: str, total: int) -> None:
        """Show the bar: where output goes, or beside it when that is read by a program."""
        from rich.console import Console  # noqa: PLC0415 - seldom needed, and slow to load
        from rich.progress import Progress  # noqa: PLC0415

        whole = sys.stdout.isatty()
        self._progress = Progress(
            console=Console(stderr=not whole), transient=True, redirect_stdout=whole,
            redirect_stderr=False,
        )  # fmt: skip
        self._task = self._progress.add_task(doing, total=total)
        self._progress.start()

    def show(self, done: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done)

    def clear(self) -> None:
        """Take the bar away."""
        self._progress.stop()


class Cell:
    """A line in the output of a notebook's cell."""

    def __init__(self, doing: str, total: int) -> None:
        """Show the line."""
        import IPython.display  # noqa: PLC0415 - only notebooks have it

        self._doing, self._total = doing, total
        display: Any = IPython.display.display  # is not annotated
        self._shown = display(self._line(0), raw=True, display_id=True)

    def _line(self, done: int) -> dict[str, str]:
        said = f"{self._doing}: {done} of {self._total}"
        bar = f'<progress aria-label="{self._doing}" max="{self._total}" value="{done}">'
        return {"text/plain": said, "text/html": f"<p>{bar}</progress> {said}</p>"}

    def show(self, done: int) -> None:
        """Change the line."""
        self._shown.update(self._line(done), raw=True)

    def clear(self) -> None:
        """Empty the line; an output of a cell cannot be taken away."""
        self._shown.update({"text/plain": "", "text/html": ""}, raw=True)


class Bar:
    """Shows how far some work is, while its block is entered."""

    def __init__(self, doing: str, total: int, clock: SystemClock | None = None) -> None:
        """Say what is done, to how many; `doing` is words of ours."""
        self._doing, self._total = doing, total
        self._clock = clock or SystemClock()
        self._surface: Surface | None = None

    def __enter__(self) -> Self:
        """Begin to be patient."""
        self._due = self._clock.monotonic() + PATIENCE_S
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave nothing behind, also after an interrupt."""
        if self._surface is not None:
            self._surface.clear()
            self._surface = None

    def reached(self, done: int) -> None:
        """Take note of how many are done."""
        now = self._clock.monotonic()
        if now >= self._due:
            self._due = now + PACE_S
            self._surface = self._surface or surface(self._doing, self._total)
            if self._surface is not None:
                self._surface.show(done)


def watched(items: Iterable[T], doing: str, total: int) -> Iterator[T]:
    """Go through items, and show how far it is when that takes longer than a second."""
    with Bar(doing, total) as bar:
        for done, item in enumerate(items):
            bar.reached(done)
            yield item


def surface(doing: str, total: int) -> Surface | None:
    """Return where a person looks, None when nobody does."""
    if threading.current_thread() is not threading.main_thread():
        return None
    if _is_notebook():
        return Cell(doing, total)
    return Terminal(doing, total) if sys.stdout.isatty() or sys.stderr.isatty() else None


def _is_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    shell: Any = sys.modules["IPython"].get_ipython()
    return getattr(shell, "kernel", None) is not None
