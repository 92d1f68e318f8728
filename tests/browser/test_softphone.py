"""The softphone in JupyterLab, with real SIP calls: the far end is a bench of the test."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open, Photograph, faults_of
from workbench import CallControl, Workbench, flow
from workbench import events as ev

pytestmark = [pytest.mark.browser, pytest.mark.sip, pytest.mark.slow]

CLOSED = "The bench is closed. Open one again with Workbench(…), and run this cell anew."

gate = threading.Event()
"""Opened by a test when the far end shall answer."""


@flow
async def reception(call: CallControl) -> str:
    await call.ring()
    await call.step("until the test says so", gate.wait, 30)
    await call.answer()
    pressed = await call.gather(4, timeout=30)
    await call.send_digits("9" if pressed.digits == "42*" else "1")
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


def words(out: Locator) -> Locator:
    return out.locator(".wb-words")


def dial(out: Locator) -> None:
    """Click the name, then Call."""
    button(out, "Reception").click()
    button(out, "Call").click()


def digits_received(bench: Workbench) -> str:
    history = bench.calls[-1].history
    return "".join(event.digit for event in history if isinstance(event, ev.DigitReceived))


def test_a_call_is_dialled_key_by_key_rings_connects_and_hears_digits(
    notebook: Open, far: Workbench, address: str, tmp_path: Path
) -> None:
    host = address.removeprefix("sip:")
    book = notebook("call", cells(address, tmp_path / "store", f", domain={host!r}"))
    out = book.run(0)
    expect(out.locator(".wb-nothing")).to_be_visible()
    for key in ("1", "0", "0"):
        button(out, key).click()
    expect(out.get_by_label("Number, address or name to call")).to_have_value("100")
    button(out, "Call").click()
    expect(words(out)).to_have_text("ringing")
    gate.set()
    expect(words(out)).to_have_text("connected")
    expect(out.locator(".wb-party")).to_have_text(f"sip:100@{host}")
    for key in ("4", "2", "star"):
        button(out, key).click()
    out.locator(".wb-panel").focus()
    book.page.keyboard.press("#")
    expect(out.locator(".wb-digits")).to_have_text("pressed: 9  sent: 42*#")
    assert digits_received(far) == "42*#"
    expect(out.locator(".wb-timer")).to_have_text("0:02")
    button(out, "Hang up").click()
    expect(words(out)).to_contain_text("ended by app: completed")
    expect(out.locator(".wb-error")).to_have_text(["", ""])
    book.run(1)
    expect(out.get_by_role("alert")).to_have_text(CLOSED)


def test_hold_mute_record_and_hang_up_while_a_cell_blocks(
    notebook: Open, far: Workbench, address: str, tmp_path: Path
) -> None:
    blocked = (
        "import threading\n"
        "while bench.in_progress:\n"
        "    threading.Event().wait(0.05)\n"
        "[type(event).__name__ for event in bench.calls[-1].history]"
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


def test_a_call_is_handed_on_and_a_bad_address_is_told(
    notebook: Open, far: Workbench, address: str, tmp_path: Path
) -> None:
    book = notebook("transfer", cells(address, tmp_path / "store"))
    out = book.run(0)
    gate.set()
    dial(out)
    expect(words(out)).to_have_text("connected")
    target = out.get_by_label("Hand the call on to this number, address or name")
    target.fill("<img src=x onerror=alert(1)>")
    button(out, "Transfer").click()
    expect(out.locator(".wb-panel > .wb-error")).to_contain_text("<img src=x")
    target.fill("Reception")
    button(out, "Transfer").click()
    # The far end refuses every REFER without a policy that allows it.
    expect(out.locator(".wb-panel > .wb-error")).not_to_contain_text("<img")
    expect(words(out)).to_have_text("connected")
    button(out, "Hang up").click()
    expect(words(out)).to_contain_text("ended by app")
    out.get_by_label("Number, address or name to call").fill("nobody")
    button(out, "Call").click()
    expect(out.locator(".wb-panel > .wb-error")).to_contain_text("nobody")
    book.run(1)


def test_a_reload_and_a_restart_in_the_middle_of_a_call_show_the_truth(
    notebook: Open, far: Workbench, address: str, tmp_path: Path
) -> None:
    book = notebook("truth", cells(address, tmp_path / "store"))
    out = book.run(0)
    gate.set()
    dial(out)
    expect(words(out)).to_have_text("connected")
    book.save()
    book.open()
    out = book.output(0)
    expect(words(out)).to_have_text("connected")
    expect(out.locator(".wb-party")).to_have_text("Reception")
    expect(out.locator(".wb-uri")).to_have_text(address)
    button(out, "7").click()
    expect(out.locator(".wb-digits")).to_have_text("sent: 7")
    book.restart_kernel()
    expect(out.locator(".wb-lost")).to_contain_text("The kernel does not answer")
    assert far.calls[-1].wait(30).ended is not None
    out = book.run(0)
    expect(out.locator(".wb-lost")).to_be_hidden()
    expect(out.locator(".wb-nothing")).to_be_visible()
    expect(out.get_by_role("group", name="Named destinations")).to_be_visible()
    book.type_into(1, "print(bench.calls[-1].ended.by, bench.recovered); bench.close()")
    expect(book.run(1)).to_contain_text("engine ['CA")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_nobody_is_shut_out(
    notebook: Open, photograph: Photograph, address: str, tmp_path: Path, theme: str
) -> None:
    book = notebook(f"look_{theme}", cells(address, tmp_path / "store"))
    book.theme(theme)
    out = book.run(0)
    panel = out.locator(".wb-panel")
    assert faults_of(book.page, ".wb-panel") == []
    gate.set()
    dial(out)
    expect(words(out)).to_have_text("connected")
    button(out, "4").click()
    expect(out.locator(".wb-digits")).to_have_text("sent: 4")
    assert faults_of(book.page, ".wb-panel") == []
    photograph(panel, f"softphone-{theme.lower()}")
    book.page.set_viewport_size({"width": 520, "height": 1000})
    book.command("application:toggle-left-area")
    box: Any = panel.bounding_box()
    assert box["width"] <= 520
    photograph(panel, f"softphone-narrow-{theme.lower()}")
    button(out, "Hang up").click()
    expect(words(out)).to_contain_text("ended by app")
    book.theme("Light")
    book.run(1)
