"""A call of one hour in the player: from running the cell to all lanes in the page.

JupyterLab and Chromium are real; the hour has 7,000 events and a recording of 115 MB. The first
widget of a page waits for JupyterLab to load the code of all widgets: so a call of ten events
is opened before, and its time told.
"""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import soundfile
from playwright.sync_api import Browser, expect, sync_playwright

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
FIRST = """
from time import perf_counter
from workbench import Workbench
from workbench.widgets.player import Player
bench = Workbench({store!r}, read_only=True)
Player(bench.call({call!r}).history[:10])
"""
CELL = """
began = perf_counter()
player = bench.call({call!r}).player()
took = perf_counter() - began
player
"""


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


def measure() -> list[Ratio]:
    """Open it a few times, each in a kernel of its own."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = Path(folder) / "store"
        events = an_hour(store)
        lab = Lab(Path(folder))
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(FLAGS)
        )
        try:
            taken = [_open(browser, lab, store, n) for n in range(ROUNDS)]
        finally:
            browser.close()
            lab.close()
    first, hour, kernel = (statistics.median(each) for each in zip(*taken, strict=True))
    detail = (
        f"{hour:.2f} s for {events} events, {kernel:.2f} s of them in the kernel; a call of "
        f"ten events as the first widget of its page: {first:.2f} s"
    )
    return [
        Ratio(
            name="opening an hour / two seconds", value=hour / GOAL_S, goal=1.0,
            higher_is_better=False, detail=detail,
        )
    ]  # fmt: skip


def _open(browser: Browser, lab: Lab, store: Path, number: int) -> tuple[float, float, float]:
    page = browser.new_page()
    cells = [cell.format(store=str(store), call=CALL) for cell in (FIRST, CELL, "took")]
    book = Notebook(page, lab, f"hour{number}", cells)
    first, hour = _shown(book, 0), _shown(book, 1)
    took = float(book.run(2).inner_text().split()[-1])
    book.command("kernelmenu:shutdown")
    page.close()
    return first, hour, took


def _shown(book: Notebook, cell: int) -> float:
    began = perf_counter()
    book.start(cell)
    expect(book.output(cell).locator(".wb-panel[data-ready]")).to_be_visible(timeout=60_000)
    return perf_counter() - began
