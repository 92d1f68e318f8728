"""What a session description offers."""

import pytest

from workbench.engine.codecs import acceptable, offered

OURS = ("PCMU/8000", "PCMA/8000", "G722/16000")


def description(numbers: str, *names: str, port: int = 4000) -> str:
    lines = ["v=0", "c=IN IP4 127.0.0.1", f"m=audio {port} RTP/AVP {numbers}"]
    return "\r\n".join([*lines, *(f"a=rtpmap:{name}" for name in names), ""])


def test_numbers_have_names() -> None:
    assert offered(description("0 8 9 3")) == {"PCMU", "PCMA", "G722"}
    assert offered(description("96 0", "96 opus/48000/2", "0 PCMU/8000")) == {"OPUS", "PCMU"}


@pytest.mark.parametrize(
    ("text", "agreed"),
    [
        (description("0"), True),
        (description("18 101", "18 G729/8000", "101 telephone-event/8000"), False),
        (description("96", "96 pcma/8000"), True),
        (description("101", "101 telephone-event/8000"), False),
        (description("18", port=0), True),
        ("v=0\r\n", True),
        ("", True),
    ],
)
def test_an_offer_needs_one_codec_of_ours(text: str, agreed: bool) -> None:
    assert acceptable(text, OURS) is agreed
