"""Eight live calls in one page: pictures a second, the longest task, and messages.

Once by themselves, and once with the softphone and the wallboard of their bench in the page.

JupyterLab, Chromium and the calls are real. A task of the page that takes longer than 50 ms is
one that a person may feel; the browser reports each. On a machine with other work most of that
is waiting for a core, so what the page itself computed is told beside it. The notebook server
drops messages above a thousand a second.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

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
OTHERS = """
display(bench.softphone({"Talk": address}))
display(bench.wallboard())
"""
NOW = "() => performance.now()"
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
    """Watch eight calls for a while, then eight others beside the other widgets."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder))
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(FLAGS)
        )
        try:
            alone = _watch(browser, lab, "pass")
            beside = _watch(browser, lab, OTHERS)
        finally:
            browser.close()
            lab.close()
    return [*_ratios(alone, ""), *_ratios(beside, ", with softphone and wallboard")]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was seen of the calls."""

    rates: list[float]
    """Pictures a second of each."""
    tasks: list[float]
    """Milliseconds of each task of the page above 50."""
    computed: float
    """Milliseconds of processor time, at most, of a task of the page."""
    messages: float
    """A second, from the server to the page."""


def _watch(browser: Browser, lab: Lab, others: str) -> Watched:
    page = browser.new_page()
    page.set_viewport_size({"width": 1100, "height": 1500})
    page.add_init_script(WATCH)
    messages = Messages(page)
    book = Notebook(page, lab, f"eight{len(others)}", [*cells(PAIRS), others])
    book.run(0)
    book.run(1)
    book.run(3)
    page.wait_for_function(f"() => ({GROWN})() === {2 * PAIRS}")
    browser.start_tracing(page=page, categories=["toplevel"])
    page.wait_for_function("(from) => performance.now() - from > 2e3", arg=page.evaluate(NOW))
    (began, before), counted = page.evaluate(DRAWN), messages.count
    page.wait_for_function(f"(began) => performance.now() - began > {SECONDS}e3", arg=began)
    (ended, after), arrived = page.evaluate(DRAWN), messages.count - counted
    trace = browser.stop_tracing()
    book.run(2)
    book.command("kernelmenu:shutdown")
    tasks = page.evaluate("() => window.longTasks")
    page.close()
    seconds = (ended - began) / 1000
    return Watched(
        rates=[(b - a) / seconds for a, b in zip(before, after, strict=True)],
        tasks=[took for at, took in tasks if began < at < ended],
        computed=_computed(trace),
        messages=arrived / seconds,
    )


def _computed(trace: bytes) -> float:
    """Return the milliseconds of the task that needed most of a processor."""
    events = json.loads(trace)["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        event for event in events
        if event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in mains
    ]  # fmt: skip
    # The beginning of the trace is a long task of its own.
    begin = min(event["ts"] for event in tasks) + 2e6
    return max(event.get("tdur", 0) for event in tasks if event["ts"] > begin) / 1000


def _ratios(watched: Watched, where: str) -> list[Ratio]:
    rates, longest = watched.rates, max(watched.tasks, default=50.0)
    return [
        Ratio(
            name=f"pictures of each call / ten a second{where}", goal=1.0,
            value=min(rates) / PICTURES,
            detail=f"{min(rates):.1f} to {max(rates):.1f} a second, {2 * PAIRS} calls",
        ),
        Ratio(
            name=f"longest task of the page / 100 ms{where}", value=longest / LONGEST_MS,
            goal=1.0, higher_is_better=False,
            detail=f"{longest:.0f} ms at most, {watched.computed:.0f} ms of processor time at "
            f"most; {len(watched.tasks)} above 50 ms in {SECONDS} s",
        ),
        Ratio(
            name=f"messages / the server's limit{where}", value=watched.messages / MESSAGES,
            goal=0.5, higher_is_better=False,
            detail=f"{watched.messages:.0f} a second for {2 * PAIRS} calls",
        ),
    ]  # fmt: skip
