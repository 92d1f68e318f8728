"""A call in a file of its own, as it is kept beside tests."""

from pathlib import Path

import pytest

from tests.hostile import hostile_history
from workbench.errors import InvalidInput, StoreTooNew
from workbench.store.call_file import read_call, write_call
from workbench.views.history import History

KEPT = Path(__file__).parent.parent / "histories" / "reception.jsonl"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    for history in (read_call(KEPT), hostile_history("<b>\r\n\u2028\x85\x0b\0\ud7ff</b>")):
        write_call(tmp_path / "call.jsonl", history)
        assert list(read_call(tmp_path / "call.jsonl")) == list(history)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{"topic"', '{"other"'),
        ('"version":1,', '"version":2,'),
        ('"version":1,', '"version":[],'),
        ('{"topic":"call.offered"', '["topic"'),
    ],
)
def test_what_is_no_call_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "call.jsonl"
    path.write_text(KEPT.read_text().replace(old, new, 1))
    with pytest.raises(InvalidInput, match=r"call\.jsonl' is no"):
        History.load(path)


def test_a_file_that_is_not_there_or_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        History.load(tmp_path / "none.jsonl")
    with pytest.raises(InvalidInput, match="cannot be saved as"):
        History([]).save(tmp_path / "none" / "call.jsonl")


def test_an_event_of_a_later_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    path.write_text(KEPT.read_text().replace("call.offered", "call.invented", 1))
    with pytest.raises(StoreTooNew, match=r"call\.invented"):
        read_call(path)
