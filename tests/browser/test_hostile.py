"""Two hundred texts that are to hurt whoever looks at calls, in every field, in a page.

Nothing of them runs, nothing is loaded for them, and each is read as it is.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.browser.conftest import Open
from tests.browser.lab import Lab
from tests.hostile import PAYLOADS
from workbench.tables import legible

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WAYS_OUT = (
    "", '">', "'>", "-->", "</textarea>", "</style>", "</title>", "</script >", "]]>", "`>",
)  # fmt: skip
"""How a text may hope to get out of where it was put."""
HOSTILE = [way + payload for way in WAYS_OUT for payload in PAYLOADS]
READ = [legible(payload.strip()) for payload in HOSTILE]
MARKUP = "img, script, iframe, svg, object, embed, style, link, meta, a, video, details, form"
IN_OUTPUTS = "script, iframe, svg, object, embed, link, meta, a, video, form, b, i, h1"
"""What no table of ours has; pandas has a `style`."""
HANDLERS = "[onerror], [onload], [ontoggle], [onmouseover]"
FETCHED = ("x", "x.css")
"""What the payloads ask for, where it is not on another host."""

SETUP = """
import json, pathlib
import msgspec
from IPython.display import HTML, display
from tests.hostile import hostile_history, talkative_history
from workbench import Workbench, flow
from workbench import events as ev
from workbench.clock import SystemClock
from workbench.engine.loopback import FarEnd, Loopback
from workbench.store import CallLog
from workbench.widgets import softphone, wallboard

hostile = json.loads(pathlib.Path({payloads!r}).read_text())
log = CallLog.open(pathlib.Path({store!r}))

def keep(history, call_id):
    log.put([msgspec.structs.replace(event, call_id=call_id) for event in history])

keep(talkative_history(hostile), "CA-talk")
placed, *_, ended = talkative_history([])
for number, payload in enumerate(hostile):
    keep(hostile_history(payload), f"CA-{{number:04}}")
    over = msgspec.structs.replace(ended, version=2)
    keep([msgspec.structs.replace(placed, to=payload), over], f"CB-{{number:04}}")
log.close()
wallboard.MOST_CALLS = wallboard.MOST_SHOWN = wallboard.MOST_PROBLEMS = 1000
softphone.RECENT = softphone.LOOKED_AT = 1000
engine = Loopback(SystemClock())
bench = Workbench({store!r}, engine=engine)
named = {{payload: f"sip:{{payload}}" for payload in hostile}}
phone = bench.softphone(named, listen="127.0.0.1:5060")

def all_call(callee):
    async def offer():
        for payload in hostile:
            headers = {{"X-Name": payload}}
            engine.offer(FarEnd(), caller=payload, callee=callee or payload, headers=headers)
    bench._running().run(offer())

all_call("")
phone
"""
BOARD = """
@flow
async def breaks(call):
    raise ValueError(call.headers["X-Name"])

bench.route("broken", breaks)
board = bench.wallboard()
all_call("sip:broken@loopback")
board
"""
ERROR = 'phone.complain("\\n".join(hostile))'
RICH = """
import pandas as pd
stored = [bench.call(f"CA-{number:04}") for number in range(len(hostile))]
display(HTML("".join(call.history._repr_html_() for call in stored)))
for call in stored[::10]:
    display(call)
everything = ["display.max_columns", "display.max_rows", "display.max_colwidth"]
with pd.option_context(*(part for name in everything for part in (name, None))):
    display(bench.frames.calls(), bench.frames.transcripts())
    display(bench.frames.events().query("topic == 'call.offered'"))
    display(bench)
"""
MAGICS = """
%load_ext workbench
%bench
for payload in hostile[:20]:
    head = f"@flow(name={payload!r})\\nasync def named(call):"
    source = f"{head}\\n    await call.play({payload!r})"
    get_ipython().run_cell_magic("flow", "--calls 1", source)
"""
TALK = 'display(bench.call("CA-talk").player(), bench.call("CA-talk").live())'
UNREAD = "(part, texts) => texts.filter((text) => !part.textContent.includes(text))"


class Alarms:
    """Notes whatever a page does because of a text."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self._lab, self.heard = urlparse(lab.url).netloc, list[str]()
        page.on("dialog", self._note_dialog)
        page.on("request", lambda request: self._note_request(request.url))

    def _note_dialog(self, dialog: Dialog) -> None:
        self.heard.append(dialog.message)
        dialog.dismiss()

    def _note_request(self, url: str) -> None:
        at = urlparse(url)
        foreign = at.scheme in ("http", "https") and at.netloc != self._lab
        if foreign or at.path.rpartition("/")[2] in FETCHED:
            self.heard.append(url)


@pytest.fixture
def alarms(page: Page, lab: Lab) -> Iterator[Alarms]:
    alarms = Alarms(page, lab)
    yield alarms
    assert alarms.heard == []


@pytest.fixture
def setup(tmp_path: Path) -> str:
    payloads = tmp_path / "payloads.json"
    payloads.write_text(json.dumps(HOSTILE))
    return SETUP.format(payloads=str(payloads), store=str(tmp_path / "store"))


def check_read(part: Locator, texts: Sequence[str] = READ) -> None:
    """Check that a part of the page says all these texts, and that none became markup."""
    expect(part).to_have_count(1)
    assert part.evaluate(UNREAD, list(texts)) == []
    assert part.locator(HANDLERS).count() == 0


@pytest.mark.usefixtures("alarms")
def test_two_hundred_hostile_texts_are_only_text_in_widgets(notebook: Open, setup: str) -> None:
    assert len(set(HOSTILE)) == 200
    book = notebook("hostile", [setup, BOARD, ERROR, TALK, "bench.close()"])
    phone, board = book.run(0), book.run(1)
    expect(phone.locator(".wb-calls button")).to_have_count(205)
    check_read(phone.locator(".wb-calls"))
    for group in ("Named destinations", "Recent destinations"):
        check_read(phone.get_by_role("group", name=group), HOSTILE)
    check_read(board.get_by_role("region", name="Calls in progress"))
    expect(board.locator(".wb-problems li")).to_have_count(200)
    check_read(board.locator(".wb-problems"))
    past = board.get_by_role("region", name="All calls")
    expect(board.locator(".wb-matches")).to_have_text("801 calls")
    expect(past.locator("tbody tr")).to_have_count(801)
    check_read(past)
    phone.locator(".wb-calls button").nth(-3).click()
    phone.locator(".wb-entry input").fill(HOSTILE[2])
    phone.get_by_role("button", name="Call", exact=True).click()
    error = phone.locator(".wb-panel > .wb-error")
    expect(error).to_contain_text("onerror")
    book.run(2)
    expect(error).to_contain_text("</script")
    lines = [line for payload in HOSTILE for line in payload.split("\n")]
    check_read(error, [legible(line) for line in lines])
    board.get_by_label("Search the calls").fill(HOSTILE[0])
    expect(board.locator(".wb-matches")).not_to_have_text("801 calls")
    board.get_by_label("Search the calls").fill("")
    expect(past.locator("tbody tr")).to_have_count(801)
    for row in (0, 400, 800):
        past.locator("tbody tr").nth(row).locator("button").click()
        expect(board.locator(".wb-opened > .wb-panel")).to_have_count(1)
        board.get_by_role("button", name="Close", exact=True).click()
        expect(board.locator(".wb-opened > .wb-panel")).to_have_count(0)
    said = book.run(3).get_by_role("region", name="What was said")
    for number in range(2):  # in the player, and live
        expect(said.nth(number).locator(".wb-said")).to_have_count(200)
        check_read(said.nth(number))
    assert book.page.locator(".wb-panel").locator(MARKUP).count() == 0
    book.run(4)


@pytest.mark.usefixtures("alarms")
def test_two_hundred_hostile_texts_are_only_text_in_tables(notebook: Open, setup: str) -> None:
    book = notebook("hostile_tables", [setup, RICH, MAGICS, "bench.close()"])
    book.run(0)
    rich = book.run(1)
    expect(rich.locator("table")).not_to_have_count(0)
    check_read(rich)
    shown = [payload for payload in HOSTILE if payload.isprintable()]
    for frame in ("td", "table.dataframe"):
        assert rich.locator(frame).count() > 2
    tables = rich.locator("table.dataframe")
    for number in range(tables.count()):
        check_read(tables.nth(number), shown)
    magics = book.run(2)
    expect(magics.get_by_text("any calls to")).not_to_have_count(0)
    check_read(magics, READ[:20])
    for out in (rich, magics):
        assert out.locator(".jp-RenderedHTMLCommon").locator(IN_OUTPUTS).count() == 0
    book.run(3)
