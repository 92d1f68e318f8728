"""A stand-in for services, for each test."""

from collections.abc import Iterator

import pytest

from tests.services.stand_in import StandIn, standing_in


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with standing_in() as server:
        yield server
