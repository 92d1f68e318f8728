"""Events and their rows: nothing is lost, and what cannot be read is told."""

import math
from datetime import UTC, datetime
from typing import Any, ClassVar, get_type_hints

import pytest
from eventsourcing.compressor import ZlibCompressor
from eventsourcing.persistence import Cipher, JSONTranscoder, StoredEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.clock import EPOCH
from workbench.errors import InvalidInput, StoreTooNew, StoreUnreadable
from workbench.events import (
    BY_TOPIC,
    EVENTS,
    Event,
    Ringing,
    StepReturned,
    TimerRequested,
    Word,
)
from workbench.store.mapper import EventMapper

MAPPER = EventMapper(JSONTranscoder())

_text = st.text('aZ7 é€😀"\\/\n\x00\u2028')  # what JSON escapes, and each length in UTF-8
_floats = st.floats(allow_nan=False, allow_infinity=False)
_numbers = st.integers() | _floats
_json = st.recursive(
    st.none() | st.booleans() | _numbers | _text,
    lambda inner: st.lists(inner) | st.dictionaries(_text, inner),
    max_leaves=5,
)
_by_type: dict[Any, st.SearchStrategy[Any]] = {
    datetime: st.datetimes(timezones=st.just(UTC)),
    str: _text,
    dict[str, str]: st.dictionaries(_text, _text),
    int: st.integers(0, 2**53),
    float: _floats,
    float | None: st.none() | _floats,
    Any: _json,
}
_by_type[tuple[Word, ...]] = st.lists(
    st.builds(
        Word,
        text=_text,
        start_ms=_by_type[int],
        end_ms=_by_type[int],
        confidence=_by_type[float | None],
    )
).map(tuple)


def events(event_class: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(event_class)
    fields = {
        name: _by_type.get(hints[name], st.from_type(hints[name]))
        for name in event_class.__struct_fields__
    }
    return st.builds(event_class, **fields)


@pytest.mark.parametrize("event_class", EVENTS, ids=lambda event: str(event.TOPIC))
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_every_event_comes_back_as_it_was(
    event_class: type[Event], data: st.DataObject
) -> None:
    event = data.draw(events(event_class))
    stored = MAPPER.to_stored_event(event)
    assert stored.topic == event_class.TOPIC
    assert (stored.originator_id, stored.originator_version) == (event.call_id, event.version)
    read = MAPPER.to_domain_event(stored)
    assert read == event
    assert type(read) is event_class


def test_the_state_is_json_of_the_whole_event() -> None:
    event = Ringing(call_id="c1", version=2, at=EPOCH)
    assert MAPPER.to_stored_event(event).state == (
        b'{"call_id":"c1","version":2,"at":"2026-01-01T00:00:00Z","media_ms":null,'
        b'"sip_code":180,"reason":""}'
    )


class DoorOpened(Event, frozen=True, kw_only=True):
    """An event that has changed twice: `by_key` was `key`, and `door` came."""

    TOPIC: ClassVar[str] = "call.door_opened"
    class_version: ClassVar[int] = 3
    by_key: str
    door: int

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["by_key"] = state.pop("key")

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["door"] = 1


@pytest.fixture
def _doors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BY_TOPIC, DoorOpened.TOPIC, DoorOpened)


def row(topic: str, state: str, call_id: str = "c1", version: int = 1) -> StoredEvent:
    place = f'"call_id":"c1","version":1,"at":"{EPOCH.isoformat()}"'
    return StoredEvent(call_id, version, topic, state.replace("PLACE", place).encode())


@pytest.mark.usefixtures("_doors")
@pytest.mark.parametrize(
    "state",
    [
        '{PLACE,"key":"brass"}',
        '{"class_version":2,PLACE,"by_key":"brass"}',
        '{"class_version":3,PLACE,"by_key":"brass","door":1}',
    ],
)
def test_an_older_state_becomes_a_later_one(state: str) -> None:
    opened = DoorOpened(call_id="c1", version=1, at=EPOCH, by_key="brass", door=1)
    assert MAPPER.to_domain_event(row("call.door_opened", state)) == opened


@pytest.mark.usefixtures("_doors")
def test_a_later_class_says_so_in_its_state() -> None:
    opened = DoorOpened(call_id="c1", version=1, at=EPOCH, by_key="brass", door=2)
    stored = MAPPER.to_stored_event(opened)
    assert stored.state.startswith(b'{"class_version":3,"call_id":"c1",')
    assert MAPPER.to_domain_event(stored) == opened


def test_a_topic_of_a_newer_version_is_told() -> None:
    with pytest.raises(StoreTooNew, match=r"newer version of Workbench: topic call\.moved"):
        MAPPER.to_domain_event(row("call.moved", "{PLACE}"))


def test_a_class_of_a_newer_version_is_told() -> None:
    with pytest.raises(StoreTooNew, match=r"topic call\.ringing"):
        MAPPER.to_domain_event(row("call.ringing", '{"class_version":2,PLACE}'))


@pytest.mark.parametrize(
    "state", ["", "{", "[]", "{PLACE", '{PLACE,"sip_code":"180"}', "{}", '{"class_version":0}']
)
def test_a_broken_state_names_its_place(state: str) -> None:
    with pytest.raises(StoreUnreadable, match=r"Event 1 of call c1 \(call\.ringing\) cannot"):
        MAPPER.to_domain_event(row("call.ringing", state))


@pytest.mark.parametrize(("call_id", "version"), [("c2", 1), ("c1", 2)])
def test_an_event_in_the_wrong_place_is_told(call_id: str, version: int) -> None:
    with pytest.raises(StoreUnreadable, match="belongs to another place"):
        MAPPER.to_domain_event(row("call.ringing", "{PLACE}", call_id, version))


@pytest.mark.parametrize("value", [object(), "\ud800", {(1, 2): 3}])
def test_a_value_that_json_cannot_hold_is_told(value: object) -> None:
    event = StepReturned(call_id="c1", version=9, at=EPOCH, step="step-1", value=value)
    with pytest.raises(InvalidInput, match=r"Event 9 of call c1 \(StepReturned\) cannot"):
        MAPPER.to_stored_event(event)


@pytest.mark.parametrize("seconds", [math.nan, math.inf])
def test_a_number_that_json_cannot_hold_is_told(seconds: float) -> None:
    event = TimerRequested(
        call_id="c1", version=9, at=EPOCH, caused_by=1, timer="timer-1", seconds=seconds
    )
    with pytest.raises(InvalidInput, match=r"seconds is no number: (nan|inf)"):
        MAPPER.to_stored_event(event)


class Backwards(Cipher):
    """A cipher for a test."""

    def __init__(self) -> None:
        pass

    def encrypt(self, plaintext: bytes) -> bytes:
        return plaintext[::-1]

    def decrypt(self, ciphertext: bytes) -> bytes:
        return ciphertext[::-1]


def test_the_librarys_compressor_and_cipher_are_used() -> None:
    event = Ringing(call_id="c1", version=2, at=EPOCH)
    mapper = EventMapper(JSONTranscoder(), ZlibCompressor(), Backwards())
    stored = mapper.to_stored_event(event)
    assert ZlibCompressor().decompress(stored.state[::-1]).startswith(b'{"call_id":"c1"')
    assert mapper.to_domain_event(stored) == event
