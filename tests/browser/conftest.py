"""Chromium and JupyterLab for the browser tests."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.lab import PANEL, Lab, Notebook

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
GRAVE = {"serious", "critical"}
PATIENCE_MS = 20_000
"""How long a page on a busy machine may take to show something."""

Open = Callable[[str, Sequence[str] | None], Notebook]
Photograph = Callable[[Locator, str], None]
PICTURES = Path(__file__).parent.parent.parent / "docs" / "pictures"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab with folders of its own."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.close()


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Debian's Chromium, with more flags.

    As long as Playwright is there, its loop is the running one of this thread.
    """
    found = shutil.which("chromium")
    assert found, "Install Debian's package chromium, as `make packages` does."
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*FLAGS, *flags])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module, not for all: no test elsewhere could run its own loop."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a window of its own, 1100 pixels wide."""
    context = browser.new_context(viewport={"width": 1100, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


@pytest.fixture
def notebook(page: Page, lab: Lab) -> Iterator[Open]:
    """Opens a notebook; at the end its console must have had no complaint."""
    opened: list[Notebook] = []

    def opens(name: str, cells: Sequence[str] | None) -> Notebook:
        opened.append(Notebook(page, lab, name, cells))
        return opened[-1]

    yield opens
    troubles = [trouble for notebook in opened for trouble in notebook.troubles]
    for notebook in opened:
        notebook.command("kernelmenu:shutdown")
        page.wait_for_function(f"() => !{PANEL}.sessionContext.session")
    assert not troubles, f"The console of the page has errors: {troubles}"


@pytest.fixture
def photograph(pytestconfig: pytest.Config, tmp_path: Path) -> Photograph:
    """Takes a picture of a part of the page; kept for the docs with `--pictures`."""
    folder = PICTURES if pytestconfig.getoption("--pictures") else tmp_path

    def take(part: Locator, name: str) -> None:
        part.screenshot(path=folder / f"{name}.png", animations="disabled")

    return take


def faults_of(page: Page, within: str) -> list[str]:
    """Return the grave faults that axe-core finds in a part of the page."""
    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{fault['id']}: {node['target']} {node.get('failureSummary', '')}"
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]
