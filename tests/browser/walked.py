"""A recorded call, and what is to be seen of it in a player at a moment."""

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Locator, expect

from workbench import events as ev
from workbench.views.lanes import Item, Lanes
from workbench.widgets.tapes import tapes


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
