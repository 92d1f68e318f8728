"""How far long work is: patient, only where a person looks, and gone afterwards."""

import io
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from workbench import progress
from workbench.clock import SystemClock
from workbench.progress import PACE_S, PATIENCE_S, Bar, Cell, Terminal, watched


class Watch(SystemClock):
    """A clock that is moved by hand."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


class Noted:
    """A surface that takes note."""

    def __init__(self) -> None:
        self.shown: list[int] = []
        self.cleared = 0

    def show(self, done: int) -> None:
        self.shown.append(done)

    def clear(self) -> None:
        self.cleared += 1


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    noted = Noted()
    monkeypatch.setattr(progress, "surface", lambda *_: noted)
    return noted


def test_it_is_shown_when_it_takes_long_and_then_at_a_pace(noted: Noted) -> None:
    clock = Watch()
    with Bar("Working", 100, clock) as bar:
        bar.reached(1)
        clock.seconds += PATIENCE_S
        bar.reached(2)
        bar.reached(3)
        clock.seconds += PACE_S
        bar.reached(4)
        assert (noted.shown, noted.cleared) == ([2, 4], 0)
    assert noted.cleared == 1


def test_it_is_gone_after_an_interrupt_and_when_the_rest_is_not_wanted(
    noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE_S", 0.0)

    def work() -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(watched(work(), "Working", 9))
    assert noted.cleared == 1
    assert next(watched(range(9), "Working", 9)) == 0
    assert noted.cleared == 2


def test_what_is_done_soon_is_not_shown(noted: Noted) -> None:
    assert list(watched(range(9), "Working", 9)) == list(range(9))
    assert (noted.shown, noted.cleared) == ([], 0)


def test_nobody_is_shown_anything_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, io.StringIO())
    assert progress.surface("Working", 9) is None
    monkeypatch.setattr(sys, "stderr", Tty())
    elsewhere: list[Any] = []
    thread = threading.Thread(target=lambda: elsewhere.append(progress.surface("Working", 9)))
    thread.start()
    thread.join()
    assert elsewhere == [None]


@pytest.mark.parametrize("piped", [False, True])
def test_a_bar_on_a_terminal_leaves_the_output_alone(
    piped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out, err = io.StringIO() if piped else Tty(), Tty()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    surface = progress.surface("Working", 9)
    assert isinstance(surface, Terminal)
    surface.show(3)
    print("a line of the output")  # noqa: T201 - as a person's own loop does
    surface.clear()
    assert "a line of the output" in out.getvalue()
    assert ("Working" in out.getvalue()) is not piped
    assert ("Working" in err.getvalue()) is piped


def test_a_cell_of_a_notebook_has_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, str]] = []

    class Display:
        def update(self, line: dict[str, str], *, raw: bool) -> None:
            assert raw
            lines.append(line)

    def display(line: dict[str, str], **_options: Any) -> Display:
        lines.append(line)
        return Display()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(progress, "_is_notebook", lambda: True)
    cell = progress.surface("Working", 9)
    assert isinstance(cell, Cell)
    cell.show(3)
    assert lines[-1]["text/plain"] == "Working: 3 of 9"
    assert 'max="9" value="3"' in lines[-1]["text/html"]
    cell.clear()
    assert set(lines[-1].values()) == {""}
