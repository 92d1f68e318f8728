"""The softphone in every state, for everybody: keyboard, screen readers, themes, widths.

The engine is simulated, and no less is the page: JupyterLab, the widget and the keys are real.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, Photograph, faults_of
from tests.browser.test_softphone import CLOSED, button, number, target, words

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """
from workbench import Workbench
from workbench import events as ev
from workbench.clock import SystemClock
from workbench.engine.loopback import FarEnd, Loopback

engine = Loopback(SystemClock(), {{
    "reception": FarEnd(), "slow": FarEnd(answers_after_s=None),
    "fussy": FarEnd(reinvites=(488,)), "calls-back": FarEnd(refuses_with=486),
}})
bench = Workbench({store!r}, engine=engine)

def call_back(event):
    if isinstance(event, ev.Placed) and "calls-back" in event.to:
        engine.offer(FarEnd(), caller="sip:فاطمة@loopback")

bench.subscribe(call_back)
named = {{"Reception": "sip:reception@loopback"}}
bench.softphone(named, listen="127.0.0.1:5060", domain="loopback")
"""
MOST_TABS = 40
FITS = "([panel, width]) => panel.getBoundingClientRect().width <= width"
FOCUSED = """() => {
  const at = document.activeElement;
  return at.closest('.wb-panel') ? at.ariaLabel ?? at.textContent : 'the page';
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is at what is so named."""
    for _ in range(MOST_TABS):
        if page.evaluate(FOCUSED) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached, but {page.evaluate(FOCUSED)!r} can.")


def press(page: Page, name: str) -> None:
    """Go to a button by the Tab key, and press it."""
    tab_to(page, name)
    page.keyboard.press("Enter")


@pytest.fixture
def cells(tmp_path: Path) -> list[str]:
    return [SETUP.format(store=str(tmp_path / "store")), "bench.close()"]


def test_a_keyboard_is_enough(notebook: Open, page: Page, cells: list[str]) -> None:
    book = notebook("keyboard", cells)
    out, keys = book.run(0), page.keyboard
    sent, call = out.locator(".wb-digits"), "The chosen call"
    out.locator(".wb-panel").focus()
    tab_to(page, "1")
    for arrow in ("ArrowDown", "ArrowRight", "Enter"):
        keys.press(arrow)
    expect(number(out)).to_have_value("5")
    keys.press("Shift+Tab")
    keys.press("Enter")  # deletes it
    keys.press("Shift+Tab")
    keys.type("reception")
    keys.press("Enter")
    expect(words(out)).to_have_text("connected")
    expect(out.get_by_role("group", name=call)).to_be_focused()
    keys.type("42#")
    expect(sent).to_have_text("sent: 42#")
    for verb, state in (("Hold", "connected, on hold"), ("Hold", "connected")):
        press(page, verb)
        expect(words(out)).to_have_text(state)
    tab_to(page, "Hand the call on to this number, address or name")
    keys.type("slow")
    keys.press("Enter")
    expect(out.locator(".wb-last")).to_contain_text("completed (200) OK")
    tab_to(page, "Number, address or name to call")
    keys.type("00")
    press(page, "Hang up")
    expect(words(out)).to_contain_text("ended by app")
    expect(out.get_by_role("group", name=call)).to_be_focused()
    keys.type("0")
    # What was typed into a field was sent to nobody, and to no shortcut (0 twice restarts).
    expect(number(out)).to_have_value("000")
    expect(sent).to_have_text("sent: 42#")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    press(page, "Dismiss")
    expect(number(out)).to_be_focused()
    calls_that_come_in_are_taken(page, out)


def calls_that_come_in_are_taken(page: Page, out: Locator) -> None:
    said = out.get_by_role("status").filter(has_text="is calling")
    for verb, then in (("Answer", "connected"), ("Reject", "ended by app: busy")):
        number(out).fill("calls-back")
        page.keyboard.press("Enter")
        expect(said).to_contain_text("فاطمة")
        expect(words(out)).to_have_text("is calling")
        press(page, verb)
        expect(words(out)).to_contain_text(then)
        expect(out.get_by_role("group", name="The chosen call")).to_be_focused()
        page.keyboard.type("7")
        if verb == "Answer":
            expect(out.locator(".wb-digits")).to_have_text("sent: 7")
            press(page, "Hang up")
            expect(words(out)).to_contain_text("ended by app")
        else:
            expect(number(out)).to_have_value("7")


class Looks:
    """Looks for faults at one width and the other, and takes pictures."""

    def __init__(self, page: Page, panel: Locator, theme: str, photograph: Photograph) -> None:
        self._page, self._panel, self._theme = page, panel, theme.lower()
        self._photograph = photograph

    def at(self, state: str, picture: str = "") -> None:
        for width, look in ((520, "narrow-"), (1100, "")):
            self._page.set_viewport_size({"width": width, "height": 1000})
            self._page.wait_for_function(FITS, arg=[self._panel.element_handle(), width])
            assert faults_of(self._page, ".wb-panel") == [], f"{state}, {width} pixels wide"
            if picture:
                self._photograph(self._panel, f"{picture}-{look}{self._theme}")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_nobody_is_shut_out_in_any_state(
    notebook: Open, photograph: Photograph, page: Page, cells: list[str], theme: str
) -> None:
    book = notebook(f"states_{theme}", cells)
    book.theme(theme)
    book.command("application:toggle-left-area")
    out = book.run(0)
    looks = Looks(page, out.locator(".wb-panel"), theme, photograph)
    looks.at("idle")
    number(out).fill("slow")
    button(out, "Call").click()
    expect(words(out)).to_have_text("ringing")
    looks.at("ringing")
    button(out, "Hang up").click()
    expect(words(out)).to_contain_text("ended")
    button(out, "Dismiss").click()
    button(out, "Reception").click()
    button(out, "Call").click()
    expect(words(out)).to_have_text("connected")
    button(out, "4").click()
    expect(out.locator(".wb-digits")).to_have_text("sent: 4")
    looks.at("connected", "softphone")
    for verb, state in (("Hold", "on hold"), ("Mute", "muted")):
        button(out, verb).click()
        expect(words(out)).to_contain_text(state)
    looks.at("on hold")
    number(out).fill("fussy")
    button(out, "Call").click()
    expect(out.get_by_role("button", name="Connect with Reception")).to_be_visible()
    button(out, "Hold").click()
    expect(out.locator(".wb-panel > .wb-error")).to_contain_text("488")
    target(out).fill("شركة الاتصالات")
    looks.at("an error")
    number(out).fill("calls-back")
    button(out, "Call").click()
    expect(words(out)).to_have_text("is calling")
    looks.at("a call coming in")
    book.run(1)
    expect(out.locator(".wb-talk > .wb-error")).to_have_text(CLOSED)
    looks.at("closed")
    book.theme("Light")
