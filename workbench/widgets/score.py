"""What a view of a call begins with: whose call it is, its items, the sources of its flows."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from workbench import events as ev
from workbench.call import Call
from workbench.replay import Replay
from workbench.tables import legible
from workbench.views.lanes import Item, Lanes

MOST_SOURCE = 200_000
"""Characters of one flow's source that are shown."""


def introduce(lanes: Lanes, sources: Path | None) -> dict[str, Any]:
    """Return who calls whom, when that began, and the source of each flow, as an item."""
    start = lanes.axis.start
    return {
        "kind": "call",
        "title": title(lanes.call),
        "start": round(start.timestamp() * 1000) if start else None,
        "sources": flow_sources(lanes.items.values(), sources),
    }


def title(call: Call) -> str:
    """Say in a line which call it is."""
    ends = f"{call.from_ or 'the workbench'} → {call.to}"
    return legible(f"Call {call.id[:10]}, {call.direction}: {ends}")


def flow_sources(items: Iterable[Item], folder: Path | None) -> dict[str, str]:
    """Return the kept source of each flow among the items, by its version."""
    found = {}
    for item in items:
        if item.lane == "flow" and folder is not None:
            # The version is hex digits of a hash; what is no such thing names no file.
            path = folder / f"{item.kind}.py"
            if item.kind.isalnum() and path.is_file():
                found[item.kind] = path.read_text()[:MOST_SOURCE]
    return found


def as_item(items: Iterable[Item]) -> tuple[dict[str, Any], bytes]:
    """Return items of lanes as one item for a view.

    They go as a buffer: as a part of the message itself, thousands would take seconds.
    """
    return {"kind": "items"}, msgspec.json.encode(list(items))


def message_item(history: Sequence[ev.Event], version: int) -> dict[str, Any]:
    """Return the SIP message that an event has, as an item."""
    event = history[version - 1] if 0 < version <= len(history) else None
    text = event.message if isinstance(event, ev.SipMessageTraced) else ""
    return {"kind": "message", "text": "\n".join(legible(line) for line in text.splitlines())}


def replay_item(history: Sequence[ev.Event], replay: Replay, lanes: Lanes) -> dict[str, Any]:
    """Return what a replay decided, beside the events on record, as an item."""
    item: dict[str, Any] = {
        "kind": "replay",
        "flow": replay.flow,
        "same": [event.version for event in _compared(history, replay)][: replay.decisions],
        "divergence": None,
    }
    if (found := replay.divergence) is not None:
        at = lanes.items.get(f"event-{found.version}")
        item["divergence"] = {
            "version": found.version, "start_ms": at.start_ms if at else 0,
            "where": legible(found.where), "then": legible(str(found.then)),
            "now": legible(str(found.now)),
        }  # fmt: skip
    return item


def _compared(history: Sequence[ev.Event], replay: Replay) -> list[ev.Decision]:
    """Return the decisions that a replay compares: those of its flows, or of the first."""
    decided = [event for event in history if isinstance(event, ev.Decision) and event.flow]
    names = set(replay.flow.split(", ")) & {event.flow for event in decided}
    names = names or {event.flow for event in decided[:1]}
    return [event for event in decided if event.flow in names]
