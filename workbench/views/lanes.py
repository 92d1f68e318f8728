"""The lanes of a call: what was said, pressed, played, decided and measured, on one axis.

A fold of its events to items; an item that changes is given again under its key. The live
widget gets what each event changes, the player of a finished call all items at once.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from workbench import events as ev
from workbench.call import Call
from workbench.spans import ENDS, STARTS
from workbench.tables import legible
from workbench.views.axis import Axis
from workbench.views.history import flow_line
from workbench.views.ladder import label
from workbench.views.media_quality import measure
from workbench.views.wording import in_words

MOST_CHARACTERS = 300
"""Of the text of an item; the whole is in the event."""

HUSHED = frozenset({"call.transcript_updated"})
"""Topics that come several times a second: they change the transcript, and are not listed."""

VOICES = frozenset(
    {
        "call.digit_received",
        "call.speech_started",
        "call.speech_lasted",
        "call.transcript_updated",
        "call.transcript_final",
        "call.turn_ended",
    }
)
"""What somebody does who cuts a prompt short."""


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing on a lane."""

    lane: str
    """`event`, `prompt`, `digit`, `speech`, `barge-in`, `quality`, `sip`, `state`, `flow`,
    `line`, or what was begun and has an end: `gather`, `timer`, `step`, `hold` …"""
    key: str
    """Its name in the call; an item of the same key takes its place."""
    version: int
    """The event that it is from, or that changed it last."""
    start_ms: int
    """On the call's axis."""
    end_ms: int | None = None
    """None while it goes on, or where it is a moment."""
    text: str = ""
    track: str = ""
    """`received` from the far end or `sent` to it, where it is heard or seen on the wire."""
    kind: str = ""
    """Of an event its kind, of what is over its outcome, of a flow its version."""
    topic: str = ""
    where: str = ""
    """`file:line` of the flow."""
    value: float | None = None
    """MOS, of a sample of quality."""
    words: tuple[tuple[str, int, int], ...] = ()
    """Of speech: each word, where it begins and ends on the axis."""


class Lanes:
    """Folds the events of one call, the oldest first, to the items of its lanes."""

    def __init__(self, events: Iterable[ev.Event] = ()) -> None:
        """Fold what is known so far."""
        self.axis = Axis()
        self.items: dict[str, Item] = {}
        """All items, by key."""
        self.duration_ms = 0
        """Where the last event or the last item's end lies."""
        self.call = Call("")
        self._labels: dict[str, str] = {}
        self._began: dict[str, Item] = {}
        self._voices: set[int] = set()
        self._codec = self._where = self._state = ""
        for event in events:
            self.apply(event)

    def apply(self, event: ev.Event) -> list[Item]:
        """Fold the next event; return the items that it adds or changes."""
        at = self.axis.note(event)
        self.call.id = event.call_id
        self.call.apply(event)
        if event.TOPIC in VOICES:
            self._voices.add(event.version)
        folds = (_event, _span, _FOLDS.get(event.TOPIC, _nothing), _line, _state)
        changed = [item for fold in folds for item in fold(self, event, at)]
        for item in changed:
            self.items[item.key] = item
            self.duration_ms = max(self.duration_ms, at, item.end_ms or 0)
        return changed


Fold = Callable[[Lanes, Any, int], Iterator[Item]]


def short(text: str) -> str:
    """Cut a text, and make what hides in it visible."""
    text = legible(text)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _nothing(_lanes: Lanes, _event: ev.Event, _at: int) -> Iterator[Item]:
    return iter(())


def _event(_lanes: Lanes, event: ev.Event, at: int) -> Iterator[Item]:
    if event.TOPIC not in HUSHED:
        yield Item(
            lane="event", key=f"event-{event.version}", version=event.version, start_ms=at,
            text=short(in_words(event)), kind=event.KIND.value, topic=event.TOPIC,
            where=legible(flow_line(event)),
        )  # fmt: skip


def _span(lanes: Lanes, event: ev.Event, at: int) -> Iterator[Item]:
    """Give what was begun, and must have an end on record."""
    if (lane := STARTS.get(type(event))) is not None:
        name = f"{lane}/{short(str(getattr(event, lane)))}"
        if name in lanes._began:  # asked for, and now it has begun
            return
        lanes._began[name] = item = Item(
            lane=_open_lane(lane), key=f"{name}/{event.version}", version=event.version,
            start_ms=at, text=short(in_words(event)), where=legible(flow_line(event)),
        )  # fmt: skip
        yield item
    elif (lane := ENDS.get(type(event))) is not None:
        begun = lanes._began.pop(f"{lane}/{short(str(getattr(event, lane)))}", None)
        if begun is not None:
            outcome = short(str(getattr(event, "outcome", event.TOPIC.rpartition("_")[2])))
            yield msgspec.structs.replace(begun, version=event.version, end_ms=at, kind=outcome)


def _open_lane(lane: str) -> str:
    # A prompt that is asked for is not yet heard: its own lane shows when it is.
    return {"prompt": "asked", "other": "bridge"}.get(lane, lane)


def _prompt_asked(lanes: Lanes, event: ev.PromptRequested, _at: int) -> Iterator[Item]:
    lanes._labels[event.prompt] = event.text or " ".join(event.sources) or event.source
    return iter(())


def _prompt_starts(lanes: Lanes, event: ev.PromptStarted, at: int) -> Iterator[Item]:
    yield Item(
        lane="prompt", key=f"heard/{short(event.prompt)}", version=event.version, start_ms=at,
        text=short(lanes._labels.get(event.prompt, event.prompt)), track="sent",
    )  # fmt: skip


def _prompt_ends(lanes: Lanes, event: ev.PromptFinished, at: int) -> Iterator[Item]:
    heard = lanes.items.get(f"heard/{short(event.prompt)}")
    if heard is not None:
        end = max(min(heard.start_ms + event.played_ms, at), heard.start_ms)
        yield msgspec.structs.replace(
            heard, version=event.version, end_ms=end, kind=event.outcome
        )
        # Who decided to stop it did so a little before or after the last that was heard.
        if (cut := lanes.items.get(f"barge-in-{short(event.prompt)}")) is not None:
            yield msgspec.structs.replace(cut, version=event.version, start_ms=end)


def _prompt_stops(lanes: Lanes, event: ev.PromptStopRequested, at: int) -> Iterator[Item]:
    if event.caused_by in lanes._voices:
        yield Item(
            lane="barge-in", key=f"barge-in-{short(event.prompt)}", version=event.version,
            start_ms=at, text=short(f"{event.prompt} cut short"), track="received",
        )  # fmt: skip


def _digit(lanes: Lanes, event: ev.DigitReceived, at: int) -> Iterator[Item]:
    key = f"digit-{event.version}"
    lanes._labels[f"digit {event.digit}"] = key
    yield Item(
        lane="digit", key=key, version=event.version, start_ms=at, text=short(event.digit),
        track="received", kind="" if event.trusted else "untrusted",
    )  # fmt: skip


def _digit_ends(lanes: Lanes, event: ev.DigitEnded, _at: int) -> Iterator[Item]:
    pressed = lanes.items.get(lanes._labels.pop(f"digit {event.digit}", ""))
    if pressed is not None:
        end = pressed.start_ms + event.duration_ms
        yield msgspec.structs.replace(pressed, version=event.version, end_ms=end)


def _digits_asked(_lanes: Lanes, event: ev.DigitsRequested, at: int) -> Iterator[Item]:
    yield Item(
        lane="digit", key=f"sent/{short(event.sending)}", version=event.version, start_ms=at,
        text=short(event.digits), track="sent",
    )  # fmt: skip


def _digits_sent(lanes: Lanes, event: ev.DigitsSent, at: int) -> Iterator[Item]:
    sent = lanes.items.get(f"sent/{short(event.sending)}")
    if sent is not None:
        yield msgspec.structs.replace(
            sent, version=event.version, end_ms=at, kind=event.outcome
        )


def _speech(lanes: Lanes, event: Any, _at: int) -> Iterator[Item]:
    """Give an utterance as it is known by now: its begin, its words so far, its end."""
    key = f"speech/{short(event.utterance)}"
    known = lanes.items.get(key)
    # What is made out so far ends where it was listened to; whoever speaks speaks on.
    partial = event.TOPIC == "call.transcript_updated"
    end = None if partial else getattr(event, "end_ms", None)
    words = ((word.text, word.start_ms, word.end_ms) for word in getattr(event, "words", ()))
    yield Item(
        lane="speech", key=key, version=event.version, track=event.track,
        start_ms=lanes.axis.audio(event.start_ms),
        end_ms=(known.end_ms if known else None) if end is None else lanes.axis.audio(end),
        text=short(getattr(event, "text", known.text if known else "")),
        kind=_certainty(event, known),
        words=tuple(
            (short(text), lanes.axis.audio(begin), lanes.axis.audio(over))
            for text, begin, over in words
        ) or (known.words if known else ()),
    )  # fmt: skip


def _nobody_listens(lanes: Lanes, event: ev.Event, at: int) -> Iterator[Item]:
    """End what nobody heard the end of."""
    for item in list(lanes.items.values()):
        if item.lane == "speech" and item.end_ms is None:
            yield msgspec.structs.replace(item, version=event.version, end_ms=at)


def _certainty(event: ev.Event, known: Item | None) -> str:
    if event.TOPIC == "call.transcript_final":
        return "final"
    return known.kind if known else "partial"


def _codec(lanes: Lanes, event: ev.MediaStarted, _at: int) -> Iterator[Item]:
    lanes._codec = event.codec
    return iter(())


def _quality(lanes: Lanes, event: ev.QualitySampled, at: int) -> Iterator[Item]:
    measured = measure(event, lanes._codec)
    mos, loss = measured["mos_lq_rx"], measured["loss_pct_rx"]
    score = f"MOS {mos:.1f}, {loss:.1f} % lost" if mos is not None else "nothing received"
    delay = "" if event.rtt_ms is None else f", round trip {event.rtt_ms:.0f} ms"
    yield Item(
        lane="quality", key=f"quality-{event.version}", version=event.version, start_ms=at,
        text=f"{score}, jitter {event.jitter_ms_rx:.1f} ms{delay}", value=mos,
    )  # fmt: skip


def _sip(_lanes: Lanes, event: ev.SipMessageTraced, at: int) -> Iterator[Item]:
    yield Item(
        lane="sip", key=f"sip-{event.version}", version=event.version, start_ms=at,
        text=short(label(event.message)), track=event.direction,
    )  # fmt: skip


def _flow(_lanes: Lanes, event: ev.FlowStarted, at: int) -> Iterator[Item]:
    yield Item(
        lane="flow", key=f"flow-{event.version}", version=event.version, start_ms=at,
        text=short(event.flow), kind=short(event.flow_version), where=legible(flow_line(event)),
    )  # fmt: skip


def _line(lanes: Lanes, event: ev.Event, at: int) -> Iterator[Item]:
    """Give the line of the flow that waits from here on: the last that asked for something."""
    if not isinstance(event, ev.Decision) or not event.flow:
        return
    if isinstance(event, ev.FlowReturned | ev.FlowReplaced):
        where = ""
    elif isinstance(event, ev.FlowStarted) or not event.line:
        return
    else:
        where = legible(flow_line(event))
    if where != lanes._where:
        lanes._where = where
        yield Item(
            lane="line", key=f"line-{event.version}", version=event.version, start_ms=at,
            text=short(event.flow), where=where,
        )  # fmt: skip


def _state(lanes: Lanes, event: ev.Event, at: int) -> Iterator[Item]:
    words = ", ".join(state_words(lanes.call))
    if words != lanes._state:
        lanes._state = words
        yield Item(
            lane="state", key=f"state-{event.version}", version=event.version, start_ms=at,
            text=short(words),
        )  # fmt: skip


def state_words(call: Call) -> Iterator[str]:
    """Say what a call is now: its phase, and what holds beside it."""
    yield call.phase.value if call.ended is None else f"ended, {call.ended.status}"
    if call.flow_running:
        yield f"flow {call.flow}"
    for word, holds in (
        ("far end on hold", call.held),
        ("held by the far end", call.held_by_far_end),
        ("muted", call.muted),
        ("recorded", bool(call.recording)),
    ):
        if holds:
            yield word
    yield from (in_words(asked) for (kind, _), asked in call.open.items() if kind == "talk")
    yield from (f"bridged with {other[:10]}" for other in call.bridged)
    yield from (f"in the conference {room}" for room in call.rooms)


_FOLDS: dict[str, Fold] = {
    "call.prompt_requested": _prompt_asked,
    "call.prompt_started": _prompt_starts,
    "call.prompt_finished": _prompt_ends,
    "call.prompt_stop_requested": _prompt_stops,
    "call.digit_received": _digit,
    "call.digit_ended": _digit_ends,
    "call.digits_requested": _digits_asked,
    "call.digits_sent": _digits_sent,
    "call.speech_started": _speech,
    "call.speech_ended": _speech,
    "call.transcript_updated": _speech,
    "call.transcript_final": _speech,
    "call.listening_finished": _nobody_listens,
    "call.media_started": _codec,
    "call.quality_sampled": _quality,
    "call.sip_message_traced": _sip,
    "call.flow_started": _flow,
}
