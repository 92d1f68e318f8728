"""The notebooks with widgets, run in JupyterLab as a reader does, in a copy of the course.

With `--pictures` each is kept as it was run, with a picture in the place of every widget: a
widget of before has no kernel, and JupyterLab would show an error instead.
"""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbstripout import strip_output
from PIL import Image
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import Open, Photograph
from tests.browser.lab import Lab, Notebook
from tests.test_notebooks import NOTEBOOKS, WIDGET, cells_of
from workbench.lab import MARK, copy_notebooks

pytestmark = [pytest.mark.browser, pytest.mark.notebook, pytest.mark.sip, pytest.mark.slow]

read: Any = nbformat.read
write: Any = nbformat.write
FOR_ONE: ViewportSize = {"width": 1200, "height": 1150}
FOR_ALL: ViewportSize = {"width": 1200, "height": 1500}
"""Pages in which a picture of JupyterLab is taken, and of the highest widget."""
COLOURS = 96
"""Of a picture in a notebook, which shall stay small."""


def use_softphone(phone: Locator) -> None:
    """Do what the text asks for: call, and press 2."""
    phone.get_by_role("button", name="Reception", exact=True).click()
    phone.get_by_role("button", name="Call", exact=True).click()
    expect(phone.locator(".wb-words")).to_have_text("connected")
    phone.get_by_role("button", name="2", exact=True).click()
    expect(phone.locator(".wb-digits")).to_have_text("sent: 2")


def watch(live: Locator) -> None:
    """Wait until there is something to be seen of the call."""
    expect(live.locator(".wb-said").first).to_be_visible()
    live.page.wait_for_function(
        "(panel) => Number(panel.dataset.ms) > 4500", arg=live.element_handle()
    )


def wait_ready(player: Locator) -> None:
    expect(player).to_have_attribute("data-ready", "true")


def wait_calls(board: Locator) -> None:
    """Wait for the calls of the softphone and of the cell, both ends of each."""
    calls = board.get_by_role("region", name="All calls")
    expect(calls.locator("tbody tr")).to_have_count(4)


ACTS: dict[str, dict[str, Callable[[Locator], None]]] = {
    "04_in_the_notebook": {
        "Softphone": use_softphone,
        "LiveCall": watch,
        "Player": wait_ready,
        "Wallboard": wait_calls,
    },
    "05_many_calls": {"Player": wait_ready},
}
"""Which widgets a notebook shows, in their order, and what one does with each."""


@pytest.mark.parametrize("name", ACTS)
def test_it_runs_in_a_copy_and_shows_its_widgets(
    notebook: Open, lab: Lab, page: Page, photograph: Photograph, name: str,
    pytestconfig: pytest.Config,
) -> None:  # fmt: skip
    page.set_viewport_size(FOR_ALL)
    copy_notebooks(lab.root)
    book = notebook(name, None)
    seen: dict[str, bytes] = {}
    for number, cell in enumerate(read(lab.root / book.name, as_version=4).cells):
        if cell.cell_type == "code":
            seen |= (now := run(book, number, ACTS[name]))
            if "Softphone" in now:
                page.set_viewport_size(FOR_ONE)
                photograph(page.locator("#main"), "course")
                page.set_viewport_size(FOR_ALL)
    assert list(seen) == list(ACTS[name])
    book.save()
    if pytestconfig.getoption("--pictures"):
        (kept,) = (path for path in NOTEBOOKS if path.stem == name)
        keep(lab.root / book.name, kept, seen)


def run(
    book: Notebook, number: int, acts: dict[str, Callable[[Locator], None]]
) -> dict[str, bytes]:
    """Run a cell, use the widget that it shows, if any, and return its name and picture."""
    shown = book.run(number).locator(".wb-panel")
    outputs = book.outputs(number)
    assert not [each for each in outputs if each["output_type"] == "error"], outputs
    for output in outputs:
        if WIDGET in output.get("data", {}):
            kind = output["data"]["text/plain"].strip("<>")
            expect(shown).to_be_visible()
            acts[kind](shown)
            return {kind: shown.screenshot(animations="disabled")}
    return {}


def keep(run: Path, kept: Path, seen: dict[str, bytes]) -> None:
    """Write a notebook that was run, with pictures for widgets, and nothing of the machine."""
    notebook = read(run, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if WIDGET in output.get("data", {}):
                plain = output.data["text/plain"]
                output.data = {"image/png": small(seen[plain.strip("<>")]), "text/plain": plain}
                output.metadata = {"image/png": {"alt": f"A picture of the {plain}"}}
    del notebook.metadata[MARK]
    write(strip_output(notebook, keep_output=True, keep_count=True, keep_id=False), kept)


def small(png: bytes) -> str:
    """Return a picture with few colours, in base 64."""
    written = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return base64.b64encode(written.getvalue()).decode()


@pytest.mark.parametrize("name", ACTS)
def test_it_is_kept_with_a_picture_of_each(name: str) -> None:
    (kept,) = (path for path in NOTEBOOKS if path.stem == name)
    outputs = [each for cell in cells_of(kept) for each in cell.outputs if "data" in each]
    pictures = [each.data["text/plain"] for each in outputs if "image/png" in each.data]
    pictured = [plain.strip("<>") for plain in pictures]
    assert [kind for kind in pictured if kind in ACTS[name]] == list(ACTS[name])
