"""Who gets through to a socket that is guarded, and who is counted."""

import socket
from collections.abc import Callable, Iterator

import pytest

from workbench.engine.rtpguard import MOST_SOURCES, OTHERS, RtpGuard

Open = Callable[[], socket.socket]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Return a maker of UDP sockets."""
    sockets = []

    def make() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        sockets.append(made)
        return made

    yield make
    for each in sockets:
        each.close()


@pytest.fixture
def guard() -> Iterator[RtpGuard]:
    guard = RtpGuard()
    yield guard
    guard.close()


def name(of: socket.socket) -> str:
    return "{}:{}".format(*of.getsockname())


def drained(by: socket.socket) -> list[bytes]:
    received = []
    try:
        while True:
            received.append(by.recv(100))
    except BlockingIOError:
        return received


def test_only_the_negotiated_peer_is_heard(opened: Open, guard: RtpGuard) -> None:
    ours, peer, stranger = opened(), opened(), opened()
    assert guard.pin(name(ours), name(peer))
    for number in range(50):
        peer.sendto(b"%d" % number, ours.getsockname())
        stranger.sendto(b"x", ours.getsockname())
    assert drained(ours) == [b"%d" % number for number in range(50)]
    assert guard.strangers() == {name(stranger): 50}
    stranger.sendto(b"x", ours.getsockname())
    assert guard.strangers() == {name(stranger): 51}


def test_we_still_send(opened: Open, guard: RtpGuard) -> None:
    ours, peer, other = opened(), opened(), opened()
    guard.pin(name(ours), name(peer))
    for to in (peer, other):
        ours.sendto(b"ours", to.getsockname())
        assert drained(to) == [b"ours"]


def test_the_peer_may_move(opened: Open, guard: RtpGuard) -> None:
    ours, before, after = opened(), opened(), opened()
    guard.pin(name(ours), name(before))
    guard.pin(name(ours), name(after))
    for peer in (before, after):
        peer.sendto(b"%d" % peer.getsockname()[1], ours.getsockname())
    assert drained(ours) == [b"%d" % after.getsockname()[1]]
    assert guard.strangers() == {name(before): 1}


@pytest.mark.parametrize("nowhere", ["0.0.0.0:4000", "127.0.0.1:0", ""])
def test_a_peer_without_an_address_unties_the_socket(
    opened: Open, guard: RtpGuard, nowhere: str
) -> None:
    ours, peer = opened(), opened()
    guard.pin(name(ours), name(peer))
    assert guard.pin(name(ours), nowhere)
    with pytest.raises(OSError, match="not connected"):
        ours.getpeername()


def test_many_strangers_are_counted_together(opened: Open, guard: RtpGuard) -> None:
    ours, peer = opened(), opened()
    guard.pin(name(ours), name(peer))
    for _ in range(MOST_SOURCES + 3):
        opened().sendto(b"x", ours.getsockname())
    counts = guard.strangers()
    assert len(counts) == MOST_SOURCES + 1
    assert counts[OTHERS] == 3


def test_a_socket_that_is_not_there(guard: RtpGuard) -> None:
    assert not guard.pin("127.0.0.1:1", "127.0.0.1:2")
    assert guard.strangers() == {}
