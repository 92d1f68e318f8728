"""A wallboard with 200 calls that are over and 20 in which keys are pressed: is the page quick?

JupyterLab and Chromium are real, the calls are simulated: 40 keys a second arrive in all. The
longest task of the page, and how long a search takes from its last letter to the rows.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks import Ratio
from benchmarks.live_lanes import NOW, WATCH
from tests.browser.conftest import FLAGS
from tests.browser.lab import Lab, Notebook

OVER, UP, SECONDS = 200, 20, 15
LONGEST_MS, SEARCHED_MS = 100.0, 1000.0
BOARD = f"""
import tempfile
from workbench import Workbench
from workbench.clock import SystemClock
from workbench.engine.loopback import FarEnd, Loopback

presses = FarEnd(digits=((0.5, "1"),) * 1000)
engine = Loopback(SystemClock(), {{"busy": FarEnd(refuses_with=486), "presses": presses}})
bench = Workbench(tempfile.mkdtemp(), engine=engine)
over = [bench.dial("sip:busy@loopback").wait(30) for _ in range({OVER})]
up = [bench.dial("sip:presses@loopback").wait_answered(30) for _ in range({UP})]
bench.wallboard()
"""
PATIENCE_MS = 30_000


def measure() -> list[Ratio]:
    """Watch the board for a while, then search in it."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder))
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(FLAGS)
        )
        try:
            return _watch(browser, lab)
        finally:
            browser.close()
            lab.close()


def _watch(browser: Browser, lab: Lab) -> list[Ratio]:
    page = browser.new_page(viewport={"width": 1100, "height": 1000})
    page.add_init_script(WATCH)
    book = Notebook(page, lab, "board", [BOARD, "bench.close()"])
    out = book.run(0)
    matches = out.locator(".wb-matches")
    expect(matches).to_have_text(f"{OVER + UP} calls, the last 50 shown", timeout=PATIENCE_MS)
    expect(out.locator(".wb-running tbody tr")).to_have_count(UP, timeout=PATIENCE_MS)
    began = page.evaluate(NOW)
    page.wait_for_function(f"(began) => performance.now() - began > {SECONDS}e3", arg=began)
    searched = _search(page)
    tasks = [took for at, took in page.evaluate("() => window.longTasks") if at > began]
    book.run(1)
    longest = max(tasks, default=50.0)
    return [
        Ratio(
            name="longest task of the page / 100 ms", value=longest / LONGEST_MS, goal=1.0,
            higher_is_better=False,
            detail=f"{longest:.0f} ms at most, {len(tasks)} above 50 ms in {SECONDS} s",
        ),
        Ratio(
            name="a search / 1 s", value=searched / SEARCHED_MS, goal=1.0,
            higher_is_better=False, detail=f"{searched:.0f} ms until its rows are there",
        ),
    ]  # fmt: skip


def _search(page: Page) -> float:
    page.get_by_label("Search the calls").fill("presses")
    began: float = page.evaluate(NOW)
    found = f"() => document.querySelector('.wb-matches').textContent === '{UP} calls'"
    page.wait_for_function(found)
    ended: float = page.evaluate(NOW)
    return ended - began
