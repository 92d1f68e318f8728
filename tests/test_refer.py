"""Refer-To, Replaces and the status line of a NOTIFY."""

import pytest

from workbench import refer


def test_a_target_and_the_dialog_that_its_call_replaces() -> None:
    replaces = refer.replaces("a;b@c", to_tag="t?1", from_tag="f&2")
    value = refer.refer_to("sip:carol@192.0.2.7", replaces)
    assert value == (
        "<sip:carol@192.0.2.7?Replaces=a%3Bb%40c%3Bto-tag%3Dt%3F1%3Bfrom-tag%3Df%262>"
    )
    assert refer.read_refer_to(value) == ("sip:carol@192.0.2.7", replaces)


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        ("<sip:carol@x>", "sip:carol@x"),
        ('"Carol" <sip:carol@x;transport=tcp>;p=1', "sip:carol@x;transport=tcp"),
        ("sip:carol@x;method=INVITE", "sip:carol@x"),
        ("<sip:carol@x?Subject=hello>", "sip:carol@x"),
        ("<sip:ca\r\nrol@x>", "sip:carol@x"),
        ("", ""),
    ],
)
def test_a_target_as_the_far_end_writes_it(value: str, uri: str) -> None:
    assert refer.read_refer_to(value) == (uri, "")


def test_line_breaks_that_are_escaped_do_not_come_back() -> None:
    target = refer.read_refer_to("<sip:c@x?Replaces=1%0D%0AEvil%3A1>")
    assert target.replaces == "1Evil:1"


def test_what_is_too_long_names_nobody() -> None:
    assert refer.read_refer_to(f"<sip:{'a' * 600}@x>").uri == ""
    assert refer.read_refer_to(f"<sip:a@x?Replaces={'1' * 600}>") == ("", "")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("SIP/2.0 180 Ringing\r\n", (180, "Ringing")),
        ("SIP/2.0 200 OK", (200, "OK")),
        ("sip/2.0 486\r\nReason: x", (486, "")),
        ("SIP/2.0 9000 no", None),
        ("HTTP/1.1 200 OK", None),
        ("", None),
    ],
)
def test_the_status_of_a_transfer(body: str, status: object) -> None:
    assert refer.status(body) == status


def test_a_status_is_written_as_it_is_read() -> None:
    assert refer.status(refer.sipfrag(486, "Busy\r\nHere")) == (486, "Busy  Here")
    assert refer.sipfrag(100, "") == "SIP/2.0 100 Progress\r\n"
