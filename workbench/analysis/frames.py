"""Call events as pandas frames, folded from the log at the moment they are asked for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pandas as pd

from workbench import events as ev
from workbench.tables import html_table
from workbench.views.call_log import COLUMNS, call_row
from workbench.views.media_quality import COLUMNS as QUALITY
from workbench.views.media_quality import quality_rows
from workbench.views.transcript import COLUMNS as TRANSCRIPT
from workbench.views.transcript import transcript_rows
from workbench.views.wording import in_words, own_fields

Histories = Callable[[], Iterable[tuple[str, Sequence[ev.Event]]]]

_TIMES = ("start", "ring", "answer", "end")
_WHOLE = ("q850_cause", "sip_code", "events")
_PLACE = ("call_id", "version", "topic", "kind", "at", "media_ms", "words")
_FIELDS = [field for kind in ev.EVENTS for field in msgspec.structs.fields(kind)]
_WHOLE_TYPES = (int, int | None)
_WHOLE_FIELDS = {field.name for field in _FIELDS if field.type in _WHOLE_TYPES} - {
    field.name for field in _FIELDS if field.type not in _WHOLE_TYPES
}
"""Whole numbers in every event that has such a field."""
_REALS = [
    name for name in QUALITY if name.startswith(("jitter", "loss", "rtt", "mos_lq", "mos_cq"))
]
_CAUSE = ("caused_by", "flow", "flow_version", "file", "line")


class Frame(pd.DataFrame):
    """A DataFrame in whose HTML a price is no formula: what a caller wrote stays as it is."""

    @property
    def _constructor(self) -> type["Frame"]:
        return Frame

    def _repr_html_(self) -> str | None:
        with pd.option_context("display.html.use_mathjax", False):
            shown: str | None = super()._repr_html_()  # type: ignore[misc]  # not in its stubs
        return shown

    def to_html(self, *args: Any, **options: Any) -> Any:
        """Return it as HTML, as pandas does."""
        with pd.option_context("display.html.use_mathjax", False):
            return super().to_html(*args, **options)


KINDS = {
    "calls()": "one row a call",
    "events()": "one row an event",
    "quality()": "one row a sample of RTP and RTCP",
    "transcripts()": "one row an utterance",
}


class Frames:
    """The frames of one store."""

    def __init__(self, histories: Histories) -> None:
        """Read what `histories()` gives: (call id, events) of every call."""
        self._histories = histories

    def __repr__(self) -> str:
        """Name the frames there are."""
        return f"<Frames: {', '.join(KINDS)}>"

    def _repr_html_(self) -> str:
        return html_table((), KINDS.items())

    def calls(self) -> pd.DataFrame:
        """Return one row a call, with the columns of `views.call_log.COLUMNS`.

        The index is `call_id`. Times are UTC timestamps, `duration` and `billsec` float64
        seconds, codes nullable Int64.
        """
        rows = [call_row(history) for _, history in self._histories()]
        frame = Frame(rows, columns=list(COLUMNS))
        frame.index = pd.Index(frame["call_sid"], name="call_id")
        for name in _TIMES:
            frame[name] = pd.to_datetime(frame[name], utc=True)
        return frame.astype(dict.fromkeys(_WHOLE, "Int64"))

    def quality(self) -> pd.DataFrame:
        """Return one row a sample of RTP and RTCP, with the columns of `media_quality`.

        Counts are since the begin of the audio (Int64), jitter and round trip in float64
        milliseconds, loss in per cent, MOS from 1 to 4.5; the last row of a call is `final`.
        """
        rows = [row for _, history in self._histories() for row in quality_rows(history)]
        frame = Frame(rows, columns=list(QUALITY))
        frame["at"] = pd.to_datetime(frame["at"], utc=True)
        return frame.astype({"media_ms": "Int64", **dict.fromkeys(_REALS, "float64")})

    def transcripts(self) -> pd.DataFrame:
        """Return one row a final utterance, with the columns of `views.transcript.COLUMNS`.

        Times are Int64 milliseconds of the leg's audio clock, `at` a UTC timestamp,
        `confidence` float64 from 0 to 1.
        """
        rows = [row for _, history in self._histories() for row in transcript_rows(history)]
        frame = Frame(rows, columns=list(TRANSCRIPT))
        frame["at"] = pd.to_datetime(frame["at"], utc=True)
        whole = dict.fromkeys(("start_ms", "end_ms"), "Int64")
        return frame.astype({**whole, "confidence": "float64"})

    def events(self) -> pd.DataFrame:
        """Return one row an event, in the order of each call's history.

        Columns: `call_id version topic kind at media_ms words`, the cause of a decision
        (`caused_by flow flow_version file line`, null for other events), then the fields
        of all kinds of event, null where an event has no such field.
        """
        rows = [row for _, history in self._histories() for row in map(event_row, history)]
        own = sorted({name for row in rows for name in row} - {*_PLACE, *_CAUSE})
        frame = Frame(rows, columns=[*_PLACE, *_CAUSE, *own])
        frame["at"] = pd.to_datetime(frame["at"], utc=True)
        # A column with gaps has become float64 though all its values are whole numbers.
        whole = [name for name in frame.columns if name in _WHOLE_FIELDS]
        return frame.astype(dict.fromkeys(whole, "Int64"))


def event_row(event: ev.Event) -> dict[str, Any]:
    """Return an event as one flat row."""
    row = {
        "call_id": event.call_id,
        "version": event.version,
        "topic": event.TOPIC,
        "kind": event.KIND.value,
        "at": event.at,
        "media_ms": event.media_ms,
        "words": in_words(event),
    }
    if isinstance(event, ev.Decision):
        row |= {name: getattr(event, name) for name in _CAUSE}
    return row | {name.rstrip("_"): value for name, value in own_fields(event).items()}


def event_lines(events: Iterable[ev.Event]) -> Iterator[dict[str, Any]]:
    """Give each event as a JSON-ready object with its topic, for one line of JSONL each."""
    for event in events:
        row = event_row(event)
        row.pop("words")
        yield row
