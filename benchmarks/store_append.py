"""Appending to the log, against SQLite's own speed with the same durability and schema.

The other side has no events to encode: its rows are ready before the clock starts.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from eventsourcing.persistence import JSONTranscoder

from benchmarks import Ratio
from workbench.clock import EPOCH
from workbench.events import (
    Answered,
    DigitReceived,
    Event,
    GatherRequested,
    Offered,
    PromptRequested,
    QualitySampled,
)
from workbench.store import CallLog
from workbench.store.mapper import EventMapper
from workbench.store.sqlite import INSERT, SCHEMA

ROUNDS = 15
COMMITS = {1: 60, 10: 40, 100: 20}
"""Commits in a run, for each number of events in a commit."""
GOALS = {100: 0.25}

Row = tuple[Any, int, str, bytes]


def measure() -> list[Ratio]:
    """Compare `CallLog.put` with `executemany`, at several sizes of a batch."""
    with (
        TemporaryDirectory() as folder,
        closing(_raw_store(Path(folder))) as raw,
        CallLog.open(Path(folder, "log")) as log,
    ):
        return [_compare(size, log.put, partial(_insert, raw)) for size in COMMITS]


def _compare(
    size: int, put: Callable[[Sequence[Event]], None], insert: Callable[[list[Row]], None]
) -> Ratio:
    rates: list[tuple[float, float]] = []
    for run in range(ROUNDS):
        ours = [_call(f"{size}-{run}-{n}", size) for n in range(COMMITS[size])]
        theirs = [_rows(batch) for batch in ours]
        if run % 2:  # neither side is always the first
            rates.append((_rate(size, put, ours), _rate(size, insert, theirs)))
        else:
            raw_rate = _rate(size, insert, theirs)
            rates.append((_rate(size, put, ours), raw_rate))
    mine, raw = median(rate[0] for rate in rates), median(rate[1] for rate in rates)
    return Ratio(
        name=f"{size} a commit",
        value=median(rate / raw_rate for rate, raw_rate in rates),
        goal=GOALS.get(size),
        detail=f"CallLog.put to executemany: {mine:,.0f} to {raw:,.0f} events a second",
    )


def _rate(size: int, write: Callable[[Any], None], batches: list[Any]) -> float:
    start = time.perf_counter()
    for batch in batches:
        write(batch)
    return size * len(batches) / (time.perf_counter() - start)


def _raw_store(folder: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(folder / "raw.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    for statement in SCHEMA:
        raw.execute(statement)
    return raw


def _insert(raw: sqlite3.Connection, rows: list[Row]) -> None:
    raw.execute("BEGIN IMMEDIATE")
    raw.executemany(INSERT, rows)
    raw.execute("COMMIT")


def _rows(events: list[Event]) -> list[Row]:
    stored = map(EventMapper(JSONTranscoder()).to_stored_event, events)
    return [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored]


def _call(call_id: str, events: int) -> list[Event]:
    """Make the first events of a call with a menu that is asked again and again."""
    place: dict[str, Any] = {"call_id": call_id, "at": EPOCH, "media_ms": 1200}
    why: dict[str, Any] = {
        "caused_by": 2,
        "flow": "reception",
        "flow_version": "0123456789ab",
        "line": 12,
    }
    asks: list[Callable[[int], Event]] = [
        lambda v: Offered(**place, version=v, leg="leg-1", from_="sip:a@x", to="sip:b@x"),
        lambda v: Answered(**place, version=v),
        lambda v: PromptRequested(**place, **why, version=v, prompt="p", source="menu.wav"),
        lambda v: GatherRequested(
            **place, **why, version=v, gather="g", max_digits=4, finish_on="#",
            timeout_s=8.0, digit_timeout_s=4.0,
        ),
        lambda v: DigitReceived(**place, version=v, digit="1"),
        lambda v: QualitySampled(
            **place, version=v, packets_received=1000, packets_lost=1, packets_discarded=0,
            jitter_ms_rx=1.25, packets_sent=1000, rtt_ms=21.5,
        ),
    ]  # fmt: skip
    return [asks[n % len(asks)](n + 1) for n in range(events)]
