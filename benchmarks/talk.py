"""A person who talks by the browser: the delay there and back, its parts, and dropouts.

JupyterLab, Chromium and the SIP call are real; the microphone plays a file, and the far end
says back what it hears. First the page's way alone: a loop in place of the call. Audio is
measured on the page's own clock, microphone against speaker, by what is alike in both.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from benchmarks import Ratio
from tests.browser.conftest import chromium
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
)
from workbench import Workbench

RUNS, SPOKEN_S, HUMMED_S = 3, 8, 60
MOUTH_TO_EAR_MS, DROPOUT_MS = 250, 100
BUSY = "while bench.in_progress:\n    sum(sorted(range(200_000), reverse=True))\n"
NO_CALL = """
import socket, threading
from workbench import CallHandle
from workbench.extension import Extension

def echo(end):
    while frame := end.recv(320):
        end.send(frame)

def talk(self, name):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    threading.Thread(target=echo, args=[theirs], daemon=True).start()
    return Extension(self.id, "talk-0", ours, lambda: None)

CallHandle.talk = talk
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One talk."""

    lags_ms: list[float]
    silences_ms: list[int]


def measure() -> list[Ratio]:
    """Talk to a loop, then to a far end; then let it hum while a cell computes."""
    alone = [_measured(NO_CALL, 0) for _ in range(RUNS)]
    whole = [_measured("", 0) for _ in range(RUNS - 1)] + [_measured(BUSY, HUMMED_S)]
    page_ms, loop_ms = (median(median(each.lags_ms) for each in of) for of in (alone, whole))
    silences = whole[-1].silences_ms
    longest = max(silences, default=0)
    return [
        Ratio(
            name="mouth to ear / 250 ms", value=loop_ms / 2 / MOUTH_TO_EAR_MS, goal=1.0,
            higher_is_better=False,
            detail=f"half of {loop_ms:.0f} ms there and back, of which {page_ms:.0f} ms are "
            "the page's way both ways; the rest is SIP, its jitter buffers among it",
        ),
        Ratio(
            name="longest dropout / 100 ms", value=longest / DROPOUT_MS, goal=1.0,
            higher_is_better=False,
            detail=f"{longest} ms, {len(silences)} in {HUMMED_S} s while a cell computes",
        ),
    ]  # fmt: skip


@contextmanager
def _page() -> Iterator[tuple[Page, Lab, Path]]:
    with tempfile.TemporaryDirectory() as folder, chromium(ALLOWED, DEVICE, FILE) as browser:
        lab, page = Lab(Path(folder)), browser.new_page()
        page.add_init_script(path=RECORDER)
        try:
            yield page, lab, Path(folder)
        finally:
            lab.close()


def _measured(cell: str, hummed_s: int) -> Measured:
    with _page() as (page, lab, folder), Workbench(folder / "far") as far:
        opened, close = cells(folder / "store", far.answer(listener))
        book = Notebook(page, lab, "talk", [opened, cell or "1", close])
        out = book.run(0)
        call(out)
        theirs = far_end(far)
        theirs.echo()
        book.start(1)
        talk(out)
        listen_for(page, SPOKEN_S)
        lags = taken(page).lags_ms()
        theirs.hum()
        listen_for(page, 2 + hummed_s)
        silences = taken(page).silences_ms(hummed_s) if hummed_s else []
        button(out, "Hang up").click()
        book.wait(1)
        book.run(2)
        return Measured(lags_ms=lags, silences_ms=silences)
