"""The gatekeeper: counts over all ways out, on a clock that is moved."""

from datetime import timedelta

from workbench.clock import EPOCH
from workbench.policy import Gatekeeper, Policy, Refusal

URI = "sip:bob@127.0.0.1"


def rule(refusal: Refusal | None) -> str:
    return refusal.rule if refusal else ""


def test_calls_at_once_are_counted_until_they_are_let_go() -> None:
    keeper = Gatekeeper(Policy(calls_at_once=2))
    assert [rule(keeper.admit(name, URI, EPOCH)) for name in "abac"] == [
        "",
        "",
        "",
        "calls_at_once",
    ]
    keeper.let_go("c")
    assert rule(keeper.admit("c", URI, EPOCH)) == "calls_at_once"
    keeper.let_go("a")
    assert rule(keeper.admit("c", URI, EPOCH)) == ""
    assert keeper.calls == 2


def test_calls_a_second_come_back_with_time() -> None:
    keeper = Gatekeeper(Policy(calls_a_second=2))
    asked = [rule(keeper.may_go_out(URI, EPOCH)) for _ in range(3)]
    assert asked == ["", "", "calls_a_second"]
    later = EPOCH + timedelta(seconds=0.5)
    assert rule(keeper.admit("a", URI, later)) == ""
    assert rule(keeper.admit("b", URI, later)) == "calls_a_second"
    assert rule(keeper.admit("b", URI, EPOCH)) == "calls_a_second", "a clock set back"
    much_later = EPOCH + timedelta(days=1)
    asked = [rule(keeper.may_go_out(URI, much_later)) for _ in range(3)]
    assert asked == ["", "", "calls_a_second"]


def test_a_slow_rate_lets_one_call_out_at_first() -> None:
    keeper = Gatekeeper(Policy(calls_a_second=0.1))
    times = [EPOCH + timedelta(seconds=seconds) for seconds in (0, 9, 10)]
    assert [rule(keeper.may_go_out(URI, at)) for at in times] == ["", "calls_a_second", ""]


def test_a_refused_destination_costs_nothing() -> None:
    keeper = Gatekeeper(Policy(calls_at_once=1, calls_a_second=1))
    assert rule(keeper.admit("a", "sip:bob@192.0.2.1", EPOCH)) == "allow"
    assert rule(keeper.may_go_out("sip:bob@127.0.0.1?X=1", EPOCH)) == "address"
    assert rule(keeper.admit("a", URI, EPOCH)) == ""


def test_too_many_is_an_honest_503() -> None:
    keeper = Gatekeeper(Policy(calls_at_once=1))
    keeper.admit("a", URI, EPOCH)
    refusal = keeper.admit("b", URI, EPOCH)
    assert refusal is not None
    assert (refusal.sip_code, refusal.q850_cause) == (503, 42)
    assert "raise `Policy.calls_at_once`" in refusal.reason
