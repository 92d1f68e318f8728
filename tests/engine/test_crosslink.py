"""The queue of a link: what comes late, in bursts, or not at all."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from workbench.engine.crosslink import CLEARED, MOST, PRIME, CrossLink
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
    assert ours.count.unheard == 0, "nobody is there to hear it"


@pytest.fixture
def talk() -> Iterator[tuple[socket.socket, CrossLink]]:
    """Open the end of somebody who talks, and the line's."""
    person, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link = CrossLink(theirs)
    yield person, link
    person.close()
    link.close()


def test_what_was_said_last_is_spoken_before_the_end(
    talk: tuple[socket.socket, CrossLink],
) -> None:
    person, link = talk
    person.send(frame(1))
    person.close()
    assert not link.gone
    assert [link.speak(), link.gone] == [frame(1), True]
    assert link.count.frames == 1


def test_frames_that_the_person_left_unread_do_not_hide_what_was_said(
    talk: tuple[socket.socket, CrossLink],
) -> None:
    person, link = talk
    link.hear(frame(9))
    for number in range(1, 4):
        person.send(frame(number))
    person.close()
    spoken = [link.speak() for _ in range(5)]
    assert [each for each in spoken if each is not None][:3] == [frame(1), frame(2), frame(3)]
    assert link.gone


@pytest.mark.parametrize("said", [b"x", bytes(FRAME_BYTES - 1), bytes(100)])
def test_what_is_no_frame_is_not_spoken(
    talk: tuple[socket.socket, CrossLink], said: bytes
) -> None:
    person, link = talk
    for _ in range(10):
        person.send(said)
    assert link.speak() is None
    assert (link.count.frames, link.gone) == (0, False)
    person.send(frame(1) + said)
    person.send(frame(2))
    assert [link.speak(), link.speak()] == [frame(1), frame(2)], "what is too long is cut"


def test_who_floods_it_takes_a_bounded_share_of_each_frame(
    talk: tuple[socket.socket, CrossLink],
) -> None:
    person, link = talk
    person.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            person.send(frame(1))
    assert link.speak() == frame(1)
    assert link.count.frames == CLEARED
    assert link.count.lost == CLEARED - MOST
