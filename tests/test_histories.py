"""Golden histories: calls recorded by earlier versions can be read and replayed for ever.

The files in `histories/` are never edited; a new one is added for each kind of call, and
for each bug that a history showed.
"""

from pathlib import Path

import pytest

from workbench.call import Call
from workbench.flow import load_flow
from workbench.replay import replay
from workbench.store.call_file import read_call
from workbench.views.call_log import call_row

HISTORIES = Path(__file__).parent / "histories"
FILES = sorted(HISTORIES.glob("*.jsonl"))

every_history = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def test_there_are_histories() -> None:
    assert {path.stem for path in FILES} >= {"caller", "reception"}


@every_history
def test_a_history_is_whole_and_its_call_closed(path: Path) -> None:
    history = read_call(path)
    assert [event.version for event in history] == list(range(1, len(history) + 1))
    assert Call.from_history(history).closed
    assert call_row(history)["disposition"] == "ANSWERED"


@every_history
def test_a_history_replays_with_the_flow_of_its_day(path: Path) -> None:
    result = replay(read_call(path), load_flow(f"{HISTORIES / 'flows.py'}:{path.stem}"))
    assert result.equal, str(result)
    assert result.decisions > 0
