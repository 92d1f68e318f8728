"""Two hundred texts that are to hurt whoever looks at calls, in every field, in a page."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, expect

from tests.browser.conftest import Open
from tests.hostile import PAYLOADS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WAYS_OUT = (
    "", '">', "'>", "-->", "</textarea>", "</style>", "</title>", "</script >", "]]>", "`>",
)  # fmt: skip
"""How a text may hope to get out of where it was put."""
HOSTILE = [way + payload for way in WAYS_OUT for payload in PAYLOADS]
MARKUP = "img, script, iframe, svg, object, embed, style, link, meta, a, video, details, form"

SETUP = """
import json, pathlib
import msgspec
from tests.hostile import hostile_history
from workbench import Workbench
from workbench.clock import SystemClock
from workbench.engine.loopback import FarEnd, Loopback
from workbench.store import CallLog
from workbench.widgets import softphone, wallboard

hostile = json.loads(pathlib.Path({payloads!r}).read_text())
log = CallLog.open(pathlib.Path({store!r}))
for number, payload in enumerate(hostile):
    history = hostile_history(payload)
    log.put([msgspec.structs.replace(event, call_id=f"CA{{number:04}}") for event in history])
log.close()
wallboard.MOST_CALLS = wallboard.MOST_SHOWN = 500
engine = Loopback(SystemClock())
bench = Workbench({store!r}, engine=engine)
phone = bench.softphone({{payload: payload for payload in hostile}}, listen="127.0.0.1:5060")

async def all_call():
    for payload in hostile:
        engine.offer(FarEnd(), caller=payload, callee=payload, headers={{"X-Name": payload}})

bench._running().run(all_call())
phone
"""


def test_two_hundred_hostile_texts_are_only_text(notebook: Open, tmp_path: Path) -> None:
    assert len(set(HOSTILE)) == 200
    payloads = tmp_path / "payloads.json"
    payloads.write_text(json.dumps(HOSTILE))
    setup = SETUP.format(payloads=str(payloads), store=str(tmp_path / "store"))
    book = notebook("hostile", [setup, "bench.wallboard()", "bench.close()"])
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    book.page.on("dialog", note)
    phone, board = book.run(0), book.run(1)
    expect(phone.locator(".wb-calls button")).to_have_count(200)
    expect(
        phone.get_by_role("group", name="Named destinations").locator("button")
    ).to_have_count(200)
    expect(
        board.get_by_role("region", name="Calls in progress").locator("tbody tr")
    ).to_have_count(200)
    expect(board.locator(".wb-matches")).to_have_text("400 calls")
    expect(board.get_by_role("region", name="All calls").locator("tbody tr")).to_have_count(400)
    for text in ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>"):
        expect(phone.locator(".wb-calls button", has_text=text).first).to_be_attached()
        expect(board.locator("th button", has_text=text).first).to_be_attached()
    phone.locator(".wb-calls button").nth(-3).click()
    phone.locator(".wb-entry input").fill(HOSTILE[2])
    phone.get_by_role("button", name="Call", exact=True).click()
    expect(phone.get_by_role("alert")).to_contain_text("onerror")
    board.get_by_label("Search the calls").fill(HOSTILE[0])
    expect(board.locator(".wb-matches")).not_to_have_text("400 calls")
    assert book.page.locator(".wb-panel").locator(MARKUP).count() == 0
    board.get_by_label("Search the calls").fill("")
    past = board.get_by_role("region", name="All calls").locator("tbody tr")
    expect(past).to_have_count(400)
    for row in (0, 200, 399):
        past.nth(row).locator("button").click()
        expect(board.locator(".wb-opened > .wb-panel")).to_have_count(1)
        board.get_by_role("button", name="Close", exact=True).click()
        expect(board.locator(".wb-opened > .wb-panel")).to_have_count(0)
    assert dialogs == []
    assert book.page.evaluate("() => document.querySelectorAll('.wb-panel').length") == 2
    book.run(2)
