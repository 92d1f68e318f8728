"""How requests within a call are answered that pjsip would refuse."""

import pytest

from workbench.engine.inquiries import Reply, reply


def request(method: str, *headers: str, body: str = "") -> str:
    lines = [f"{method} sip:bob@x SIP/2.0", "From: <sip:a@x>;tag=1", "To: <sip:b@x>;tag=2"]
    return "\r\n".join([*lines, "Call-ID: 1", f"CSeq: 2 {method}", *headers, "", body])


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("5", Reply(200, "5")),
        ("*\r\n", Reply(200, "*")),
        (" d ", Reply(200, "D")),
        ("10", Reply(200, "*")),
        ("11", Reply(200, "#")),
        ("15", Reply(200, "D")),
        ("16", Reply(400)),
        ("seven", Reply(400)),
        ("", Reply(200)),
    ],
)
def test_a_digit_is_a_key_or_its_number(body: str, found: Reply) -> None:
    assert reply(request("INFO", "Content-Type: application/DTMF;x=1", body=body)) == found


def test_what_pjsip_does_right_is_left_to_it() -> None:
    relay = request("INFO", "c: application/dtmf-relay", body="Signal=5\r\n")
    assert reply(relay) is None
    assert reply(request("UPDATE")) is None
    assert reply(request("BYE")) is None


def test_what_nobody_knows_is_refused_in_the_right_words() -> None:
    assert reply(request("INFO", "Content-Type: text/plain", body="hello")) == Reply(415)
    assert reply(request("INFO", body="hello")) == Reply(415)
    assert reply(request("INFO", "Info-Package: foo", body="hello")) == Reply(469)


def test_the_question_what_we_can_do_is_answered() -> None:
    assert reply(request("OPTIONS")) == Reply(200)
