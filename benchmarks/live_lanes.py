"""Eight live calls in one page: pictures a second, the longest task, and messages.

JupyterLab, Chromium and the calls are real. A task of the page that takes longer than 50 ms is
one that a person may feel; the browser reports each. The notebook server drops messages above a
thousand a second.
"""

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks import Ratio
from tests.browser.conftest import FLAGS
from tests.browser.lab import Lab, Notebook
from tests.browser.test_live import DRAWN, cells

PAIRS, SECONDS = 4, 15
PICTURES, LONGEST_MS, MESSAGES = 10.0, 100.0, 1000.0
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longTasks.push([task.startTime, task.duration]);
}).observe({ type: 'longtask' });
"""
GROWN = """() => [...document.querySelectorAll('.wb-canvas')]
  .filter((canvas) => canvas.dataset.drawn > 30).length"""


class Messages:
    """Counts what the server sends of widgets, as its limit does."""

    def __init__(self, page: Page) -> None:
        """Listen to the websockets of a page."""
        self.count = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._take))

    def _take(self, frame: Any) -> None:
        content = frame.encode() if isinstance(frame, str) else frame
        self.count += b'"comm_msg"' in content


def measure() -> list[Ratio]:
    """Watch eight calls for a while."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder))
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(FLAGS)
        )
        try:
            return _ratios(*_watch(browser.new_page(), lab))
        finally:
            browser.close()
            lab.close()


def _watch(page: Page, lab: Lab) -> tuple[list[float], list[float], float]:
    page.set_viewport_size({"width": 1100, "height": 1500})
    page.add_init_script(WATCH)
    messages = Messages(page)
    book = Notebook(page, lab, "eight", cells(PAIRS))
    book.run(0)
    book.run(1)
    page.wait_for_function(f"() => ({GROWN})() === {2 * PAIRS}")
    (began, before), counted = page.evaluate(DRAWN), messages.count
    page.wait_for_function(f"(began) => performance.now() - began > {SECONDS}e3", arg=began)
    (ended, after), arrived = page.evaluate(DRAWN), messages.count - counted
    book.run(2)
    book.command("kernelmenu:shutdown")
    tasks = page.evaluate("() => window.longTasks")
    seconds = (ended - began) / 1000
    rates = [(b - a) / seconds for a, b in zip(before, after, strict=True)]
    return rates, [took for at, took in tasks if began < at < ended], arrived / seconds


def _ratios(rates: list[float], tasks: list[float], messages: float) -> list[Ratio]:
    longest = max(tasks, default=50.0)
    return [
        Ratio(
            name="pictures of each call / ten a second", value=min(rates) / PICTURES, goal=1.0,
            detail=f"{min(rates):.1f} to {max(rates):.1f} a second, {2 * PAIRS} calls",
        ),
        Ratio(
            name="longest task of the page / 100 ms", value=longest / LONGEST_MS, goal=1.0,
            higher_is_better=False,
            detail=f"{longest:.0f} ms at most, {len(tasks)} above 50 ms in {SECONDS} s",
        ),
        Ratio(
            name="messages / the server's limit", value=messages / MESSAGES, goal=0.5,
            higher_is_better=False, detail=f"{messages:.0f} a second for {2 * PAIRS} calls",
        ),
    ]  # fmt: skip
