"""Exact replay: feed a recorded call to a flow and find the first decision that differs."""

import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from types import FrameType
from typing import Any, NamedTuple

import msgspec

from workbench import events as ev
from workbench.flow import Flow
from workbench.flow_run import Draft, FlowRun
from workbench.replay.segments import Flows, Segment, chosen, given_flows, heard, segments
from workbench.tables import html_table
from workbench.views.wording import in_words, phrase

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

    __repr__ = __str__

    def _repr_html_(self) -> str:
        where = "before there was audio"
        if self.media_ms is not None:
            where = f"{self.media_ms / 1000:.2f} s into the audio"
        decided = [("then", self.then), ("now", self.now)]
        body = [(name, found.words, found.where) for name, found in decided]
        after = ("after", f"event {self.version}: {self.event}", where)
        call = ("call", f"{self.call_id} diverges", "")
        return html_table((), [call, after, *body])


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

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if self.divergence is not None:
            return self.divergence._repr_html_()
        same = f"all {self.decisions} decisions of {self.flow} are the same"
        return html_table((), [("call", self.call_id), ("replay", same)])


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a person's interrupt end the block, and not pass for a failure of the flow in it."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    told: list[int] = []

    def tell(number: int, frame: FrameType | None) -> None:
        told.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if told:
        raise KeyboardInterrupt


def replay(history: Sequence[ev.Event], flow: Flows) -> Replay:
    """Feed the observed events of one call to its flow and compare what it decides.

    A call that no flow ever took has nothing to compare and counts as equal. Of a call
    that the workbench lost, the decisions up to the loss are compared. Of a call that
    several flows took, one after another, those parts are compared that were taken by the
    given flow, or by one of several: a list, or a mapping by the names on record.

    Raises:
        InvalidInput: no flow of these names took the call.
    """
    parts = chosen(segments(history), flow, history[0].call_id)
    with interruptible():
        result = _compare(history, parts, flow, lines=False)
    if result.equal:
        return result
    # Which line decided costs as much as all the rest, and is asked for only when it matters.
    with interruptible():
        return _compare(history, parts, flow, lines=True)


def _compare(
    history: Sequence[ev.Event],
    parts: Sequence[tuple[Segment, Flow]],
    flow: Flows,
    *,
    lines: bool,
) -> Replay:
    inputs, equal, divergence = heard(history), 0, None
    for segment, today in parts:
        run = FlowRun(today, history[0].call_id, lines=lines, number=segment.number)
        try:
            same, divergence = _follow(history, inputs, segment, run)
        finally:
            # Else its coroutines would be closed by the garbage collector, on no loop at all.
            run.abandon()
        equal += same
        if divergence is not None:
            break
    given = [today for _, today in parts] or given_flows(flow)
    return Replay(
        call_id=history[0].call_id, flow=_joined(today.name for today in given),
        flow_version=_joined(today.version for today in given),
        decisions=equal, divergence=divergence,
    )  # fmt: skip


def _joined(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _follow(
    history: Sequence[ev.Event], inputs: Sequence[ev.Event], segment: Segment, run: FlowRun
) -> tuple[int, Divergence | None]:
    drafts = _decide(inputs, segment, run)
    equal = 0
    for then, now in zip_longest(segment.decided, drafts):
        if then is None and segment.lost:
            # What the flow decides beyond the loss nobody can compare.
            break
        if then is None or now is None or not _same(then, now):
            return equal, _diverge(history, then, now)
        equal += 1
    return equal, None


def _decide(inputs: Sequence[ev.Event], segment: Segment, run: FlowRun) -> Iterator[Draft]:
    for event in inputs:
        if event.version > segment.start:
            yield from run.hear(event)
            continue
        if event.KIND is ev.Kind.OBSERVED:
            run.fold(event)
        if event.version == segment.start:
            if segment.pending is not None:
                run.digits = deque(segment.pending)
            yield from run.start(event)


def _same(then: ev.Decision, now: Draft) -> bool:
    if type(then) is not now.kind or then.caused_by != now.caused_by:
        return False
    fields = now.fields
    if now.kind is ev.FlowFailed:
        fields = {name: fields[name] for name in ("error_type", "error")}
    elif now.kind is ev.FlowReplaceRequested:
        # The version of another flow is no decision of this one.
        fields = {name: fields[name] for name in ("change", "replacement")}
    for name, value in fields.items():  # noqa: SIM110 - a generator would cost twice as much
        if getattr(then, name) != value:
            return False
    return True


def _diverge(
    history: Sequence[ev.Event], then: ev.Decision | None, now: Draft | None
) -> Divergence:
    version = min(decided.caused_by for decided in (then, now) if decided is not None)
    cause = history[version - 1]
    return Divergence(
        call_id=cause.call_id,
        version=version,
        event=in_words(cause),
        media_ms=cause.media_ms,
        then=_decided(version, type(then), msgspec.structs.asdict(then)) if then else _NOTHING,
        now=_decided(version, now.kind, now.columns()) if now else _NOTHING,
    )


_NOTHING = Decided(NOTHING, "")


def _decided(cause: int, kind: type[ev.Event], fields: dict[str, Any]) -> Decided:
    where = f"{fields['file']}:{fields['line']}" if fields["line"] else ""
    words = phrase(kind, fields)
    if fields["caused_by"] != cause:
        words = f"{NOTHING} yet (only after event {fields['caused_by']}: {words})"
    return Decided(words, where)
