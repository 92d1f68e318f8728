"""A call in a file of its own: one event a line, as JSON under its topic.

What the store keeps of a call, to be kept beside tests instead, and read for ever after.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from eventsourcing.persistence import JSONTranscoder, StoredEvent

from workbench.errors import InvalidInput
from workbench.events import Event
from workbench.store.mapper import EventMapper


def write_call(path: Path, events: Iterable[Event]) -> None:
    """Write the events of one call, oldest first."""
    mapper = EventMapper(JSONTranscoder())
    lines = [_line(mapper.to_stored_event(event)) for event in events]
    path.write_bytes(b"".join(lines))


def read_call(path: Path) -> Sequence[Event]:
    """Read the events of one call, whatever earlier version wrote them.

    Raises:
        InvalidInput: this is no file of a call.
        StoreError: an event cannot be read, or only by a newer version.
    """
    mapper = EventMapper(JSONTranscoder())
    try:
        stored = [_stored(line) for line in path.read_bytes().splitlines()]
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError) as error:
        message = f"{str(path)!r} is no call that was saved: {error}."
        raise InvalidInput(message) from error
    except OSError as error:
        message = f"The call {str(path)!r} cannot be read: {error.strerror}."
        raise InvalidInput(message) from error
    if [each.originator_version for each in stored] != list(range(1, len(stored) + 1)):
        message = f"{str(path)!r} is not one whole call: events are missing, or doubled."
        raise InvalidInput(message)
    return [mapper.to_domain_event(each) for each in stored]


def _line(stored: StoredEvent) -> bytes:
    return b'{"topic":"%b",%b\n' % (stored.topic.encode(), stored.state[1:])


def _stored(line: bytes) -> StoredEvent:
    state = msgspec.json.decode(line)
    topic = state.pop("topic")
    return StoredEvent(state["call_id"], state["version"], topic, msgspec.json.encode(state))
