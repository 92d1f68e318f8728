"""A recorded call, and what is to be seen of it in a player at a moment."""

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Locator, expect

from workbench import events as ev
from workbench.views.lanes import Item, Lanes
from workbench.widgets.tapes import tapes

INKED = """(canvas, [name, share]) => {
  const pen = document.createElement('canvas').getContext('2d');
  pen.fillStyle = getComputedStyle(canvas).getPropertyValue(`--wb-${name}`).trim();
  pen.fillRect(0, 0, 1, 1);
  const ink = pen.getImageData(0, 0, 1, 1).data;
  const [left, width] = share === null
    ? [0, canvas.width] : [Math.round(share * canvas.width) - 2, 4];
  const { data } = canvas.getContext('2d').getImageData(left, 0, width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    if ([0, 1, 2, 3].every((n) => Math.abs(data[at + n] - ink[n]) < 12)) count += 1;
  return count;
}"""
"""Counts the pixels of one colour in the lanes."""


class Walked:
    """A call of a store, on its lanes."""

    def __init__(self, history: Sequence[ev.Event], store: Path) -> None:
        self.history, self.store, self.lanes = history, store, Lanes(history)
        (self.tape,) = tapes(history, store / "recordings")

    def on(self, lane: str) -> list[Item]:
        """Return the items of a lane, in their order."""
        return sorted(
            (item for item in self.lanes.items.values() if item.lane == lane),
            key=lambda item: (item.start_ms, item.version),
        )

    def last(self, lane: str, ms: float) -> Item:
        """Return the last item of a lane that began at or before a moment."""
        listed = [item for item in self.on(lane) if item.kind != "noted"]
        return [item for item in listed if item.start_ms <= ms][-1]

    def said(self, ms: float) -> list[str]:
        """Return the lines of the transcript that are heard at a moment."""
        voices = sorted(
            [*self.on("prompt"), *self.on("speech")], key=lambda item: item.start_ms
        )
        return [
            f"{item.text}{' (cut short)' * (item.kind == 'interrupted')}"
            for item in voices
            if item.start_ms <= ms < (item.end_ms or 0)
        ]

    def waiting(self, ms: float) -> list[str]:
        """Return the number of the source line that waits at a moment, and the line."""
        where, flow = self.last("line", ms).where, self.last("flow", ms)
        if not where:
            return []
        number = int(where.rpartition(":")[2])
        first = int(flow.where.rpartition(":")[2])
        source = (self.store / "sources" / f"{flow.kind}.py").read_text().splitlines()
        return [str(number), source[number - first]]


def cursor(out: Locator) -> float:
    """Return where the cursor is, in milliseconds."""
    return float(out.locator(".wb-panel").get_attribute("data-ms") or "-1")


def agrees(out: Locator, walked: Walked) -> None:
    """Check that event, state, transcript, source line and audio are of one moment."""
    ms = cursor(out)
    event = walked.last("event", ms)
    here = out.get_by_role("region", name="Events").locator("[aria-current]")
    expect(here).to_have_attribute("data-version", str(event.version))
    expect(out.locator("dd").nth(2)).to_have_text(f"{event.version}: {event.text}")
    expect(out.locator("dd").nth(1)).to_have_text(walked.last("state", ms).text)
    heard = out.get_by_role("region", name="What was said").locator("[aria-current] .wb-said")
    expect(heard).to_have_text(walked.said(ms))
    line = out.get_by_role("region", name="Source of the flow").locator("[aria-current] span")
    expect(line).to_have_text(walked.waiting(ms))
    out.page.wait_for_function(
        "ms => { const it = document.querySelector('audio');"
        " return it.readyState > 1 && !it.seeking"
        " && Math.abs(Number(it.dataset.from) + it.currentTime * 1000 - ms) < 2; }",
        arg=ms,
    )


def canvas_has(panel: Locator, ink: str, at: float | None = None) -> int:
    """Count the pixels of the lanes that have an ink; `at` a share of the width, if given."""
    return int(panel.locator(".wb-canvas").evaluate(INKED, [ink, at]))


def is_drawn(panel: Locator, ink: str) -> None:
    """Wait until the lanes are drawn with an ink of the theme."""
    canvas = panel.locator(".wb-canvas").element_handle()
    panel.page.wait_for_function(
        f"(canvas) => ({INKED})(canvas, ['{ink}', null]) > 100", arg=canvas
    )
