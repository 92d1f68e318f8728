"""The queue of a link: what comes late, in bursts, or not at all."""

import socket
from collections.abc import Iterator

import pytest

from workbench.engine.crosslink import MOST, PRIME, CrossLink
from workbench.engine.ports import FRAME_BYTES


def frame(number: int) -> bytes:
    return bytes([number]) * FRAME_BYTES


@pytest.fixture
def ends() -> Iterator[tuple[CrossLink, CrossLink]]:
    """Open both ends of a link."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    links = CrossLink(ours), CrossLink(theirs)
    yield links
    for link in links:
        link.close()


def test_frames_come_in_order_behind_a_short_queue(ends: tuple[CrossLink, CrossLink]) -> None:
    ours, theirs = ends
    heard = []
    for number in range(1, 6):
        ours.hear(frame(number))
        heard.append(theirs.speak())
    assert heard == [None] * (PRIME - 1) + [frame(number) for number in range(1, 7 - PRIME)]
    assert (theirs.count.lost, theirs.count.late) == (0, 0)


def test_a_late_frame_is_bridged_by_the_one_before(ends: tuple[CrossLink, CrossLink]) -> None:
    ours, theirs = ends
    for number in (1, 2):
        ours.hear(frame(number))
    heard = [theirs.speak() for _ in range(4)]
    assert heard == [frame(1), frame(2), frame(2), None]
    assert theirs.count.late == 1


def test_what_came_in_a_burst_does_not_delay_for_ever(
    ends: tuple[CrossLink, CrossLink],
) -> None:
    ours, theirs = ends
    for number in range(10):
        ours.hear(frame(number))
    assert theirs.speak() == frame(10 - MOST)
    assert theirs.count.lost == 10 - MOST


def test_an_end_that_does_not_read_holds_nobody_up(ends: tuple[CrossLink, CrossLink]) -> None:
    ours, theirs = ends
    for number in range(2000):
        ours.hear(frame(number % 256))
    assert ours.count.unheard > 0
    assert theirs.speak() is not None


def test_an_end_that_is_gone_is_silence(ends: tuple[CrossLink, CrossLink]) -> None:
    ours, theirs = ends
    theirs.close()
    ours.hear(frame(1))
    assert ours.speak() is None
    assert ours.count.unheard == 1
