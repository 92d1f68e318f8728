"""Messages between two processes of ours, however the socket cuts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.framing import Frames, framed


@given(st.lists(st.binary(max_size=50)), st.integers(1, 40))
def test_messages_survive_any_cutting(bodies: list[bytes], size: int) -> None:
    stream = b"".join(map(framed, bodies))
    frames = Frames()
    received: list[bytes] = []
    for start in range(0, len(stream), size):
        frames.feed(stream[start : start + size])
        received += frames.bodies()
    assert received == bodies


def test_an_absurd_length_is_refused() -> None:
    frames = Frames()
    frames.feed(b"\xff\xff\xff\xff")
    with pytest.raises(ValueError, match="bytes between two processes"):
        list(frames.bodies())
