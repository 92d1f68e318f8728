"""Talking by the softphone on a real SIP call, with a microphone that plays a file."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open, Photograph, chromium, faults_of
from tests.browser.lab import Lab, Notebook
from tests.browser.microphone import (
    ALLOWED,
    DEVICE,
    FILE,
    RECORDER,
    button,
    call,
    cells,
    far_end,
    listen_for,
    listener,
    taken,
    talk,
    understood,
)
from tests.conftest import Rounds
from workbench import Workbench

pytestmark = [pytest.mark.browser, pytest.mark.sip, pytest.mark.slow]

LISTENING = """
import psutil
booths = bench._operation.booths
for each in psutil.Process().children(recursive=True):
    print([at.laddr.port for at in each.net_connections() if at.status == "LISTEN"])
print("process", booths.pid)
"""
KILL = "import os, signal\nos.kill(booths.pid, signal.SIGKILL)"
CLOSE = """
process = psutil.Process(booths.pid)
bench.close()
print("running", process.is_running())
"""
UNREACHABLE = """
import dataclasses, socket
nobody = socket.socket()
nobody.bind(("127.0.0.1", 0))
let_in = bench.let_in
bench.let_in = lambda *args: dataclasses.replace(let_in(*args), port=nobody.getsockname()[1])
"""

ALONE_S, ECHOED_S = 4, 5
"""The file is spoken into silence at first, as a browser takes an echo out of what follows."""
THERE_AND_BACK_MS = 2 * 250
"""Twice from mouth to ear; here even with the jitter buffers of both phones."""
DROPOUT_MS = 100
LISTEN = "call = bench.calls[-1]\ncall.listen(direction='sent')"
BUSY = """
while bench.in_progress:
    sum(sorted(range(200_000), reverse=True))
"""
HEARD = "call.wait(60)\nprint(call.transcript.text('sent'))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium whose microphone plays a file for each talk."""
    with chromium(ALLOWED, DEVICE, FILE) as browser:
        yield browser


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with Workbench(tmp_path_factory.mktemp("far") / "store") as bench:
        yield bench


@pytest.fixture
def address(far: Workbench) -> Iterator[str]:
    yield far.answer(listener)
    for each in far.in_progress:
        far.call(each).hangup()
    far.check()


def test_a_talk_looks_well_and_a_killed_process_harms_only_the_talk(
    notebook: Open, photograph: Photograph, far: Workbench, address: str, tmp_path: Path
) -> None:
    phone = cells(tmp_path / "store", address)[0]
    book = notebook("talk", [phone, LISTENING, KILL, CLOSE])
    out = book.run(0)
    call(out)
    expect(book.run(1)).to_contain_text("process 0")
    expect(book.output(1)).not_to_contain_text("[1")
    expect(out.get_by_label("Level of your microphone")).to_be_hidden()
    far_end(far).hum()
    talk(out)
    assert faults_of(book.page, ".wb-panel") == []
    pictures(book, out.locator(".wb-panel"), photograph)
    button(out, "Mute microphone").click()
    expect(out.locator(".wb-spoken")).to_contain_text("your microphone is muted")
    expect(button(out, "Mute microphone")).to_have_attribute("aria-pressed", "true")
    # The page is in: nothing listens any more.
    expect(book.run(1)).not_to_contain_text("process 0")
    expect(book.output(1)).not_to_contain_text("[1")
    book.run(2)
    expect(out.locator(".wb-spoken")).to_contain_text("The talk is over:")
    expect(out.locator(".wb-words")).to_have_text("connected")
    talk(out)
    button(out, "Talk").click()
    expect(out.locator(".wb-spoken")).to_be_hidden()
    expect(out.locator(".wb-words")).to_have_text("connected")
    expect(book.run(3)).to_have_text("running False\n")
    expect(out.locator(".wb-panel > .wb-error")).to_be_hidden()


def pictures(book: Notebook, panel: Any, photograph: Photograph) -> None:
    photograph(panel, "softphone-talking-light")
    book.theme("Dark")
    assert faults_of(book.page, ".wb-panel") == []
    photograph(panel, "softphone-talking-dark")
    book.theme("Light")
    book.page.set_viewport_size({"width": 520, "height": 1200})
    book.command("application:toggle-left-area")
    photograph(panel, "softphone-talking-narrow-light")


def test_a_page_that_cannot_reach_the_websocket_talks_through_the_kernel(
    notebook: Open, page: Page, far: Workbench, address: str, tmp_path: Path
) -> None:
    page.add_init_script(path=RECORDER)
    phone, close = cells(tmp_path / "store", address)
    book = notebook("kernel", [phone, UNREACHABLE, close])
    out = book.run(0)
    book.run(1)
    call(out)
    theirs = far_end(far)
    theirs.hum()
    talk(out, "through the notebook's own connection")
    listen_for(page, 5)
    assert theirs.loudest > 2000
    assert abs(taken(page).ear.astype(int)).max() > 2000
    # What the browser itself says of a port where nobody is.
    assert all("WebSocket" in trouble for trouble in book.troubles), book.troubles
    book.troubles.clear()
    button(out, "Hang up").click()
    expect(out.locator(".wb-spoken")).to_contain_text("The talk is over: the call is over.")
    book.run(2)


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ([DEVICE, f"{ALLOWED}=deny"], "The microphone was not allowed."),
        ([ALLOWED], "No microphone was found."),
    ],
)
def test_a_browser_that_gives_no_microphone_is_told_of(
    lab: Lab, browser: Browser, address: str, tmp_path: Path, flags: list[str], text: str
) -> None:
    own = browser.browser_type.launch(
        executable_path="/usr/bin/chromium", args=["--headless", "--no-sandbox", *flags]
    )
    book = Notebook(own.new_page(), lab, "none", cells(tmp_path / "store", address))
    out = book.run(0)
    call(out)
    button(out, "Talk").click()
    expect(out.locator(".wb-spoken")).to_contain_text(text)
    expect(button(out, "Talk")).to_have_attribute("aria-pressed", "false")
    expect(out.locator(".wb-words")).to_have_text("connected")
    book.run(1)
    assert book.troubles == []
    own.close()


@pytest.mark.quiet
def test_what_is_said_arrives_and_what_the_far_end_says_comes_back_while_a_cell_computes(
    notebook: Open, page: Page, tmp_path: Path, rounds: Rounds, soak: bool
) -> None:
    page.add_init_script(path=RECORDER)
    with Workbench(tmp_path / "far") as far:
        opened = cells(tmp_path / "store", far.answer(listener))
        book = notebook("spoken", [opened[0], LISTEN, BUSY, HEARD, opened[1]])
        out = book.run(0)
        call(out)
        book.run(1)
        theirs = far.calls[-1]
        theirs.listen()
        speaker = far_end(far)
        book.start(2)
        talk(out)
        listen_for(page, ALONE_S)
        speaker.echo()
        listen_for(page, ECHOED_S)
        lags_ms = taken(page).lags_ms()
        speaker.hum()
        listen_for(page, 2)
        silences = hummed(page, rounds(3, 1), rounds(10, 60))
        button(out, "Hang up").click()
        expect(out.locator(".wb-spoken")).to_contain_text("The talk is over: the call is over.")
        book.wait(2)
        theirs.wait(60)
        assert understood(str(book.run(3).text_content())) >= 5
        assert understood(theirs.transcript.text("received")) >= 5
        received = theirs.audio()[0][:, 0]
        assert abs(received).max() > 0.1
        book.run(4)
    # Where other work holds the phones up, their jitter buffers grow: the best second counts.
    assert (median if soak else min)(lags_ms) < THERE_AND_BACK_MS
    assert max(silences, default=0) <= DROPOUT_MS


def hummed(page: Page, tries: int, seconds: int) -> list[int]:
    """Return the silences in a tone, in the first time without a long one of a few tries.

    In the long form there is one try; in the short one the machine may have other work.
    """
    silences: list[int] = []
    for _ in range(tries):
        listen_for(page, seconds)
        silences = taken(page).silences_ms(seconds)
        if max(silences, default=0) <= DROPOUT_MS:
            break
    return silences
