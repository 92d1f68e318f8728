"""How a call ends on record: who ended it, with which codes, and what it leaves behind.

The public statuses are Twilio's, the causes Q.850's (`causes.py` has the tables).
"""

from typing import Any

from workbench import events as ev
from workbench import signals as sg
from workbench.call import Call
from workbench.causes import hangup_cause, q850_cause

_BUSY = (486, 600)
_NO_ANSWER = (408, 480)

LOST = "the workbench was lost while the call was up"
"""The reason of everything that a later start of the workbench had to end."""

Fields = dict[str, Any]

UNDETECTED = {"answered_by": "unknown", "category": "uncertain", "reason": "cancelled"}
"""The end of a detection that nobody waited for."""

_INTERRUPTED: Fields = {"outcome": "interrupted"}
_LOOSE: dict[str, tuple[type[ev.Event], Fields]] = {
    "prompt": (ev.PromptFinished, {"outcome": "interrupted", "played_ms": 0}),
    "sending": (ev.DigitsSent, _INTERRUPTED),
    "transfer": (ev.TransferFinished, _INTERRUPTED),
    "hold": (ev.HoldFailed, _INTERRUPTED),
    "refer": (ev.ReferFinished, _INTERRUPTED),
    "park": (ev.ParkFinished, _INTERRUPTED),
    "pickup": (ev.PickedUp, _INTERRUPTED),
    "other": (ev.Unbridged, {}),
    "room": (ev.ConferenceLeft, {}),
    "concealment": (ev.Revealed, {}),
    "talk": (ev.TalkFinished, {}),
}
"""The ends of what the engine began, by what they end: their kind, and what they say."""


def ended_fields(call: Call, released: sg.Released) -> Fields:
    """Return the fields of `Ended` for the way a leg was released."""
    cause = released.q850_cause or q850_cause(released.sip_code)
    return {
        "by": _by(call, released),
        "status": _status(call, released),
        "sip_code": released.sip_code,
        "q850_cause": cause,
        "hangup_cause": hangup_cause(cause),
        "reason": released.reason,
        "contact": released.contact,
    }


def lost_fields(call: Call) -> Fields:
    """Return the fields of `Ended` for a call that nobody watched to its end."""
    return {
        "by": "engine",
        "status": "completed" if call.answered_at else "failed",
        "sip_code": 500,
        "q850_cause": 41,
        "hangup_cause": hangup_cause(41),
        "reason": LOST,
    }


def _by(call: Call, released: sg.Released) -> str:
    if released.by == "remote":
        return "caller" if call.direction == "inbound" else "callee"
    return "app" if released.by == "local" else "engine"


def _status(call: Call, released: sg.Released) -> str:
    if released.by == "engine":
        return "failed"
    if call.answered_at is not None:
        return "completed"
    if released.sip_code in _BUSY:
        return "busy"
    if call.direction == "inbound":
        # Silence (408) is no CANCEL: an answer was never acknowledged.
        gave_up = released.by == "remote" and released.sip_code != 408
        return "canceled" if gave_up else "failed"
    return _unanswered(call, released)


def _unanswered(call: Call, released: sg.Released) -> str:
    if released.sip_code == 480 or (released.sip_code in _NO_ANSWER and call.rang):
        return "no-answer"
    return "canceled" if released.sip_code == 487 and released.by == "local" else "failed"


def loose_ends(
    call: Call, reason: str = "the call had ended"
) -> list[tuple[type[ev.Event], Fields]]:
    """Return the ends of what the engine began on a leg that is gone."""
    ends: list[tuple[type[ev.Event], Fields]] = []
    for kind, name in call.open:
        if kind == "dial":
            ends.append((ev.DialFinished, _dial_end(call, name, reason)))
        elif kind in _LOOSE:
            end, fields = _LOOSE[kind]
            ends.append((end, {kind: name, **fields, "reason": reason}))
    return ends


def _dial_end(call: Call, dial: str, reason: str) -> Fields:
    fields: Fields = {"dial": dial, "outcome": "interrupted", "reason": reason}
    if (answer := call.dial_answers.get(dial)) is not None and call.last_at is not None:
        seconds = (call.last_at - answer.at).total_seconds()
        fields |= {"child": answer.child, "seconds": seconds}
    return fields


def lost_ends(call: Call) -> list[tuple[type[ev.Event], Fields]]:
    """Return what must be recorded of a call that the workbench lost, `Ended` included.

    Recordings are left out: whether audio is left must be looked at first.
    """
    ends: list[tuple[type[ev.Event], Fields]] = []
    outside = {"caused_by": call.version}
    if call.flow_running:
        failure = {"error_type": "WorkbenchLost", "error": LOST}
        ends.append((ev.FlowFailed, outside | failure))
    ends += loose_ends(call, LOST)
    ends += [end for kind, name in call.open if (end := _lost_end(kind, name, outside))]
    if call.ended is None:
        ends.append((ev.Ended, lost_fields(call)))
    return ends


def _lost_end(kind: str, name: str, outside: Fields) -> tuple[type[ev.Event], Fields] | None:
    match kind:
        case "gather":
            gathered = {"gather": name, "digits": "", "reason": "cancelled"}
            return ev.GatherFinished, outside | gathered
        case "detection":
            return ev.AnswererDetected, outside | {"detection": name, **UNDETECTED}
        case "fork":
            return ev.ForkFinished, {"fork": name, "frames": 0, "reason": LOST}
        case "listening":
            return ev.ListeningFinished, {"listening": name, "reason": LOST}
        case "timer":
            return ev.TimerCancelled, outside | {"timer": name}
        case "step":
            lost = {"step": name, "error_type": "WorkbenchLost", "error": LOST}
            return ev.StepReturned, lost
        case _:
            return None
