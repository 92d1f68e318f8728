"""Golden histories: calls recorded by earlier versions can be read and replayed for ever.

The files in `histories/` are never edited; a new one is added for each kind of call, and
for each bug that a history showed.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from eventsourcing.persistence import JSONTranscoder, StoredEvent

from workbench import events as ev
from workbench.call import Call
from workbench.flow import load_flow
from workbench.replay import replay
from workbench.store.mapper import EventMapper
from workbench.views.call_log import call_row

HISTORIES = Path(__file__).parent / "histories"
FILES = sorted(HISTORIES.glob("*.jsonl"))

every_history = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def read(path: Path) -> Sequence[ev.Event]:
    """Read a history through the mapper, as the store does, upcasts included."""
    mapper = EventMapper(JSONTranscoder())
    return [mapper.to_domain_event(stored(line)) for line in path.read_text().splitlines()]


def stored(line: str) -> StoredEvent:
    state = json.loads(line)
    topic = state.pop("topic")
    return StoredEvent(state["call_id"], state["version"], topic, json.dumps(state).encode())


def test_there_are_histories() -> None:
    assert {path.stem for path in FILES} >= {"caller", "reception"}


@every_history
def test_a_history_is_whole_and_its_call_closed(path: Path) -> None:
    history = read(path)
    assert [event.version for event in history] == list(range(1, len(history) + 1))
    assert Call.from_history(history).closed
    assert call_row(history)["disposition"] == "ANSWERED"


@every_history
def test_a_history_replays_with_the_flow_of_its_day(path: Path) -> None:
    result = replay(read(path), load_flow(f"{HISTORIES / 'flows.py'}:{path.stem}"))
    assert result.equal, str(result)
    assert result.decisions > 0
