"""REFER and NOTIFY of one call: what is accepted, and what is told of it."""

from collections.abc import Callable
from typing import Any

import pytest

from workbench.engine.dealings import MOST_REFERS, Dealings, tags

OK = (
    "SIP/2.0 200 OK\r\nFrom: <sip:a@x;tag=no>;tag=a\r\nTo: <sip:b@x>;tag=b\r\n"
    "Call-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"
)


class Heard:
    """An exchange that writes down what it is told."""

    def __init__(self, *, takes: bool = True) -> None:
        self.told: list[Any] = []
        self._takes = takes

    def takes_refer(self, _leg: str) -> bool:
        return self._takes

    def referred(self, leg: str, refer_to: str, cseq: str) -> None:
        self.told.append((leg, refer_to, cseq))

    def transfer_told(self, leg: str, code: int, reason: str, *, final: bool) -> None:
        self.told.append((leg, code, reason, final))


def dealings(heard: Heard) -> Dealings:
    def tell(fact: Callable[..., None], *details: Any) -> None:
        fact("leg", *details)

    made = Dealings("leg", heard, tell)  # type: ignore[arg-type]
    made.see("received", OK)
    return made


def request(method: str, *headers: str, body: str = "", cseq: int = 7, tag: str = "b") -> str:
    lines = [
        f"{method} sip:a@x SIP/2.0", f"From: <sip:b@x>;tag={tag}", "To: <sip:a@x>;tag=a",
        "Call-ID: 1", f"CSeq: {cseq} {method}", *headers,
    ]  # fmt: skip
    return "\r\n".join(lines) + f"\r\n\r\n{body}"


def notify(event: str, state: str, body: str, **fields: Any) -> str:
    return request(
        "NOTIFY", f"Event: {event}", f"Subscription-State: {state}", body=body, **fields
    )


def transferring(heard: Heard, cseq: int = 3) -> Dealings:
    made = dealings(heard)
    made.transferring = True
    made.see("sent", request("REFER", cseq=cseq))
    return made


def test_a_notify_tells_how_the_transfer_goes() -> None:
    heard = Heard()
    made = transferring(heard)
    assert made.takes_notify(notify("refer", "active", "SIP/2.0 180 Ringing\r\n"))
    assert made.takes_notify(notify("refer;id=3", "terminated;reason=x", "SIP/2.0 200 OK"))
    assert made.takes_notify(notify("refer", "terminated", ""))
    assert made.takes_notify(notify("refer", "active", "no status"))
    assert heard.told == [
        ("leg", 180, "Ringing", False), ("leg", 200, "OK", True), ("leg", 0, "", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "tag", "on"),
    [("refer;id=2", "b", True), ("refer", "stranger", True), ("refer", "b", False)],
)
def test_a_notify_of_something_else_is_not_taken(event: str, tag: str, on: bool) -> None:
    heard = Heard()
    made = transferring(heard)
    made.transferring = on
    assert not made.takes_notify(notify(event, "active", "SIP/2.0 200 OK", tag=tag))
    assert heard.told == []


def response(code: str, cseq: int = 3) -> str:
    return OK.replace("200 OK", code).replace("1 INVITE", f"{cseq} REFER")


def test_the_refusal_of_a_refer_ends_the_transfer() -> None:
    heard = Heard()
    made = transferring(heard)
    made.see("received", response("202 Accepted"))
    made.see("received", response("603 Decline"))
    assert heard.told == [("leg", 603, "Decline", True)]


def test_a_challenge_that_was_met_is_no_refusal() -> None:
    heard, later = Heard(), list[Callable[[], None]]()
    made = Dealings("leg", heard, lambda fact, *_: later.append(lambda: fact("leg")))  # type: ignore[arg-type]
    made.transferring = True
    made.see("sent", request("REFER", cseq=3))
    made.see("received", response("401 Unauthorized"))
    made.see("sent", request("REFER", cseq=4))
    made.see("received", response("405 No", cseq=4))
    for fact in later:
        fact()
    assert heard.told == [("leg", 405, "No", True)]


def test_a_refer_is_told_of_once() -> None:
    heard = Heard()
    made = dealings(heard)
    asked = request("REFER", "Refer-To: <sip:c@x>")
    assert made.takes_refer(asked)
    assert made.takes_refer(asked)
    assert heard.told == [("leg", "<sip:c@x>", "7")]


@pytest.mark.parametrize(
    "asked",
    [
        request("REFER"),
        request("REFER", "Refer-To: <sip:c@x>", "r: <sip:d@x>"),
        request("REFER", "Refer-To: <sip:c@x>", tag="stranger"),
    ],
)
def test_a_refer_that_is_not_the_far_ends_or_names_nobody_is_not_taken(asked: str) -> None:
    heard = Heard()
    assert not dealings(heard).takes_refer(asked)
    assert heard.told == []


def test_a_far_end_that_refers_without_end_is_refused_in_the_end() -> None:
    heard = Heard()
    made = dealings(heard)
    asked = [request("REFER", "Refer-To: <sip:c@x>", cseq=number) for number in range(50)]
    assert sum(map(made.takes_refer, asked)) == len(heard.told) == MOST_REFERS
    assert made.takes_refer(asked[0])


def test_a_refer_that_nobody_expects_is_not_taken() -> None:
    heard = Heard(takes=False)
    assert not dealings(heard).takes_refer(request("REFER", "Refer-To: <sip:c@x>"))


def test_the_other_line_of_a_call_to_ourselves_takes_nothing() -> None:
    heard = Heard()
    callee = dealings(heard)
    callee.see("sent", OK)
    assert not callee.takes_refer(request("REFER", "Refer-To: <sip:c@x>"))


def test_tags_are_those_of_both_parties() -> None:
    assert tags(OK) == ("a", "b")
    assert tags("INVITE x SIP/2.0\r\nf: x;tag=1\r\nt: <sip:b@x>\r\n\r\n") == ("1", "")
