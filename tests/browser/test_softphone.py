"""The softphone in JupyterLab, with real SIP calls: the far end is a bench of the test."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.lab import Notebook
from workbench import CallControl, Workbench, flow
from workbench import events as ev

pytestmark = [pytest.mark.browser, pytest.mark.sip, pytest.mark.slow]

CLOSED = "The bench is closed. Open one again with Workbench(…), and run this cell anew."

WATCHED = "call = bench.calls[-1]\ncall.listen()\ncall.live()"
PROMPT = re.compile("one moment,? please", re.IGNORECASE)
BLOCKED = """
import threading
print("blocked", flush=True)
while bench.in_progress:
    threading.Event().wait(0.05)
print("free again")
"""
RECOVERED = "print(bench.calls[-1].ended.by, bench.recovered); bench.close()"

KILL = """
import os, signal
for worker in bench._running().engine.workers.values():
    os.kill(worker, signal.SIGKILL)
"""
FILL = 'bench._log.recorder._writer.execute("PRAGMA max_page_count = 1"); None'

gate = threading.Event()
"""Opened by a test when the far end shall answer."""


@flow
async def reception(call: CallControl) -> str:
    await call.ring()
    await call.step("until the test says so", gate.wait, 30)
    await call.answer()
    pressed = await call.gather(4, timeout=30)
    await call.send_digits("9" if pressed.digits == "42*" else "1")
    await call.play("one-moment.wav")
    await call.sleep(600)
    return pressed.digits


@flow
async def caller(call: CallControl) -> None:
    await call.sleep(600)


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with Workbench(tmp_path_factory.mktemp("far") / "store") as bench:
        yield bench


@pytest.fixture
def address(far: Workbench) -> Iterator[str]:
    gate.clear()
    yield far.answer(reception)
    gate.set()
    for call in far.in_progress:
        far.call(call).hangup()
    far.check()


def cells(address: str, store: Path, options: str = "") -> list[str]:
    opened = f"from workbench import Workbench\nbench = Workbench({str(store)!r})\n"
    phone = f"bench.softphone({{'Reception': {address!r}}}{options})"
    return [opened + phone, "bench.close()"]


def button(out: Locator, name: str) -> Locator:
    return out.get_by_role("button", name=name, exact=True)


def number(out: Locator) -> Locator:
    return out.get_by_label("Number, address or name to call")


def target(out: Locator) -> Locator:
    return out.get_by_label("Hand the call on to this number, address or name")


def words(out: Locator) -> Locator:
    return out.locator(".wb-words")


def dial(out: Locator) -> None:
    """Click the name, then Call."""
    button(out, "Reception").click()
    button(out, "Call").click()


def digits_received(bench: Workbench) -> str:
    history = bench.calls[-1].history
    return "".join(event.digit for event in history if isinstance(event, ev.DigitReceived))


@pytest.mark.quiet
def test_a_call_is_dialled_watched_heard_and_hung_up_whatever_happens_to_the_page(
    notebook: Open, far: Workbench, address: str, tmp_path: Path
) -> None:
    host = address.removeprefix("sip:")
    phone = cells(address, tmp_path / "store", f", domain={host!r}")[0]
    book = notebook("story", [phone, WATCHED, BLOCKED, RECOVERED])
    out = book.run(0)
    expect(out.locator(".wb-nothing")).to_be_visible()
    for key in ("1", "0", "0"):
        button(out, key).click()
    expect(number(out)).to_have_value("100")
    button(out, "Call").click()
    expect(words(out)).to_have_text("ringing")
    gate.set()
    expect(words(out)).to_have_text("connected")
    expect(out.locator(".wb-party")).to_have_text(f"sip:100@{host}")
    heard = book.run(1).get_by_role("region", name="What was said")
    for key in ("4", "2", "star"):
        button(out, key).click()
    out.locator(".wb-panel").focus()
    book.page.keyboard.press("#")
    expect(out.locator(".wb-digits")).to_have_text("pressed: 9  sent: 42*#")
    assert digits_received(far) == "42*#"
    expect(heard).to_contain_text(PROMPT)
    expect(out.locator(".wb-error")).to_have_text(["", ""])
    a_page_loaded_again_shows_the_call(book)
    hung_up_while_a_cell_blocks(book)
    a_kernel_that_restarts_ends_the_call(book, far)


def a_page_loaded_again_shows_the_call(book: Notebook) -> None:
    book.save()
    book.open()
    out = book.output(0)
    expect(words(out)).to_have_text("connected")
    expect(out.locator(".wb-party")).to_contain_text("sip:100@")
    button(out, "7").click()
    expect(out.locator(".wb-digits")).to_have_text("pressed: 9  sent: 42*#7")
    expect(book.output(1)).to_contain_text(PROMPT)


def hung_up_while_a_cell_blocks(book: Notebook) -> None:
    out = book.output(0)
    book.start(2)
    expect(book.output(2)).to_contain_text("blocked")
    button(out, "Hang up").click()
    expect(words(out)).to_contain_text("ended by app: completed")
    book.wait(2)
    expect(book.output(2)).to_contain_text("free again")
    expect(book.output(1).locator(".wb-status")).to_contain_text("ended, completed")


def a_kernel_that_restarts_ends_the_call(book: Notebook, far: Workbench) -> None:
    out = book.output(0)
    dial(out)
    expect(words(out)).to_have_text("connected")
    expect(out.locator(".wb-party")).to_have_text("Reception")
    book.restart_kernel()
    expect(out.locator(".wb-lost")).to_contain_text("The kernel does not answer")
    assert far.calls[-1].wait(30).ended is not None
    out = book.run(0)
    expect(out.locator(".wb-lost")).to_be_hidden()
    expect(out.locator(".wb-nothing")).to_be_visible()
    expect(button(out, "Reception")).to_be_visible()
    # A kernel that has the time still hangs up itself; otherwise the next bench ends the call.
    expect(book.run(3)).to_contain_text(re.compile(r"engine \['CA|\w+ \[\]"))


def test_hold_mute_record_and_hang_up_while_a_cell_blocks(
    notebook: Open, far: Workbench, address: str, tmp_path: Path
) -> None:
    blocked = (
        "import threading\n"
        "while bench.in_progress:\n"
        "    threading.Event().wait(0.05)\n"
        "[type(event).__name__ for event in bench.calls[-1].wait(30).history]"
    )
    cells_ = cells(address, tmp_path / "store")
    book = notebook("busy_phone", [cells_[0], blocked, cells_[1]])
    out = book.run(0)
    gate.set()
    dial(out)
    expect(words(out)).to_have_text("connected")
    book.start(1)
    for name, held in (("Hold", "connected, on hold"), ("Mute", "connected, on hold, muted")):
        button(out, name).click()
        expect(words(out)).to_have_text(held)
        expect(button(out, name)).to_have_attribute("aria-pressed", "true")
    button(out, "Hold").click()
    button(out, "Mute").click()
    expect(words(out)).to_have_text("connected")
    button(out, "Record").click()
    expect(button(out, "Record")).to_have_attribute("aria-pressed", "true")
    button(out, "Record").click()
    expect(button(out, "Record")).to_have_attribute("aria-pressed", "false")
    button(out, "Hang up").click()
    book.wait(1)
    happened = book.output(1)
    for event in ("Held", "Resumed", "Muted", "Unmuted", "RecordingStopped", "Ended"):
        expect(happened).to_contain_text(f"'{event}'")
    book.run(2)


def test_a_call_that_comes_in_is_answered_and_one_is_rejected(
    notebook: Open, far: Workbench, address: str, tmp_path: Path
) -> None:
    book = notebook("incoming", cells(address, tmp_path / "store", ", listen='127.0.0.1:0'"))
    out = book.run(0)
    shown = out.locator(".wb-address").text_content() or ""
    desk = shown.removeprefix("Takes calls at ")
    call = far.dial(desk, flow=caller)
    expect(words(out)).to_have_text("is calling")
    button(out, "Answer").click()
    expect(words(out)).to_have_text("connected")
    assert call.wait_answered(10).status == "in-progress"
    second = far.dial(desk)
    expect(out.locator(".wb-calls button")).to_have_count(2)
    out.locator(".wb-calls button").nth(0).click()
    expect(words(out)).to_have_text("is calling")
    button(out, "Reject").click()
    assert second.wait(10).status == "busy"
    out.locator(".wb-calls button").nth(1).click()
    call.hangup()
    expect(words(out)).to_contain_text("ended by caller")
    book.run(1)


def test_what_goes_wrong_is_told_with_what_to_do(
    notebook: Open, far: Workbench, address: str, tmp_path: Path
) -> None:
    # The far end is no registrar, and says so.
    at = address.removeprefix("sip:")
    account = f"Account(uri='sip:us@pbx.test', password='x', registrar={at!r})"
    setup = (
        "from workbench import Account, Workbench\n"
        f"bench = Workbench({str(tmp_path / 'store')!r}, accounts=[{account}])\n"
        f"bench.softphone({{'Reception': {address!r}}}, listen='127.0.0.1:0')"
    )
    book = notebook("wrong", [setup, KILL, FILL, "bench.close()"])
    out = book.run(0)
    error, problem = out.locator(".wb-panel > .wb-error"), out.locator(".wb-talk > .wb-error")
    expect(problem).to_contain_text("sip:us@pbx.test is not registered")
    gate.set()
    dial(out)
    expect(words(out)).to_have_text("connected")
    for to, said in (
        ("<img src=x onerror=alert(1)>", "<img src=x"),
        ("sip:sales@192.0.2.1", "192.0.2.1 is not in `Policy.allow`: add it there"),
        ("Reception", "The call was not handed on, and goes on as it was: 603"),
    ):
        target(out).fill(to)
        button(out, "Transfer").click()
        expect(error).to_contain_text(said)
        expect(words(out)).to_have_text("connected")
    book.run(1)
    expect(words(out)).to_contain_text("ended by engine: failed")
    expect(words(out)).to_contain_text("was lost")
    number(out).fill("nobody")
    button(out, "Call").click()
    expect(error).to_contain_text("'nobody' is not a SIP address: write sip:USER@HOST")
    number(out).fill("sip:sales@192.0.2.1")
    button(out, "Call").click()
    expect(words(out)).to_contain_text("is not in `Policy.allow`: add it there")
    expect(error).to_be_empty()
    dial(out)
    expect(words(out)).to_have_text("connected")
    book.run(2)
    button(out, "4").click()
    expect(problem).to_contain_text("Free some space on its disk")
    expect(words(out)).to_have_text("ended, since nothing can be recorded any more")
    book.run(3)
    expect(problem).to_have_text(CLOSED)
