"""The live call in JupyterLab: eight calls at once, and one to its end."""

from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Photograph, faults_of

pytestmark = [pytest.mark.browser, pytest.mark.sip, pytest.mark.slow]

BENCH = """
import tempfile
from IPython.display import display
from workbench import Workbench, flow

bench = Workbench(tempfile.mkdtemp())

@flow
async def talk(call):
    await call.answer()
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
DRAWN = """() => [performance.now(),
  [...document.querySelectorAll('.wb-canvas')].map((canvas) => Number(canvas.dataset.drawn))]"""


def cells(pairs: int) -> Sequence[str]:
    return [BENCH, CALLS.format(pairs=pairs), HANG_UP]


def test_a_call_is_watched_from_its_answer_to_its_end(
    notebook: Open, page: Page, photograph: Photograph
) -> None:
    page.set_viewport_size({"width": 1300, "height": 1400})
    book = notebook("live", cells(1))
    book.run(0)
    out = book.run(1)
    placed, taken = out.locator(".wb-panel").nth(0), out.locator(".wb-panel").nth(1)
    expect(taken.locator(".wb-status")).to_have_text("answered, flow talk")
    expect(taken.locator(".wb-said").first).to_have_text("menu.wav")
    expect(placed.locator(".wb-waits")).to_contain_text("caller waits at cell:")
    source = taken.get_by_role("region", name="Source of the flow")
    expect(source.locator("[aria-current]")).to_contain_text('gather(2, play="menu.wav"')
    page.wait_for_function(
        "() => Number(document.querySelectorAll('.wb-panel')[1].dataset.ms) > 2000"
    )
    # The waveform of the far end is in its row: some column of it is higher than a line.
    tall = taken.locator(".wb-canvas").evaluate(
        """(canvas) => {
          const scale = canvas.width / canvas.clientWidth;
          const height = Math.round(50 * scale);
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, height);
          const inked = (x) => [...Array(height).keys()]
            .filter((y) => data[(y * canvas.width + x) * 4 + 3] > 128).length;
          return Math.max(...[...Array(canvas.width).keys()].map(inked));
        }"""
    )
    assert tall > 8
    assert faults_of(page, ".wb-panel") == []
    photograph(taken, "live-light")
    box = taken.locator(".wb-stack").bounding_box()
    assert box is not None
    taken.locator(".wb-stack").click(position={"x": box["width"] * 0.1, "y": 30})
    live = taken.get_by_role("button", name="Live", exact=True)
    expect(live).to_have_attribute("aria-pressed", "false")
    live.click()
    expect(live).to_have_attribute("aria-pressed", "true")
    book.run(2)
    expect(taken.locator(".wb-status")).to_contain_text("ended, completed")
    expect(taken.locator(".wb-waits")).to_have_text("talk is over")
    expect(taken.get_by_text("gathered '99'")).to_be_visible()


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
