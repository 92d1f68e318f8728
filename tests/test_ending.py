"""How a call ends on record: who, which status, which cause."""

from typing import Any

import msgspec
import pytest

from workbench import events as ev
from workbench.call import Call
from workbench.clock import EPOCH
from workbench.ending import ended_fields, lost_ends
from workbench.signals import Released
from workbench.spans import ENDS, STARTS

OUT, IN = "outbound", "inbound"


def a_call(direction: str, *, rang: bool = False, answered: bool = False) -> Call:
    call = Call("CA1")
    begin: Any = ev.Placed if direction == OUT else ev.Offered
    call.next(begin, EPOCH, leg="l", from_="", to="")
    if rang:
        call.next(ev.Ringing, EPOCH)
    if answered:
        call.next(ev.Answered, EPOCH)
    return call


@pytest.mark.parametrize(
    ("direction", "state", "by", "code", "status", "ended_by"),
    [
        (OUT, {}, "remote", 486, "busy", "callee"),
        (OUT, {}, "remote", 600, "busy", "callee"),
        (OUT, {"rang": True}, "local", 408, "no-answer", "app"),
        (OUT, {}, "local", 408, "failed", "app"),
        (OUT, {}, "remote", 408, "failed", "callee"),
        (OUT, {}, "remote", 480, "no-answer", "callee"),
        (OUT, {}, "remote", 404, "failed", "callee"),
        (OUT, {"rang": True}, "local", 487, "canceled", "app"),
        (OUT, {"answered": True}, "remote", 200, "completed", "callee"),
        (OUT, {}, "engine", 503, "failed", "engine"),
        (OUT, {"answered": True}, "engine", 500, "failed", "engine"),
        (IN, {"rang": True}, "remote", 487, "canceled", "caller"),
        (IN, {}, "remote", 408, "failed", "caller"),
        (IN, {}, "local", 486, "busy", "app"),
        (IN, {}, "local", 603, "failed", "app"),
        (IN, {"answered": True}, "local", 200, "completed", "app"),
        (IN, {"answered": True}, "remote", 200, "completed", "caller"),
    ],
)
def test_status_and_who_ended_it(
    direction: str, state: dict[str, bool], by: Any, code: int, status: str, ended_by: str
) -> None:
    released = Released(leg="l", at=EPOCH, by=by, sip_code=code)
    fields = ended_fields(a_call(direction, **state), released)
    assert (fields["status"], fields["by"], fields["sip_code"]) == (status, ended_by, code)


def test_the_cause_of_a_reason_header_goes_before_the_table() -> None:
    released = Released(leg="l", at=EPOCH, by="remote", sip_code=480, q850_cause=18)
    assert ended_fields(a_call(OUT), released)["q850_cause"] == 18


VALUES: dict[str, Any] = {
    "caused_by": 1, "sip_code": 200, "seconds": 1.0, "timeout_s": 1.0, "max_digits": 1,
    "digit_timeout_s": 1.0, "leg": "l", "members": 1,
}  # fmt: skip


@pytest.mark.parametrize("kind", STARTS, ids=lambda kind: kind.TOPIC)
def test_whatever_began_has_an_end_when_the_workbench_is_lost(kind: type[ev.Event]) -> None:
    call = a_call(IN, answered=True)
    needed = [
        field.name
        for field in msgspec.structs.fields(kind)
        if field.required and field.name not in ("call_id", "version", "at")
    ]
    fields = {name: VALUES.get(name, "x-1") for name in needed}
    call.next(kind, EPOCH, **fields)
    (begun,) = call.open
    for end, end_fields in lost_ends(call):
        call.next(end, EPOCH, **end_fields)
    if STARTS[kind] not in ("recording", "fork"):  # whose audio has to be looked at first
        assert begun not in call.open
        assert call.closed
    assert STARTS[kind] in ENDS.values()
