"""The call log: one row a call, with the columns of a call detail record (CDR)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from workbench import events as ev
from workbench.call import Call
from workbench.views.media_quality import measure

Row = dict[str, Any]

COLUMNS = (
    "call_sid", "parent_call_sid", "direction", "from", "to", "identity", "forwarded_from",
    "caller_number", "called_number", "status", "start", "ring", "answer", "end", "duration",
    "billsec", "disposition", "hangup_cause", "q850_cause", "sip_code", "disconnected_by",
    "reason", "trunk", "remote_host", "codec_read", "codec_write", "pdd_ms", "mos_lq_rx",
    "mos_lq_tx", "jitter_ms_rx", "jitter_ms_tx", "loss_pct_rx", "loss_pct_tx", "rtt_ms",
    "answered_by", "recording_hash", "flow", "flow_version", "outcome", "digits", "events",
    "tag",
)  # fmt: skip
"""The columns in their order. `trunk` and `tag` are null until calls have trunks and tags."""

_PARTIES = ("identity", "forwarded_from", "caller_number", "called_number")
_DISPOSITIONS = {"busy": "BUSY", "no-answer": "NO ANSWER", "canceled": "NO ANSWER"}


def call_row(history: Sequence[ev.Event]) -> Row:
    """Fold one history into its row.

    `duration` and `billsec` are seconds (end - start, end - answer), `pdd_ms` is from the
    start to the first 18x; times are UTC.
    """
    call = Call.from_history(history)
    row: Row = dict.fromkeys(COLUMNS)
    row |= _who(call, history) | _times(call, history) | _media(history) | _flow(call, history)
    return row


def _who(call: Call, history: Sequence[ev.Event]) -> Row:
    row: Row = {
        "call_sid": call.id,
        "parent_call_sid": call.parent or None,
        "direction": _direction(call),
        "from": call.from_,
        "to": call.to,
        "status": call.status,
        "remote_host": getattr(history[0], "remote", None) or None,
        **{name: getattr(history[0], name, None) or None for name in _PARTIES},
        "events": len(history),
    }
    if (ended := call.ended) is not None:
        answered = "ANSWERED" if call.answered_at else None
        row |= {
            "disposition": answered or _DISPOSITIONS.get(ended.status, "FAILED"),
            "hangup_cause": ended.hangup_cause,
            "q850_cause": ended.q850_cause,
            "sip_code": ended.sip_code,
            "disconnected_by": ended.by,
            "reason": ended.reason or None,
        }
    return row


def _direction(call: Call) -> str:
    if call.direction == "inbound":
        return "inbound"
    return "outbound-dial" if call.parent else "outbound-api"


def _times(call: Call, history: Sequence[ev.Event]) -> Row:
    rings = (event.at for event in history if isinstance(event, ev.Ringing | ev.EarlyMedia))
    ring, end = next(rings, None), call.ended.at if call.ended else None
    outbound = call.direction == "outbound"
    return {
        "start": call.started_at,
        "ring": ring,
        "answer": call.answered_at,
        "end": end,
        "duration": _seconds(call.started_at, end),
        "billsec": _seconds(call.answered_at, end) if call.answered_at or end is None else 0.0,
        "pdd_ms": _milliseconds(call.started_at, ring) if outbound else None,
    }


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    return (until - since).total_seconds() if since and until else None


def _milliseconds(since: datetime | None, until: datetime | None) -> float | None:
    seconds = _seconds(since, until)
    return None if seconds is None else seconds * 1000


def _media(history: Sequence[ev.Event]) -> Row:
    row: Row = {}
    for event in history:
        if isinstance(event, ev.MediaStarted):
            row |= {"codec_read": event.codec, "codec_write": event.codec}
        elif isinstance(event, ev.QualitySampled):
            row |= _quality(event, row.get("codec_read") or "")
        elif isinstance(event, ev.RecordingStored):
            row["recording_hash"] = event.audio
    return row


def _quality(sample: ev.QualitySampled, codec: str) -> Row:
    measured = measure(sample, codec)
    return {name: measured[name] for name in COLUMNS if name in measured}


def _flow(call: Call, history: Sequence[ev.Event]) -> Row:
    row: Row = {"flow": call.flow or None}
    digits = [event.digit for event in history if isinstance(event, ev.DigitReceived)]
    row["digits"] = "".join(digits) or None
    for event in history:
        if isinstance(event, ev.FlowStarted):
            row["flow_version"] = event.flow_version
        elif isinstance(event, ev.AnswererDetected):
            row["answered_by"] = event.answered_by
        elif isinstance(event, ev.FlowReturned):
            row["outcome"] = None if event.value is None else str(event.value)
        elif isinstance(event, ev.FlowFailed):
            row["outcome"] = f"{event.error_type}: {event.error}"
    return row
