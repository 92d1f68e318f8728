"""The screen: torture messages, mutations, and what may not reach the stack behind."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.door.torture import rfc4475, rfc5118
from tests.door.torture.rfc4475 import SHORT_SDP, wire
from tests.door.torture.table import MESSAGES
from workbench.door.message import Message
from workbench.door.screen import Answered, Dropped, Passed, Verdict, screen

INSERTED = [b"\r\n", b"\0", b"%00", b";;", b'"', b"<", b","]
PROXY_ANSWERS = {200, 404, 481, 483}
"""What comes of a message that passes; the door or a worker gives it."""
INVITE = f"""
INVITE sip:service@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-1
Max-Forwards: 70
From: "Caller" <sip:caller@127.0.0.1:5070>;tag=1
To: <sip:service@127.0.0.1>
Call-ID: 1@127.0.0.1
CSeq: 1 INVITE
Contact: <sip:caller@127.0.0.1:5070>
X-Account: 42
Content-Type: application/sdp
Content-Length: [length]

{SHORT_SDP}"""


def status(verdict: Verdict) -> int | None:
    """Return the code of an answer."""
    if not isinstance(verdict, Answered):
        return None
    match = re.match(rb"SIP/2\.0 (\d{3}) ", verdict.response)
    assert match is not None
    return int(match[1])


def has_length(raw: bytes) -> bool:
    """Tell whether a message says how long its body is."""
    return bool(Message.parse(raw).all("Content-Length"))


def with_header(line: str) -> bytes:
    """Return an INVITE with a further header."""
    return wire(INVITE.replace("X-Account: 42", line))


def test_there_are_49_and_12() -> None:
    assert len(rfc4475.MESSAGES) == 49
    assert len(rfc5118.MESSAGES) == 12
    assert len({name for _, name, _, _ in MESSAGES}) == 61


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(
    ("raw", "answers"), [pytest.param(m[2], m[3], id=f"{m[0]} {m[1]}") for m in MESSAGES]
)
def test_a_torture_message_is_answered_as_its_rfc_says(
    raw: bytes, answers: set[int | None], transport: str
) -> None:
    verdict = screen(raw, transport=transport)
    if isinstance(verdict, Passed) and not verdict.message.is_request:
        assert None in answers, "a response goes on only if its branch is ours"
    elif isinstance(verdict, Passed):
        assert answers & PROXY_ANSWERS, f"it passed, and should be answered {answers}"
    elif transport == "tcp" and not has_length(raw):
        assert status(verdict) == 400  # no length, no end on a stream
    else:
        assert status(verdict) in answers, verdict


def test_a_usual_invite_passes_unchanged() -> None:
    raw = with_header("X-Account: 42")
    verdict = screen(raw, transport="udp")
    assert isinstance(verdict, Passed)
    assert verdict.message.serialize() == raw


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Proxy-Require: privacy", 420),
        ("Require: gruu", 420),
        ("Accept: text/plain", 406),
        ("Max-Forwards: 70", 400),
        ("Route: sip:elsewhere", 400),
        ("Contact: <sip:other@127.0.0.1>", 400),
        ("Bad Name: 1", 400),
        ("no colon at all", 400),
        ("X-A: 1\rX-B: 2", 400),
        ("X-A: \x00", 400),
        ("X-A: " + "a" * 5000, 400),
        ("\n".join(f"X-{n}: 1" for n in range(200)), 400),
        ("\n".join(f"Record-Route: <sip:{n}.example.com;lr>" for n in range(40)), 400),
        ("Content-Encoding: gzip", 415),
        ("X-Big: " + "\n ".join(["a" * 1000] * 40), 513),
    ],
)
def test_what_is_wrong_with_an_invite_is_told(line: str, code: int) -> None:
    verdict = screen(with_header(line), transport="udp")
    assert status(verdict) == code, verdict


def test_many_streams_and_keys_are_refused() -> None:
    streams = SHORT_SDP + "m=audio 9 RTP/AVP 0\n" * 16
    keys = SHORT_SDP + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\n" * 9
    for body in (streams, keys):
        raw = wire(INVITE.replace(SHORT_SDP, body))
        assert status(screen(raw, transport="udp")) == 488


def test_many_service_routes_are_dropped() -> None:
    routes = "".join(f"Service-Route: <sip:{n}.example.com;lr>\n" for n in range(40))
    raw = wire(f"""
SIP/2.0 200 OK
Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1
From: <sip:a@example.com>;tag=1
To: <sip:a@example.com>;tag=2
Call-ID: 1
CSeq: 1 REGISTER
{routes}Content-Length: 0

""")
    assert isinstance(screen(raw, transport="udp"), Dropped)


def test_an_answer_repeats_what_identifies_the_request() -> None:
    verdict = screen(with_header("Require: gruu"), transport="udp")
    assert isinstance(verdict, Answered)
    answer = Message.parse(verdict.response)
    asked = Message.parse(with_header("Require: gruu"))
    for name in ("Via", "From", "Call-ID", "CSeq"):
        assert answer.all(name) == asked.all(name)
    assert answer.to_tag
    assert answer.all("Unsupported") == ["gruu"]
    assert screen(with_header("Require: gruu"), transport="udp") == verdict, "the same tag"


def test_an_ack_is_never_answered() -> None:
    raw = wire(INVITE.replace("INVITE", "ACK").replace("Call-ID", "Call ID"))
    assert isinstance(screen(raw, transport="udp"), Dropped)


@given(st.binary(max_size=2000), st.sampled_from(["udp", "tcp", "tls"]))
def test_any_bytes_get_a_verdict(raw: bytes, transport: str) -> None:
    assert isinstance(screen(raw, transport=transport), Passed | Answered | Dropped)


def test_mutations_get_a_verdict_and_what_passes_reads_the_same_again() -> None:
    chance = random.Random(4475)
    seeds = [raw for _, _, raw, _ in MESSAGES] + 20 * [with_header("X-Account: 42")]
    passed = 0
    for _ in range(4000):
        raw = mutated(chance.choice(seeds), chance)
        verdict = screen(raw, transport="udp")
        if isinstance(verdict, Passed):
            passed += 1
            again = screen(verdict.message.serialize(), transport="udp")
            assert isinstance(again, Passed)
            assert again.message.headers == verdict.message.headers
            assert again.message.body == verdict.message.body
    assert passed > 100


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """Flip, cut, repeat or insert a few bytes."""
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed)) if changed else 0
        match chance.randrange(4):
            case 0 if changed:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.randint(1, 20)]
            case 2:
                changed[at:at] = changed[at : at + chance.randint(1, 60)]
            case _:
                changed[at:at] = chance.choice(
                    [b"\r\n", b"\0", b"%00", b";;", b'"', b"<", b","]
                )
    return bytes(changed)
