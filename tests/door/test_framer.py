"""Messages cut from a stream, however it comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.door.framer import LARGEST, Framer

FIRST = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 4\r\n\r\nv=0\n"
SECOND = b"ACK sip:a@b SIP/2.0\r\nl : 0\r\nX: y\r\n\r\n"


@given(st.integers(1, 60), st.integers(0, 3))
def test_messages_survive_any_cutting(size: int, gaps: int) -> None:
    framer, received = Framer(), []
    stream = b"\r\n" * gaps + FIRST + b"\r\n" * gaps + SECOND + FIRST
    for start in range(0, len(stream), size):
        received += framer.feed(stream[start : start + size])
    assert received == [FIRST, SECOND, FIRST]
    assert not framer.is_amid


def test_a_ping_is_counted() -> None:
    framer = Framer()
    assert not framer.feed(b"\r\n\r\n")
    assert framer.pings == 1
    assert not framer.feed(b"\r\n")
    assert framer.feed(b"\r\n" + SECOND) == [SECOND]
    assert framer.pings == 2


@pytest.mark.parametrize(
    "unframed",
    [
        b"OPTIONS sip:a@b SIP/2.0\r\nX: y\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\nl: 5\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 99999999\r\n\r\n",
    ],
)
def test_what_has_no_length_ends_the_stream(unframed: bytes) -> None:
    framer = Framer()
    assert framer.feed(unframed + SECOND) == [unframed + SECOND]
    assert framer.broken
    assert not framer.feed(SECOND)


def test_headers_without_an_end_are_not_kept() -> None:
    framer = Framer()
    received: list[bytes] = []
    for _ in range(LARGEST // 1000 + 2):
        received += framer.feed(b"x" * 1000)
    assert len(received) == 1
    assert framer.broken
    assert not framer.is_amid
