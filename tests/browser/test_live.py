"""The live call in JupyterLab: eight at once, one that is spoken, one that is cut off."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, Photograph, faults_of
from tests.browser.walked import Walked, agrees, canvas_has, cursor, is_drawn
from workbench import Workbench

pytestmark = [pytest.mark.browser, pytest.mark.sip, pytest.mark.slow]

BENCH = """
import tempfile
from IPython.display import display
from workbench import Workbench, flow

bench = Workbench(tempfile.mkdtemp())

@flow
async def talk(call):
    await call.answer()
    await call.record()
    while (await call.gather(2, play="menu.wav", timeout=5)).digits != "99":
        pass

@flow
async def caller(call):
    await call.play("caller-short.wav", loop=0)

address = bench.answer(talk)
"""
CALLS = """
placed = [bench.dial(address, flow=caller).wait_answered(20) for _ in range({pairs})]
for call in bench.calls:
    display(call.live())
"""
HANG_UP = """
for call in placed:
    call.send_digits("99", wait=False)
for call in placed:
    call.wait(30)
bench.check()
"""
SPOKEN = """
from IPython.display import display
from workbench import BargeIn, Workbench, flow

@flow
async def talk(call):
    await call.answer()
    await call.record()
    await call.listen()
    await call.send_digits("1")
    await call.play("menu.wav", loop=0, barge_in=BargeIn(resume=False))
    wish = await call.hear(timeout=30)
    await call.play("thank-you.wav")
    await call.gather(1, play="one-moment.wav", timeout=30)
    await call.play("goodbye.wav")
    return wish

@flow
async def caller(call):
    await call.gather(1, timeout=60)
    await call.sleep(3)
    await call.play("caller-long.wav")
    await call.play("caller-short.wav")
    await call.sleep(4)
    await call.send_digits("5")
    await call.sleep(60)

bench = Workbench({store!r})
"""
SPEAK = """
placed = bench.dial(bench.answer(talk), flow=caller).wait_answered(20)
for call in bench.calls:
    display(call.live())
"""
WALK = """
taken = bench.calls[1].wait(60)
bench.check()
taken.player()
"""
AFTER = """
from workbench import Workbench
bench = Workbench({store})
call = bench.calls[1]
ended = call.ended
print(f"recovered {{len(bench.recovered)}}, ended {{ended.status}} by {{ended.by}}")
call.player()
"""
GROWTH = """(panel) => {
  window.grown = [];
  new MutationObserver(() => {
    const line = panel.querySelector('.wb-partial .wb-said');
    if (line && line.textContent !== window.grown.at(-1)) window.grown.push(line.textContent);
  }).observe(panel, { subtree: true, childList: true, characterData: true });
}"""
"""Notes how the words of somebody who speaks grow."""
DRAWN = """() => [performance.now(),
  [...document.querySelectorAll('.wb-canvas')].map((canvas) => Number(canvas.dataset.drawn))]"""


def cells(pairs: int) -> Sequence[str]:
    return [BENCH, CALLS.format(pairs=pairs), HANG_UP]


def test_a_spoken_call_is_watched_and_then_walked_through(
    notebook: Open, page: Page, photograph: Photograph, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    page.set_viewport_size({"width": 1300, "height": 1400})
    book = notebook("live", [SPOKEN.format(store=str(store)), SPEAK, WALK])
    book.run(0)
    out = book.run(1)
    placed, taken = out.locator(".wb-panel").nth(0), out.locator(".wb-panel").nth(1)
    taken.evaluate(GROWTH)
    expect(taken.locator(".wb-status")).to_have_text("answered, flow talk, recorded")
    expect(placed.locator(".wb-waits")).to_contain_text("caller waits at cell:")
    source = taken.get_by_role("region", name="Source of the flow")
    expect(source.locator("[aria-current]")).to_contain_text('play("menu.wav"')
    assert canvas_has(taken, "bad") == 0
    expect(taken.locator(".wb-cut .wb-said")).to_have_text("menu.wav (cut short)")
    is_drawn(taken, "bad")
    expect(taken.locator(".wb-waits")).to_contain_text("talk waits at cell:")
    expect(source.locator("[aria-current]")).to_contain_text("hear(timeout=30)")
    # What is open, how it sounds and what was sent, at the cursor that goes through all lanes.
    expect(taken.locator("dd").nth(3)).to_contain_text("wait 30 s (for")
    expect(taken.locator("dd").nth(5)).to_contain_text("MOS")
    ladder = taken.get_by_role("region", name="SIP messages").locator(".wb-arrow")
    expect(ladder).to_have_text(["INVITE", "100 Trying", "200 OK", "ACK"])
    photograph(taken, "live-light")
    book.theme("Dark")
    photograph(taken, "live-dark")
    book.theme("Light")
    said = taken.get_by_role("region", name="What was said").locator(".wb-jump")
    final = said.filter(has_text="young man", has=page.locator(".wb-received"))
    expect(final.first).not_to_have_class(re.compile("wb-partial"))
    grown = page.evaluate("() => window.grown")
    assert any(len(a.split()) < len(b.split()) for a, b in itertools.pairwise(grown)), grown
    assert faults_of(page, ".wb-panel") == []
    box = taken.locator(".wb-stack").bounding_box()
    assert box is not None
    taken.locator(".wb-stack").click(position={"x": box["width"] * 0.1, "y": 30})
    live = taken.get_by_role("button", name="Live", exact=True)
    expect(live).to_have_attribute("aria-pressed", "false")
    live.click()
    expect(live).to_have_attribute("aria-pressed", "true")
    expect(taken.locator(".wb-status")).to_contain_text("ended, completed")
    expect(taken.locator(".wb-waits")).to_have_text("talk is over")
    book.command("application:toggle-left-area")
    page.set_viewport_size({"width": 480, "height": 2200})
    photograph(taken, "live-narrow")
    page.set_viewport_size({"width": 1300, "height": 1400})
    book.command("notebook:clear-all-cell-outputs")
    walked_through(book.run(2), store)


def walked_through(out: Locator, store: Path) -> None:
    """Check the player of the spoken call at each turn of it."""
    expect(out.locator(".wb-panel[data-ready]")).to_be_visible()
    shut = Workbench(store, read_only=True)
    (call,) = (call for call in shut.calls if call.state.direction == "inbound")
    walked = Walked(list(call.history), store)
    (cut,) = (item for item in walked.on("prompt") if item.text == "menu.wav")
    heard = next(item for item in walked.on("speech") if item.track == "received")
    assert cut.end_ms is not None
    assert heard.end_ms is not None
    assert (cut.kind, cut.end_ms) == ("interrupted", walked.on("barge-in")[0].start_ms)
    assert heard.start_ms < cut.end_ms < heard.end_ms
    assert canvas_has(out, "bad", cut.end_ms / walked.lanes.duration_ms) > 50
    assert canvas_has(out, "bad", (cut.end_ms - 500) / walked.lanes.duration_ms) == 0
    box = out.locator(".wb-stack").bounding_box()
    assert box is not None
    last = walked.on("prompt")[-1]
    both = (heard.start_ms + cut.end_ms) / 2  # while the caller speaks over the prompt
    for ms in (cut.start_ms + 300, both, heard.end_ms - 200, last.start_ms + 200):
        x = box["width"] * ms / walked.lanes.duration_ms
        out.locator(".wb-stack").click(position={"x": x, "y": 30})
        assert cursor(out) == pytest.approx(ms, abs=60)
        agrees(out, walked)


def test_a_reload_and_a_restart_in_the_middle_of_a_call_show_the_truth(
    notebook: Open, page: Page, tmp_path: Path
) -> None:
    store = repr(str(tmp_path / "store"))
    bench = BENCH.replace("tempfile.mkdtemp()", store)
    after = AFTER.format(store=store)
    book = notebook("live_truth", [bench, CALLS.format(pairs=1), "seen = 0", after])
    book.run(0)
    panel = book.run(1).locator(".wb-panel").nth(1)
    expect(panel.locator(".wb-status")).to_have_text("answered, flow talk, recorded")
    page.wait_for_function("() => document.querySelectorAll('.wb-panel')[1].dataset.ms > 4000")
    book.save()
    book.open()
    panel = book.output(1).locator(".wb-panel").nth(1)
    expect(panel.locator(".wb-status")).to_have_text("answered, flow talk, recorded")
    expect(panel.locator(".wb-waits")).to_contain_text("talk waits at cell:")
    # What passed before the page was loaded is drawn: two seconds after the call's begin.
    share = 2000 / max(5000, cursor_of(panel))
    assert cursor_of(panel) > 4000
    assert canvas_has(panel, "sent", share) > 1
    book.restart_kernel()
    expect(panel.locator(".wb-lost")).to_contain_text("The kernel does not answer")
    stands = cursor_of(panel)
    out = book.run(3)
    assert cursor_of(panel) == stands
    expect(out.locator(".wb-panel[data-ready]")).to_be_visible()
    # A kernel that has the time still sends BYE; otherwise the bench that is opened ends it.
    expect(out).to_contain_text(re.compile("recovered [02], ended completed by"))
    out.get_by_role("slider").press("End")
    expect(out.locator("dd").nth(1)).to_have_text("ended, completed")
    expect(out.get_by_role("button", name=re.compile("ended by"))).to_be_visible()
    expect(out.locator(".wb-waits")).to_contain_text("talk")
    assert out.locator(".wb-notice").inner_text() == ""
    book.save()
    book.open()
    expect(book.output(3).locator(".wb-panel[data-ready]")).to_be_visible()


def cursor_of(panel: Locator) -> float:
    return float(panel.get_attribute("data-ms") or "-1")


def test_eight_calls_are_drawn_at_once_and_each_is_its_own(notebook: Open, page: Page) -> None:
    book = notebook("eight", cells(4))
    book.run(0)
    out = book.run(1)
    panels = out.locator(".wb-panel")
    expect(panels).to_have_count(8)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.wb-canvas')].every(it => it.dataset.drawn > 30)"
    )
    _, drawn = page.evaluate(DRAWN)
    assert len(drawn) == 8
    # All are drawn as often: none waits for another.
    assert max(drawn) < 3 * min(drawn)
    titles = panels.locator(".wb-title").all_inner_texts()
    assert len(set(titles)) == 8
    book.run(2)
    expect(panels.get_by_text("ended, completed", exact=False).first).to_be_attached()
