"""Which session descriptions put us on hold."""

import pytest

from workbench.engine.offers import Offers, holds

BODY = (
    "\r\n\r\nv=0\r\nc=IN IP4 {at}\r\n{early}m=audio 4000 RTP/AVP 0\r\n{late}"
    "m=video 0 RTP/AVP 99\r\n"
)


def body(way: str = "", at: str = "127.0.0.1", session: str = "") -> str:
    early, late = (f"a={value}\r\n" if value else "" for value in (session, way))
    return BODY.format(at=at, early=early, late=late + "a=ptime:20\r\n")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (body("sendonly"), True),
        (body("inactive"), True),
        (body("recvonly"), False),
        (body("sendrecv"), False),
        (body(), False),
        (body(session="sendonly"), True),
        (body("sendrecv", session="sendonly"), False),
        (body(at="0.0.0.0"), True),
        ("\r\n\r\n", None),
    ],
)
def test_what_a_description_asks_for(message: str, expected: bool | None) -> None:
    assert holds(message) is expected


def offer(way: str, cseq: int = 7, method: str = "INVITE") -> str:
    return f"{method} sip:a@b SIP/2.0\r\nCSeq: {cseq} {method}" + body(way)


def answer(way: str, code: int = 200, cseq: int = 7) -> str:
    return f"SIP/2.0 {code} X\r\nCSeq: {cseq} INVITE" + body(way)


def test_an_offer_counts_once_we_have_accepted_it() -> None:
    offers = Offers()
    assert offers.see("received", offer("sendonly")) is None
    assert offers.see("sent", answer("recvonly", code=100)) is None
    assert offers.see("sent", answer("recvonly")) is True
    assert offers.see("sent", answer("recvonly")) is None


def test_an_offer_that_we_refuse_does_not_count() -> None:
    offers = Offers()
    offers.see("received", offer("sendonly"))
    assert offers.see("sent", answer("recvonly", code=488)) is None
    assert offers.see("sent", answer("recvonly", cseq=8)) is None


def test_an_answer_counts_at_once() -> None:
    offers = Offers()
    assert offers.see("sent", offer("sendonly")) is None
    assert offers.see("received", answer("recvonly")) is False
    assert offers.see("received", answer("inactive")) is True
    assert offers.see("received", offer("sendonly", method="ACK")) is True
