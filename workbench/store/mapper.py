"""Between an event and its row: JSON of the whole event, under the topic of its class.

An event class that changes its fields counts `class_version` up and says how an older
state becomes a later one: `upcast_v1_v2(state)` changes the decoded JSON in place.
"""

import math
from functools import cache
from typing import Any, get_type_hints

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

from workbench.errors import InvalidInput, StoreTooNew, StoreUnreadable
from workbench.events import BY_TOPIC, Event

_encode = msgspec.json.Encoder().encode

_VERSIONED = b'{"class_version":'
"""How a state begins that was written by a class of version 2 or later."""


class EventMapper(Mapper[str]):
    """Turns events into stored events and back."""

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Encode an event."""
        event_class: Any = type(domain_event)
        return StoredEvent(
            domain_event.originator_id,
            domain_event.originator_version,
            event_class.TOPIC,
            self._sealed(_state(domain_event, event_class.class_version)),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """Decode an event, whatever earlier version of its class wrote it."""
        event_class = BY_TOPIC.get(stored_event.topic)
        if event_class is None:
            raise StoreTooNew(_too_new(stored_event))
        try:
            event = _event(event_class, self._opened(stored_event.state))
        except Exception as error:  # a cipher, a compressor and an upcast raise what they like
            raise StoreUnreadable(_broken(stored_event, str(error))) from error
        if event is None:
            raise StoreTooNew(_too_new(stored_event))
        if (event.call_id, event.version) != _place(stored_event):
            raise StoreUnreadable(_broken(stored_event, "it belongs to another place"))
        return event

    def _sealed(self, state: bytes) -> bytes:
        if self.compressor:
            state = self.compressor.compress(state)
        return self.cipher.encrypt(state) if self.cipher else state

    def _opened(self, state: bytes) -> bytes:
        if self.cipher:
            state = self.cipher.decrypt(state)
        return self.compressor.decompress(state) if self.compressor else state


def _state(event: DomainEventProtocol[str], class_version: int) -> bytes:
    try:
        for name in _number_fields(type(event)):
            _check_number(name, getattr(event, name))
        state = _encode(event)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidInput(
            f"Event {event.originator_version} of call {event.originator_id} "
            f"({type(event).__name__}) cannot be stored, because JSON cannot hold it: "
            f"{error}. Use text, numbers, lists and dicts."
        ) from error
    return state if class_version == 1 else b"%b%d,%b" % (_VERSIONED, class_version, state[1:])


@cache
def _number_fields(event_class: type[Any]) -> tuple[str, ...]:
    hints = get_type_hints(event_class)
    return tuple(
        name for name in event_class.__struct_fields__ if hints[name] in {float, float | None}
    )


def _check_number(name: str, value: float | None) -> None:
    # As JSON it would become null, and then the event could never be read again.
    if value is not None and not math.isfinite(value):
        raise ValueError(f"{name} is no number: {value}")


def _event(event_class: type[Event], state: bytes) -> Event | None:
    """Decode a state; None when a later version of the class wrote it."""
    if event_class.class_version == 1 and not state.startswith(_VERSIONED):
        return _decoder(event_class).decode(state)
    fields: dict[str, Any] = msgspec.json.decode(state)
    written_by = fields.pop("class_version", 1)
    if written_by > event_class.class_version:
        return None
    for version in range(written_by, event_class.class_version):
        getattr(event_class, f"upcast_v{version}_v{version + 1}")(fields)
    return msgspec.convert(fields, event_class)


@cache
def _decoder(event_class: type[Event]) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(event_class)


def _place(stored: StoredEvent) -> tuple[str, int]:
    return str(stored.originator_id), stored.originator_version


def _too_new(stored: StoredEvent) -> str:
    return (
        f"Event {stored.originator_version} of call {stored.originator_id} was written by a "
        f"newer version of Workbench: topic {stored.topic}. Update Workbench to read it."
    )


def _broken(stored: StoredEvent, why: str) -> str:
    return (
        f"Event {stored.originator_version} of call {stored.originator_id} ({stored.topic}) "
        f"cannot be read: {why}. The store is damaged here; restore it from a copy, or leave "
        "this call out."
    )
