"""Events in words: whole ones, drafts, and those of before a field was added."""

from typing import Any

import msgspec
import pytest

from workbench import events as ev
from workbench.views.wording import in_words, phrase

PLACE = {"call_id": "CA01", "version": 1, "at": "2026-11-02T08:00:00Z", "caused_by": 1}
OF_A_TYPE: dict[Any, Any] = {
    str: "x",
    int: 7,
    float: 2.5,
    bool: True,
    dict[str, int]: {"x": 7},
}


def required(kind: type[ev.Event]) -> dict[str, Any]:
    """Return the fields without a default, each with some value."""
    fields = [field for field in msgspec.structs.fields(kind) if field.required]
    return {
        field.name: PLACE[field.name] if field.name in PLACE else _some(field.type)
        for field in fields
    }


def _some(kind: Any) -> Any:
    return OF_A_TYPE[kind] if kind in OF_A_TYPE else kind.__args__[0]


@pytest.mark.parametrize("kind", ev.EVENTS, ids=lambda kind: kind.TOPIC)
def test_every_event_is_phrased_from_what_it_cannot_do_without(kind: type[ev.Event]) -> None:
    fields = required(kind)
    whole = msgspec.convert({_wire(kind, name): fields[name] for name in fields}, kind)
    assert phrase(kind, fields) == in_words(whole)
    assert phrase(kind, fields)


def _wire(kind: type[ev.Event], name: str) -> str:
    (found,) = (field for field in msgspec.structs.fields(kind) if field.name == name)
    return found.encode_name


def test_a_prompt_says_what_is_special_about_it() -> None:
    played = {"prompt": "prompt-1", "source": "a.wav"}
    assert phrase(ev.PromptRequested, played) == "play 'a.wav'"
    special = {"sources": ("a.wav", "b.wav"), "offset_s": 1.5, "loop": 0}
    expected = "play 'a.wav' then 'b.wav' from 1.5 s for ever"
    assert phrase(ev.PromptRequested, played | special) == expected
