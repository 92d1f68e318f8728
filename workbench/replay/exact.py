"""Exact replay: feed a recorded call to a flow and find the first decision that differs."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from workbench import events as ev
from workbench.flow import Flow
from workbench.flow_run import Draft, FlowRun
from workbench.views.wording import phrase

_BESIDE_THE_POINT = frozenset({"flow", "flow_version", "file", "line", "traceback"})
"""What may differ between two versions of a flow that decide the same."""

NOTHING = "nothing"


class Decided(NamedTuple):
    """A decision in words, and the line that took it."""

    words: str
    where: str
    """`file:line`, empty when no line did."""

    def __str__(self) -> str:
        """Put the line behind the words."""
        return f"{self.words}  ({self.where})" if self.where else self.words


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """The first point at which a flow decides something else than is on record."""

    call_id: str
    version: int
    """Version of the event after which the decisions differ."""
    event: str
    """That event in words."""
    media_ms: int | None
    """Where that event lies on the leg's audio clock."""
    then: Decided
    now: Decided

    @property
    def where(self) -> str:
        """The line of today's flow, or of the recorded one when today's does nothing."""
        return self.now.where or self.then.where

    def __str__(self) -> str:
        """Tell the whole story in four lines."""
        audio = "before there was audio"
        if self.media_ms is not None:
            audio = f"{self.media_ms / 1000:.2f} s into the audio"
        return (
            f"Call {self.call_id} diverges after event {self.version} ({self.event}), {audio}"
            f", at {self.where or 'the start'}:\n  then: {self.then}\n  now:  {self.now}"
        )


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What came of replaying one call."""

    call_id: str
    flow: str
    flow_version: str
    decisions: int
    """How many recorded decisions were compared and found equal."""
    divergence: Divergence | None = None

    @property
    def equal(self) -> bool:
        """Whether the flow decides today what it decided then."""
        return self.divergence is None

    def __str__(self) -> str:
        """Say in a sentence how it went."""
        if self.divergence is not None:
            return str(self.divergence)
        return (
            f"Call {self.call_id}: all {self.decisions} decisions of {self.flow} are the same."
        )


def replay(history: Sequence[ev.Event], flow: Flow) -> Replay:
    """Feed the observed events of one call to a flow and compare what it decides.

    A call that no flow ever took has nothing to compare and counts as equal. Of a call
    that the workbench lost, the decisions up to the loss are compared.
    """
    recorded = [event for event in history if _is_flows(event)]
    lost = _lost_at(history)
    pairs = _pairs(recorded, _decide(history[:lost], flow), cut_short=lost is not None)
    return _verdict(history, flow, pairs)


def _verdict(history: Sequence[ev.Event], flow: Flow, pairs: Iterator[Any]) -> Replay:
    call_id, equal, divergence = history[0].call_id, 0, None
    for then, now in pairs:
        if not _same(then, now):
            divergence = _diverge(history, then, now)
            break
        equal += 1
    return Replay(
        call_id=call_id, flow=flow.name, flow_version=flow.version,
        decisions=equal, divergence=divergence,
    )  # fmt: skip


def _is_flows(event: ev.Event) -> bool:
    return isinstance(event, ev.Decision) and event.flow != ""


def _lost_at(history: Sequence[ev.Event]) -> int | None:
    for index, event in enumerate(history):
        if isinstance(event, ev.FlowFailed) and event.flow == "":
            return index
    return None


def _decide(history: Sequence[ev.Event], flow: Flow) -> Iterator[Draft]:
    started = next((event for event in history if isinstance(event, ev.FlowStarted)), None)
    if started is None:
        return
    run = FlowRun(flow, history[0].call_id)
    for event in history:
        if event.KIND is not ev.Kind.OBSERVED:
            continue
        if event.version < started.caused_by:
            run.fold(event)
        elif event.version == started.caused_by:
            run.fold(event)
            yield from run.start(event)
        else:
            yield from run.deliver(event)


def _pairs(
    recorded: Sequence[ev.Event], drafts: Iterator[Draft], *, cut_short: bool
) -> Iterator[tuple[ev.Event | None, Draft | None]]:
    for then in recorded:
        yield then, next(drafts, None)
    if not cut_short:
        # What the flow decides beyond the record; of a lost call nobody can know.
        for now in drafts:
            yield None, now


def _same(then: ev.Event | None, now: Draft | None) -> bool:
    if then is None or now is None or type(then) is not now.kind:
        return False
    fields = {"caused_by": 0, **now.fields}
    return all(
        getattr(then, name) == fields.get(name, getattr(then, name))
        for name in fields
        if name not in _BESIDE_THE_POINT
    )


def _diverge(
    history: Sequence[ev.Event], then: ev.Event | None, now: Draft | None
) -> Divergence:
    causes = [getattr(then, "caused_by", None), now.fields["caused_by"] if now else None]
    cause = history[min(version for version in causes if version is not None) - 1]
    return Divergence(
        call_id=cause.call_id,
        version=cause.version,
        event=phrase(type(cause), msgspec.structs.asdict(cause)),
        media_ms=cause.media_ms,
        then=_decided(cause.version, type(then), _fields(then)) if then else _NOTHING,
        now=_decided(cause.version, now.kind, now.fields) if now else _NOTHING,
    )


_NOTHING = Decided(NOTHING, "")


def _fields(event: ev.Event) -> dict[str, Any]:
    return msgspec.structs.asdict(event)


def _decided(cause: int, kind: type[ev.Event], fields: dict[str, Any]) -> Decided:
    where = f"{fields['file']}:{fields['line']}" if fields.get("line") else ""
    later = fields["caused_by"] != cause
    words = phrase(kind, fields)
    if later:
        words = f"{NOTHING} yet (only after event {fields['caused_by']}: {words})"
    return Decided(words, where)
