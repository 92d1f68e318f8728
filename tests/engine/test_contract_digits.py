"""What every engine must do with digits: each arrives once, however it was sent."""

import pytest

from tests.engine.stage import Stage
from workbench.commands import DetectDigits, Hangup, SendDigits
from workbench.signals import (
    Answered,
    DetectionStarted,
    DigitEnded,
    DigitReceived,
    DigitsSent,
    MediaMeasured,
    MediaStarted,
    Offered,
    Released,
)

pytestmark = pytest.mark.anyio


def keys(stage: Stage, leg: str) -> str:
    return "".join(s.digit for s in stage.of(leg) if isinstance(s, DigitReceived))


@pytest.mark.parametrize("method", ["rfc4733", "sip-info"])
async def test_each_digit_arrives_once_with_its_length(stage: Stage, method: str) -> None:
    far = await stage.talk()
    await stage.do(SendDigits, "a", sending="d1", digits="1#", method=method, duration_ms=100)
    assert (await stage.until(DigitsSent, "a")).outcome == "completed"
    first = await stage.until(DigitReceived, far, method=method)
    ended = await stage.until(DigitEnded, far, method=method)
    assert (first.digit, ended.digit) == ("1", "1")
    assert abs(ended.duration_ms - 100) <= 20
    assert (await stage.until(DigitEnded, far)).digit == "#"
    await stage.do(Hangup, "a")
    await stage.until(Released, "a")
    await stage.until(Released, far)
    assert [type(signal) for signal in stage.of(far)] == [
        Offered, MediaStarted, Answered, DigitReceived, DigitEnded, DigitReceived, DigitEnded,
        MediaMeasured, Released,
    ]  # fmt: skip


async def test_tones_arrive_where_they_are_looked_for(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(DetectDigits, far)
    assert (await stage.until(DetectionStarted, far)).reason == ""
    await stage.do(SendDigits, "a", sending="d1", digits="159D", method="inband")
    assert (await stage.until(DigitsSent, "a")).outcome == "completed"
    for digit in "159D":
        assert (await stage.until(DigitReceived, far, method="inband")).digit == digit
        ended = await stage.until(DigitEnded, far, method="inband")
        assert abs(ended.duration_ms - 160) <= 40
    assert keys(stage, far) == "159D"


async def test_tones_are_no_digits_unless_they_are_looked_for(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(SendDigits, "a", sending="d1", digits="5", method="inband")
    await stage.do(SendDigits, "a", sending="d2", digits="6")
    await stage.until(DigitReceived, far)
    assert keys(stage, far) == "6"


async def test_a_far_end_that_sends_digits_as_such_is_not_listened_to(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(DetectDigits, far)
    await stage.do(SendDigits, "a", sending="d1", digits="4")
    await stage.do(SendDigits, "a", sending="d2", digits="5", method="inband")
    await stage.do(SendDigits, "a", sending="d3", digits="6", method="sip-info")
    await stage.until(DigitReceived, far, method="sip-info")
    assert keys(stage, far) == "46"
