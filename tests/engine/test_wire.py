"""Messages between bench and worker, however the socket cuts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.clock import EPOCH
from workbench.commands import AnyCommand, Dial, Hangup
from workbench.engine.wire import AnyNotice, Frames, LineVacated, WorkerReady, pack
from workbench.errors import EngineError
from workbench.signals import AnySignal, Offered, Released

REPORTS: list[AnySignal | AnyNotice] = [
    WorkerReady(host="127.0.0.1", port=5060, most_legs=4),
    Offered(leg="w1-1", at=EPOCH, from_="sip:a@x", to="sip:b@x", sip_call_id="1"),
    Released(leg="w1-1", at=EPOCH, by="remote", sip_code=486, reason="Busy Here"),
    LineVacated(leg="w1-1"),
]


@given(st.lists(st.integers(1, 40), min_size=1))
def test_messages_survive_any_cutting(sizes: list[int]) -> None:
    stream = b"".join(map(pack, REPORTS))
    frames = Frames()
    received: list[AnySignal | AnyNotice] = []
    while stream:
        for size in sizes:
            frames.feed(stream[:size])
            stream = stream[size:]
            received += frames.reports()
    assert received == REPORTS


def test_commands_arrive_as_they_were() -> None:
    commands: list[AnyCommand] = [
        Dial(leg="a", uri="sip:b@x", headers={"X-A": "ü"}),
        Hangup(leg="a"),
    ]
    frames = Frames()
    frames.feed(b"".join(map(pack, commands)))
    assert list(frames.commands()) == commands


def test_an_absurd_length_is_refused() -> None:
    frames = Frames()
    frames.feed(b"\xff\xff\xff\xff")
    with pytest.raises(EngineError, match="ytes between bench and worker"):
        list(frames.reports())
