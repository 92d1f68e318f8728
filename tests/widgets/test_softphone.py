"""The softphone without a browser, on a simulated engine: what it asks of calls and shows."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.widgets.desk import BOB, by_hand, shown, somebody_calls, until
from workbench import Workbench
from workbench.clock import SystemClock
from workbench.engine import Occupancy
from workbench.engine.account import Registration
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import InvalidInput, StoreError
from workbench.widgets import softphone as module
from workbench.widgets.followed import MOST_CHARACTERS
from workbench.widgets.softphone import Softphone


@pytest.fixture
def engine() -> Loopback:
    far_ends = {
        "bob": FarEnd(),
        "fussy": FarEnd(reinvites=(488,), transfer=None),
        "slow": FarEnd(answers_after_s=None),
    }
    return Loopback(SystemClock(), far_ends)


@pytest.fixture
def bench(tmp_path: Path, engine: Loopback) -> Iterator[Workbench]:
    with Workbench(tmp_path / "store", engine=engine) as bench:
        yield bench


@pytest.fixture
def phone(bench: Workbench) -> Iterator[Softphone]:
    phone = by_hand(bench.softphone({"Bob": BOB}, domain="loopback", listen="127.0.0.1:5060"))
    yield phone
    phone.close()


def is_phase(phase: str) -> Callable[[dict[str, Any]], bool]:
    return lambda state: bool(state["calls"]) and state["calls"][-1]["phase"] == phase


def talking(bench: Workbench, phone: Softphone, to: str = "Bob") -> str:
    phone.act("dial", to=to)
    state = until(bench, phone, is_phase("answered"))
    return str(state["calls"][-1]["id"])


def test_a_call_by_name_is_shown_and_hung_up(bench: Workbench, phone: Softphone) -> None:
    call = talking(bench, phone)
    state = shown(phone)
    assert state["current"] == call
    assert state["calls"][0]["party"] == BOB
    phone.act("hangup", call=call)
    state = until(bench, phone, is_phase("ended"))
    assert state["calls"][0]["words"].startswith("ended by app: completed")
    phone.act("dismiss", call=call)
    assert shown(phone)["calls"] == []


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        ("bob", BOB), (" bob@loopback ", BOB), ("SIP:bob@loopback", "SIP:bob@loopback"),
        ("Bob", BOB),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_an_address(phone: Softphone, typed: str, called: str) -> None:
    assert phone._address(typed) == called


def test_nothing_typed_is_told(phone: Softphone) -> None:
    with pytest.raises(InvalidInput, match="Whom shall I call"):
        phone.act("dial", to="  ")


@pytest.mark.parametrize(
    ("verb", "now", "back"),
    [("hold", "connected, on hold", "resume"), ("mute", "connected, muted", "unmute")],
)
def test_a_verb_is_carried_out_and_shown(
    bench: Workbench, phone: Softphone, verb: str, now: str, back: str
) -> None:
    call = talking(bench, phone)
    for asked, words in ((verb, now), (back, "connected")):
        phone.act(asked, call=call)
        until(bench, phone, says(words))


def says(words: str) -> Callable[[dict[str, Any]], bool]:
    return lambda state: bool(state["calls"][-1]["words"] == words)


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("hold", {}, "488"),
        ("transfer", {"to": "bob"}, "The call was not handed on, and goes on as it was: 603"),
        ("transfer_to", {"other": "CA-none"}, "CA-none"),
    ],
)
def test_what_the_far_end_refuses_is_told(
    bench: Workbench, phone: Softphone, action: str, fields: dict[str, str], said: str
) -> None:
    told = threading.Event()
    complain = phone.complain
    phone.complain = lambda problem: (complain(problem), told.set())  # type: ignore[method-assign, assignment, func-returns-value]
    call = talking(bench, phone, "fussy")
    told.clear()
    phone.act(action, call=call, **fields)
    assert told.wait(10)
    assert said in shown(phone)["error"]


def test_keys_go_out_in_order(bench: Workbench, phone: Softphone) -> None:
    call = talking(bench, phone)
    for key in "12#":
        phone.act("digits", call=call, digits=key)
    until(bench, phone, lambda state: bool(state["calls"][0]["sent"] == "12#"))


def test_a_caller_rings_here_until_somebody_answers(
    bench: Workbench, phone: Softphone, engine: Loopback
) -> None:
    assert shown(phone)["address"] == "sip:127.0.0.1:5060"
    somebody_calls(bench, engine)
    state = until(bench, phone, is_phase("ringing"))
    assert state["calls"][0]["words"] == "is calling"
    phone.act("answer", call=state["calls"][0]["id"])
    until(bench, phone, is_phase("answered"))


def test_a_caller_is_told_that_we_are_busy(
    bench: Workbench, phone: Softphone, engine: Loopback
) -> None:
    somebody_calls(bench, engine)
    state = until(bench, phone, is_phase("ringing"))
    phone.act("reject", call=state["calls"][0]["id"])
    state = until(bench, phone, is_phase("ended"))
    assert "busy (486" in state["calls"][0]["words"]


def test_calls_that_are_up_when_it_is_opened_are_shown(bench: Workbench) -> None:
    call = bench.dial(BOB).wait_answered(10)
    second = by_hand(bench.softphone())
    assert [each["id"] for each in shown(second)["calls"]] == [call.id]
    second.close()


def test_whom_one_called_is_offered_again(bench: Workbench, phone: Softphone) -> None:
    for to in ("slow", "fussy", "slow"):
        phone.act("dial", to=to)
    recent = ["sip:slow@loopback", "sip:fussy@loopback"]
    assert shown(phone)["recent"] == recent
    second = by_hand(bench.softphone())
    assert shown(second)["recent"] == recent
    second.close()


def test_only_the_last_calls_that_are_over_stay(
    bench: Workbench, phone: Softphone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(module.KEPT + 2):
        bench.dial(BOB).hangup()
    state = until(bench, phone, lambda state: are_over(state) and not bench.in_progress)
    assert len(state["calls"]) == module.KEPT


def are_over(state: dict[str, Any]) -> bool:
    return all(call["phase"] == "ended" for call in state["calls"])


def test_what_cannot_be_called_is_not_offered_again(phone: Softphone) -> None:
    with pytest.raises(InvalidInput, match="plain ASCII"):
        phone.act("dial", to="sip:a b@loopback")
    assert shown(phone)["recent"] == []


def test_what_is_wrong_with_the_bench_is_told_as_long_as_it_is(
    bench: Workbench, phone: Softphone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise StoreError("The disk is full.")

    failed = Registration(uri="sip:us@pbx", state="failed", sip_code=403, reason="No")
    closed = Occupancy(workers=1, lines=4, taken=0, door=False)
    monkeypatch.setattr(bench, "check_store", full)
    monkeypatch.setattr(type(bench), "accounts", {failed.uri: failed})
    monkeypatch.setattr(type(bench), "occupancy", closed)
    assert shown(phone)["problem"].splitlines() == [
        "The disk is full.",
        "The front door is down, so no call goes out or comes in. It is started again.",
        "sip:us@pbx is not registered, so no call for it comes in: 403 No",
    ]
    monkeypatch.undo()
    assert shown(phone)["problem"] == ""


def test_no_call_is_up_when_nothing_can_be_recorded_any_more(
    bench: Workbench, phone: Softphone
) -> None:
    board = by_hand(bench.wallboard())
    call = talking(bench, phone)
    fill_store(bench)
    phone._try({"action": "digits", "fields": {"call": call, "digits": "1"}})
    failed = threading.Event()
    while not (state := shown(phone))["problem"]:
        failed.wait(0.01)
    assert "Free some space on its disk" in state["problem"]
    assert state["calls"][0]["phase"] == "ended"
    assert state["calls"][0]["words"] == "ended, since nothing can be recorded any more"
    seen = shown(board)
    assert (seen["calls"], seen["counts"]["connected"]) == ([], 0)
    assert "Free some space on its disk" in seen["problems"][0]["words"]
    phone.act("dismiss", call=call)
    assert shown(phone)["calls"] == []
    board.close()


def fill_store(bench: Workbench) -> None:
    recorder: Any = bench._log.recorder
    recorder._writer.execute("PRAGMA max_page_count = 1")


def test_a_text_of_any_length_and_direction_is_cut_and_legible(
    bench: Workbench, phone: Softphone, engine: Loopback
) -> None:
    somebody_calls(bench, engine, "sip:\u202e" + "x" * 5000 + "@loopback")
    party = until(bench, phone, is_phase("ringing"))["calls"][0]["party"]
    assert party.startswith(r"sip:\u202ex")
    assert len(party) == MOST_CHARACTERS
    phone.complain("\u202eturned\nround")
    assert shown(phone)["error"] == "\\u202eturned\nround"


def test_a_closed_bench_is_told(bench: Workbench, phone: Softphone) -> None:
    bench.close()
    assert shown(phone)["closed"]


@pytest.mark.parametrize("destinations", [["Bob"], {"Bob": 7}, {"": BOB}, {"Bob": ""}])
def test_destinations_that_are_none_are_refused(bench: Workbench, destinations: Any) -> None:
    with pytest.raises(InvalidInput, match="names and addresses"):
        bench.softphone(destinations)


def test_an_action_that_is_none_is_refused(bench: Workbench, phone: Softphone) -> None:
    with pytest.raises(InvalidInput, match="cannot do 'explode'"):
        phone.act("explode", call=talking(bench, phone))
