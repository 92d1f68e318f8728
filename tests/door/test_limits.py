"""Tokens that come back with time."""

from workbench.door.limits import MOST_SOURCES, Bucket, Buckets


def test_a_bucket_fills_again_and_never_over_its_size() -> None:
    bucket = Bucket(rate=2.0, size=3.0, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]


def test_each_has_a_bucket_of_its_own() -> None:
    buckets = Buckets(1.0, 1.0, lambda: 0.0)
    assert buckets.take("192.0.2.1")
    assert not buckets.take("192.0.2.1")
    assert buckets.take("192.0.2.2")


def test_addresses_without_number_fill_no_memory() -> None:
    buckets = Buckets(1.0, 1.0, lambda: 0.0)
    for number in range(MOST_SOURCES + 5):
        buckets.take(str(number))
    assert len(buckets._buckets) == MOST_SOURCES
