"""The queue between an engine and a consumer: order, times, gaps, and its end."""

import asyncio
import threading

import pytest

from workbench.engine.slices import FRAME_BYTES, Slice
from workbench.feed import AudioFrame, Feed, Gap


def piece(sequence: int, frames: int = 1, *, last: bool = False, sent: bool = True) -> Slice:
    """Make a slice whose samples are the number of their frame."""
    audio = b"".join(
        number.to_bytes(2, "little") * (FRAME_BYTES // 2)
        for number in range(sequence, sequence + frames)
    )
    return Slice(
        leg="a", fork="f", sequence=sequence, media_ms=1000 + 20 * sequence,
        received=audio, sent=audio if sent else b"", last=last,
    )  # fmt: skip


def unheard(_gap: Gap) -> None:
    """Take no note of a gap."""


def numbers(frames: list[AudioFrame]) -> list[int]:
    return [int(frame.received[0]) for frame in frames]


def test_frames_come_in_order_with_their_times() -> None:
    gaps: list[Gap] = []
    feed = Feed(gaps.append)
    feed.put(piece(0))
    feed.put(piece(1, 3, sent=False))
    feed.put(piece(4, 0, last=True))
    frames = list(feed)
    assert numbers(frames) == [0, 1, 2, 3]
    assert [frame.media_ms for frame in frames] == [1000, 1020, 1040, 1060]
    assert frames[0].received.shape == frames[0].sent.shape == (160,)
    assert frames[1].sent.shape == (0,)
    assert (feed.given, feed.lost, gaps) == (4, 0, [])
    with pytest.raises(ValueError, match="read-only"):
        frames[0].received[0] = 1


def test_a_slow_consumer_loses_a_counted_gap_and_goes_on_where_the_call_is() -> None:
    gaps: list[Gap] = []
    feed = Feed(gaps.append, most=10)
    feed.put(piece(0, 25))
    taken = iter(feed)
    first = [next(taken) for _ in range(6)]
    feed.put(piece(25, 3))
    feed.put(piece(28, 0, last=True))
    frames = first + list(taken)
    assert numbers(frames) == [*range(10), 25, 26, 27]
    assert gaps == [Gap(15, 1000 + 20 * 10)]
    assert (feed.given, feed.lost) == (13, 15)
    assert frames[10].media_ms - frames[9].media_ms == 16 * 20


def test_it_recovers_only_when_the_consumer_has_caught_up_by_half() -> None:
    gaps: list[Gap] = []
    feed = Feed(gaps.append, most=10)
    taken = iter(feed)
    for sequence in range(0, 60, 2):
        feed.put(piece(sequence, 2))
        next(taken)
    feed.close()
    assert len(gaps) <= 6
    assert sum(gap.frames for gap in gaps) == feed.lost > 0


def test_what_the_engine_could_not_hand_over_is_a_gap_too() -> None:
    gaps: list[Gap] = []
    feed = Feed(gaps.append)
    feed.put(piece(0, 2))
    feed.put(piece(7, 1))
    feed.put(piece(9, 0, last=True))
    assert numbers(list(feed)) == [0, 1, 7]
    assert gaps == [Gap(5, 1040), Gap(1, 1160)]


def test_a_feed_without_a_limit_keeps_all() -> None:
    feed = Feed(unheard, most=None)
    feed.put(piece(0, 5000))
    feed.close()
    assert len(list(feed)) == 5000


def test_a_consumer_waits_for_frames_and_for_the_end() -> None:
    feed, taken = Feed(unheard), list[AudioFrame]()
    consumer = threading.Thread(target=lambda: taken.extend(feed))
    consumer.start()
    for sequence in range(100):
        feed.put(piece(sequence))
    feed.close()
    consumer.join(10)
    feed.put(piece(100))
    assert numbers(taken) == list(range(100))


def test_an_asynchronous_consumer() -> None:
    feed = Feed(unheard)

    async def consume() -> list[int]:
        return numbers([frame async for frame in feed])

    consumed: list[int] = []
    consumer = threading.Thread(target=lambda: consumed.extend(asyncio.run(consume())))
    consumer.start()
    for sequence in range(100):
        feed.put(piece(sequence))
    feed.put(piece(100, 0, last=True))
    consumer.join(10)
    assert consumed == list(range(100))


def test_an_asynchronous_consumer_that_leaves_harms_nobody() -> None:
    feed = Feed(unheard)
    feed.put(piece(0, 3))

    async def consume() -> int:
        async for frame in feed:
            return int(frame.received[0])
        return -1

    assert asyncio.run(consume()) == 0
    feed.put(piece(3))
    feed.close()
