"""Which calls there are: asked of a store that knows, or found by reading its whole log."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from eventsourcing.persistence import ApplicationRecorder, Notification

from workbench.events import Ended


@runtime_checkable
class CallIndex(Protocol):
    """Names calls in the order of their first events."""

    def call_ids(self, after: int = 0) -> list[str]:
        """Name the calls with an event after a position."""

    def unfinished(self, recent: int) -> list[str]:
        """Name the calls without an end or with one of the last `recent` events."""


class ScannedIndex:
    """The index over any recorder of the library: reads all events every time."""

    PAGE = 10_000

    def __init__(self, recorder: ApplicationRecorder) -> None:
        self._recorder = recorder

    def call_ids(self, after: int = 0) -> list[str]:
        """Name the calls with an event after a position."""
        last = {str(event.originator_id): event.id for event in self._events()}
        return [call_id for call_id, position in last.items() if position > after]

    def unfinished(self, recent: int) -> list[str]:
        """Name the calls without an end or with one of the last `recent` events."""
        last, ended, position = dict[str, int](), set[str](), 0
        for event in self._events():
            call_id, position = str(event.originator_id), event.id
            last[call_id] = position
            if event.topic == Ended.TOPIC:
                ended.add(call_id)
        return [c for c, at in last.items() if c not in ended or at > position - recent]

    def _events(self) -> Iterator[Notification]:
        after = 0
        while page := self._recorder.select_notifications(
            after, self.PAGE, inclusive_of_start=False
        ):
            yield from page
            after = page[-1].id
