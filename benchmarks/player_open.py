"""A call of one hour in the player: from running the cell to all lanes in the page.

JupyterLab and Chromium are real; the hour has 7,000 events and a recording of 115 MB. It is
opened as the second widget of a page, and as the first of a page whose kernel has imported
nothing yet. That one waits for JupyterLab to load the code of all widgets: so an empty
anywidget is the first of another page, beside it.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import soundfile
from playwright.sync_api import Browser, sync_playwright

from benchmarks import Ratio
from tests.browser.conftest import FLAGS
from tests.browser.lab import Lab, Notebook
from workbench import events as ev
from workbench.call import Call
from workbench.clock import ManualClock
from workbench.shipped import shipped
from workbench.store import CallLog

HOUR_S, RATE, GOAL_S, ROUNDS = 3600, 8000, 2.0, 3
CALL, AUDIO = f"CA{1:032x}", "b" * 64
EMPTY = (
    """
from time import perf_counter
began = perf_counter()
import anywidget
imported = perf_counter() - began

class Empty(anywidget.AnyWidget):
    _esm = """
    + '"""'
    + """
    export default { render({ el }) {
      el.className = "wb-panel";
      el.dataset.ready = "true";
      el.textContent = "Empty";
    } }"""
    + '"""'
    + """

empty = Empty()
built = perf_counter() - began - imported
empty
"""
)
COLD = """
from time import perf_counter
began = perf_counter()
from workbench import Workbench
import workbench.widgets.player
imported = perf_counter() - began
bench = Workbench({store!r}, read_only=True)
player = bench.call({call!r}).player()
built = perf_counter() - began - imported
player
"""
WARM = """
began = perf_counter()
player = bench.call({call!r}).player()
imported, built = 0.0, perf_counter() - began
player
"""

READY = """(cell) => document.querySelectorAll(".jp-CodeCell")[cell]
  .querySelector(".wb-panel[data-ready]")?.offsetHeight > 0"""
"""Asked for with each picture of the page."""


def an_hour(store: Path) -> int:
    """Keep a call of one hour with its recording; return how many events it has."""
    log, clock, call = CallLog.open(store), ManualClock(), Call(CALL)
    history = []
    for seconds, kind, fields in _course():
        clock.advance(seconds)
        history.append(call.next(kind, clock.now(), **fields))
    log.put(history)
    speech, rate = soundfile.read(shipped("recordings") / "menu.wav", dtype="int16")
    assert rate in (RATE, 2 * RATE)
    whole = np.resize(speech, HOUR_S * RATE)
    both = np.column_stack([np.roll(whole, RATE), whole])
    soundfile.write(log.recordings / f"{AUDIO}.wav", both, RATE, subtype="PCM_16")
    log.close()
    return len(history)


def _course() -> Iterator[tuple[float, type[ev.Event], dict[str, Any]]]:
    cause = {"caused_by": 1, "flow": "survey", "flow_version": "0" * 12, "file": "a.py"}
    yield 0, ev.Offered, {"leg": "leg-1", "from_": "sip:a@x", "to": "sip:b@x"}
    yield 0, ev.FlowStarted, {**cause, "line": 1}
    yield 0, ev.MediaStarted, {"codec": "PCMU", "clock_rate": RATE, "media_ms": 0}
    yield 0, ev.Answered, {}
    yield 0, ev.RecordingStarted, {"recording": "recording-1"}
    for n in range(HOUR_S // 5):
        yield from _turn(n, cause)
    ended = {"status": "completed", "sip_code": 200, "q850_cause": 16}
    yield 0, ev.Ended, {"by": "caller", "hangup_cause": "NORMAL_CLEARING", **ended}
    stored = {"recording": "recording-1", "audio": AUDIO, "start_media_ms": 0}
    yield 0, ev.RecordingStored, {**stored, "duration_ms": HOUR_S * 1000}


def _turn(n: int, cause: dict[str, Any]) -> Iterator[tuple[float, type[ev.Event], Any]]:
    prompt, timer = f"prompt-{n}", f"timer-{n}"
    yield 0, ev.PromptRequested, {**cause, "line": 5, "prompt": prompt, "text": f"Say {n}."}
    yield 0, ev.PromptStarted, {"prompt": prompt}
    yield 3, ev.PromptFinished, {"prompt": prompt, "outcome": "completed", "played_ms": 3000}
    yield 0, ev.TimerRequested, {**cause, "line": 6, "timer": timer, "seconds": 2.0}
    for digit in "12":
        yield 0.5, ev.DigitReceived, {"digit": digit}
        yield 0.2, ev.DigitEnded, {"digit": digit, "duration_ms": 200}
    yield 0.6, ev.TimerFired, {"timer": timer}
    counts = {"packets_received": 50 * n, "packets_lost": n, "packets_discarded": 0}
    yield 0, ev.QualitySampled, {**counts, "packets_sent": 50 * n, "jitter_ms_rx": 1.0}


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How long it took to open something, in seconds."""

    whole: float
    imported: float
    """Of it, until the kernel had imported what it needs."""
    built: float
    """Of it, until the kernel had the widget."""

    @property
    def shown(self) -> float:
        """Of it, on the way to the page and in the page."""
        return self.whole - self.imported - self.built

    def __str__(self) -> str:
        """Say what it is made of."""
        return (
            f"{self.whole:.2f} s: importing {self.imported:.2f}, in the kernel "
            f"{self.built:.2f}, in the page {self.shown:.2f}"
        )


def measure() -> list[Ratio]:
    """Open it a few times, each in a page and a kernel of their own."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = Path(folder) / "store"
        events = an_hour(store)
        lab = Lab(Path(folder))
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(FLAGS)
        )
        cells = [cell.format(store=str(store), call=CALL) for cell in (COLD, WARM)]
        try:
            empty, cold, warm = _open(browser, lab, cells)
        finally:
            browser.close()
            lab.close()
    return _ratios(empty, cold, warm, events)


def _open(browser: Browser, lab: Lab, cells: list[str]) -> list[Opening]:
    found: list[list[Opening]] = [[], [], []]
    for number in range(ROUNDS):
        empty = _page(browser, lab, f"empty{number}", [EMPTY])
        hour = _page(browser, lab, f"hour{number}", cells)
        for openings, one in zip(found, [*empty, *hour], strict=True):
            openings.append(one)
    return [_median(openings) for openings in found]


def _page(browser: Browser, lab: Lab, name: str, cells: list[str]) -> list[Opening]:
    page = browser.new_page()
    book = Notebook(page, lab, name, [*cells, "print(imported, built)"])
    opened = [_shown(book, number, len(cells)) for number in range(len(cells))]
    book.command("kernelmenu:shutdown")
    page.close()
    return opened


def _shown(book: Notebook, cell: int, asking: int) -> Opening:
    began = perf_counter()
    book.start(cell)
    book.page.wait_for_function(READY, arg=cell, timeout=60_000)
    whole = perf_counter() - began
    imported, built = map(float, book.run(asking).inner_text().split())
    return Opening(whole=whole, imported=imported, built=built)


def _median(openings: list[Opening]) -> Opening:
    return sorted(openings, key=lambda one: one.whole)[len(openings) // 2]


def _ratios(empty: Opening, cold: Opening, warm: Opening, events: int) -> list[Ratio]:
    return [
        Ratio(
            name="opening an hour / two seconds", value=warm.whole / GOAL_S, goal=1.0,
            higher_is_better=False, detail=f"{warm}; {events} events",
        ),
        Ratio(
            name="the same in a cold page / two seconds", value=cold.whole / GOAL_S, goal=1.0,
            higher_is_better=False, detail=str(cold),
        ),
        Ratio(
            name="the same / an empty anywidget", value=cold.whole / empty.whole,
            higher_is_better=False, detail=f"empty, as the first of a cold page: {empty}",
        ),
    ]  # fmt: skip
