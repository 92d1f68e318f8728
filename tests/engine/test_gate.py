"""What is refused before pjsip's own layers see it."""

import pytest

from workbench.engine.gate import SWALLOW, bearable, verdict


def request(method: str, to: str = "<sip:bob@x>", body: str = "") -> str:
    return (
        f"{method} sip:bob@x SIP/2.0\r\nFrom: <sip:a@x>;tag=1\r\nTo: {to}\r\n"
        f"Call-ID: 1\r\nCSeq: 1 {method}\r\n\r\n{body}"
    )


@pytest.mark.parametrize("method", ["INVITE", "BYE", "CANCEL", "OPTIONS", "INFO", "SUBSCRIBE"])
def test_what_calls_need_is_let_in(method: str) -> None:
    assert verdict(request(method)) is None


@pytest.mark.parametrize("method", ["MESSAGE", "PUBLISH", "REGISTER", "NOTIFY", "WHATEVER", ""])
def test_other_methods_are_refused(method: str) -> None:
    assert verdict(request(method)) == 405


def test_an_ack_without_a_tag_is_dropped() -> None:
    assert verdict(request("ACK")) == SWALLOW
    assert verdict(request("ACK", "<sip:bob@x> ; tag=2")) is None
    assert (
        verdict(request("ACK").replace("To:", "t:").replace("<sip:bob@x>", "x;TAG=2")) is None
    )


def test_a_refer_outside_of_a_call_is_refused() -> None:
    assert verdict(request("REFER")) == 603
    assert verdict(request("REFER", "<sip:bob@x>;tag=2")) is None


def notify(event: str = "Event: refer;id=93809823", to: str = "<sip:bob@x>;tag=2") -> str:
    return request("NOTIFY", to).replace("CSeq", f"{event}\r\nCSeq")


def yes(_request: str) -> bool:
    return True


def test_a_notify_is_answered_by_the_gate() -> None:
    assert verdict(notify(), yes) == 200
    assert verdict(notify("o: REFER"), yes) == 200
    assert verdict(notify()) == 481


def test_other_notifications_are_refused() -> None:
    assert verdict(notify("Event: presence"), yes) == 405
    assert verdict(notify("X: 1"), yes) == 405
    assert verdict(notify(to="<sip:bob@x>"), yes) == 405


def test_a_refer_that_is_accepted_never_reaches_pjsip() -> None:
    refer = request("REFER", "<sip:bob@x>;tag=2")
    assert verdict(refer, takes_refer=yes) == 202
    assert verdict(request("REFER"), takes_refer=yes) == 603


def test_media_lines_are_bounded() -> None:
    line = "m=audio 4000 RTP/AVP 0\r\n"
    assert verdict(request("INVITE", body=line * 4)) is None
    assert verdict(request("INVITE", body=line * 5)) == 488


OK = "SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\n"


@pytest.mark.parametrize(
    ("response", "survived"),
    [
        (f"{OK}\r\n", True),
        (f"{OK}{'Service-Route: <sip:a;lr>' + chr(13) + chr(10)}\r\n", True),
        (OK + "Service-Route: <sip:a;lr>\r\n" * 40 + "\r\n", False),
        (OK + "service-route: " + "<sip:a;lr>, " * 40 + "<sip:a;lr>\r\n\r\n", False),
        (OK + "Path: <sip:a;lr>\r\n" * 5 + "\r\n", False),
        (OK + "\r\n" + "m=audio 9 RTP/AVP 0\r\n" * 5, False),
    ],
)
def test_a_response_that_would_abort_is_dropped(response: str, survived: bool) -> None:
    assert bearable(response) is survived
