"""The wallboard in JupyterLab, with real SIP calls: the far end is a bench of the test."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open, Photograph, faults_of
from tests.browser.test_softphone import CLOSED
from workbench import CallControl, Workbench, flow

pytestmark = [pytest.mark.browser, pytest.mark.sip, pytest.mark.slow]


@flow
async def office(call: CallControl) -> str:
    await call.answer()
    pressed = await call.gather(2, play="hold.wav", timeout=600)
    return f"asked for {pressed.digits}"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Workbench(tmp_path_factory.mktemp("far") / "store") as bench:
        yield bench.answer(office)
        bench.check()


OPEN = """
from workbench import Workbench, flow

@flow
async def asks(call):
    await call.record()
    await call.sleep(1)
    await call.send_digits("42")
    await call.sleep(600)

@flow
async def breaks(call):
    raise ValueError("this flow is broken")

bench = Workbench({store!r})
"""
CALLS = """
asked = bench.dial({address!r}, flow=asks)
bench.dial({address!r}, flow=breaks).wait(30)
bench.dial("sip:nobody@127.0.0.1:9", ring_timeout=20)
asked.wait(60)
second = bench.dial({address!r}).wait_answered(30)
"""


def tile(board: Locator, name: str) -> Locator:
    return board.locator(".wb-counts > div").filter(
        has=board.page.get_by_text(name, exact=True)
    )


def look_into_calls(board: Locator, running: Locator) -> None:
    """Open the call in the list, then the one in progress, then close it."""
    inside = board.locator(".wb-opened > .wb-panel")
    past = board.get_by_role("region", name="All calls")
    past.get_by_role("button").first.click()
    expect(inside).to_have_attribute("aria-label", re.compile("Player"))
    running.locator("th button").click()
    expect(inside).to_have_attribute("aria-label", re.compile("Live"))
    board.get_by_role("button", name="Close", exact=True).click()
    expect(inside).to_have_count(0)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_all_calls_are_seen_searched_opened_and_hung_up(
    notebook: Open, photograph: Photograph, address: str, tmp_path: Path, theme: str
) -> None:
    setup = OPEN.format(store=str(tmp_path / "store"))
    cells = [setup, "bench.wallboard()", CALLS.format(address=address), "bench.close()"]
    book = notebook(f"board_{theme}", cells)
    book.theme(theme)
    book.run(0)
    board = book.run(1)
    running = board.get_by_role("region", name="Calls in progress")
    expect(board.locator(".wb-matches")).to_have_text("0 calls")
    book.start(2)
    expect(running.locator("tbody tr").first).to_contain_text("asks")
    book.wait(2)
    expect(tile(board, "completed")).to_contain_text("2")
    expect(tile(board, "connected")).to_contain_text("1")
    expect(board.locator(".wb-pool")).to_contain_text("lines taken, the front door is up")
    expect(board.locator(".wb-problems")).to_contain_text("this flow is broken")
    expect(running.locator("tbody tr")).to_have_count(1)
    assert faults_of(book.page, ".wb-panel") == []
    photograph(board.locator(".wb-panel").first, f"wallboard-{theme.lower()}")
    board.get_by_label("Search the calls").fill("asks")
    expect(board.locator(".wb-matches")).to_have_text("1 call")
    look_into_calls(board, running)
    running.get_by_role("button", name="Hang up").focus()
    book.page.keyboard.press("Enter")
    expect(running).to_be_hidden()
    # The button is gone with its row; the focus is still in the board.
    expect(board.get_by_label("Search the calls")).to_be_focused()
    board.get_by_label("Search the calls").fill("")
    expect(tile(board, "completed")).to_contain_text("3")
    book.page.set_viewport_size({"width": 520, "height": 1000})
    book.command("application:toggle-left-area")
    assert faults_of(book.page, ".wb-panel") == []
    photograph(board.locator(".wb-panel").first, f"wallboard-narrow-{theme.lower()}")
    book.run(3)
    expect(board.locator(".wb-pool")).to_have_text(CLOSED)
    assert faults_of(book.page, ".wb-panel") == []
    book.theme("Light")
