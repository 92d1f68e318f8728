"""Ends of links on their way from the bench to a worker."""

import socket

import pytest

from workbench.engine.line import LineError
from workbench.engine.mediasocket import MediaSocket, hand


def test_a_worker_finds_the_end_that_it_was_given() -> None:
    bench, worker = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    media = MediaSocket(worker.detach())
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
    for number, (_, theirs) in enumerate(pairs):
        hand(bench, f"link-{number}", theirs)
    for number in (1, 0):
        with media.end_of(f"link-{number}") as end, pairs[number][0] as ours:
            ours.send(b"frame")
            assert end.recv(10) == b"frame"
    with pytest.raises(LineError, match="link-0"):
        media.end_of("link-0")
    bench.close()
    with pytest.raises(LineError, match="link-3"):
        media.end_of("link-3")
    media.close()
