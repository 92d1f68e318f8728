"""What every engine must do with a transfer: whatever happens, it has one end."""

import pytest

from tests.engine.stage import Stage
from workbench.commands import ExpectRefer, Hangup, NotifyRefer, Transfer
from workbench.signals import (
    Answered,
    MediaMeasured,
    MediaStarted,
    Offered,
    ReferReceived,
    Released,
    Ringing,
    TransferFinished,
    TransferProgressed,
)

pytestmark = pytest.mark.anyio

TARGET = "sip:carol@127.0.0.1:9"


async def test_a_far_end_that_takes_no_transfer(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Transfer, "a", transfer="t1", uri=TARGET)
    finished = await stage.until(TransferFinished, "a", transfer="t1")
    assert (finished.outcome, finished.sip_code) == ("failed", 603)
    await stage.do(Hangup, "a")
    await stage.until(Released, "a")
    await stage.until(Released, far)
    kinds = [type(signal) for signal in stage.of("a") if not isinstance(signal, Ringing)]
    assert kinds == [MediaStarted, Answered, TransferFinished, MediaMeasured, Released]
    assert TransferFinished not in {type(signal) for signal in stage.of(far)}


async def test_one_transfer_at_a_time(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Transfer, far, transfer="t1", uri=TARGET)
    await stage.do(Transfer, far, transfer="t2", uri=TARGET)
    second = await stage.until(TransferFinished, far)
    assert (second.transfer, second.outcome, second.sip_code) == ("t2", "failed", 491)
    assert (await stage.until(TransferFinished, far)).transfer == "t1"


async def test_the_end_of_the_call_ends_its_transfer_first(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Transfer, "a", transfer="t1", uri=TARGET)
    await stage.do(Hangup, "a")
    assert (await stage.until(TransferFinished, "a")).outcome == "interrupted"
    await stage.until(Released, "a")
    await stage.until(Released, far)


async def test_a_call_that_is_not_up_is_not_transferred(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Transfer, far, transfer="t1", uri=TARGET)
    finished = await stage.until(TransferFinished, far)
    assert (finished.outcome, finished.reason) == ("failed", "the call is not up")


async def test_what_may_not_go_onto_the_wire_ends_the_transfer_alone(stage: Stage) -> None:
    await stage.talk()
    await stage.do(Transfer, "a", transfer="t1", uri="sip:c@x?Replaces=1")
    await stage.do(Transfer, "a", transfer="t2", uri=TARGET, headers={"X-A": "b\r\nEvil: 1"})
    for transfer in ("t1", "t2"):
        finished = await stage.until(TransferFinished, "a", transfer=transfer)
        assert (finished.outcome, finished.sip_code) == ("failed", 400)


async def referred(stage: Stage, far: str, transfer: str = "t1") -> str:
    """Let leg a ask its far leg to call the target; return the name of the REFER there."""
    await stage.do(ExpectRefer, far)
    await stage.do(
        Transfer, "a", transfer=transfer, uri=TARGET, replaces="1;to-tag=2;from-tag=3"
    )
    asked = await stage.until(ReferReceived, far)
    assert (asked.to, asked.replaces) == (TARGET, "1;to-tag=2;from-tag=3")
    trying = await stage.until(TransferProgressed, "a", transfer=transfer)
    assert (trying.sip_code, trying.reason) == (100, "Trying")
    return asked.refer


async def test_a_far_end_that_tells_how_it_goes(stage: Stage) -> None:
    far = await stage.talk()
    refer = await referred(stage, far)
    await stage.do(NotifyRefer, far, refer=refer, sip_code=180, reason="Ringing")
    assert (await stage.until(TransferProgressed, "a")).sip_code == 180
    await stage.do(NotifyRefer, far, refer=refer, sip_code=200, reason="OK")
    finished = await stage.until(TransferFinished, "a")
    assert (finished.outcome, finished.sip_code, finished.reason) == ("completed", 200, "OK")
    await stage.do(Hangup, "a")
    await stage.until(Released, "a")
    await stage.until(Released, far)
    kinds = [type(signal) for signal in stage.of("a") if not isinstance(signal, Ringing)]
    assert kinds == [
        MediaStarted, Answered, TransferProgressed, TransferProgressed, TransferFinished,
        MediaMeasured, Released,
    ]  # fmt: skip
    assert [type(signal) for signal in stage.of(far)] == [
        Offered, MediaStarted, Answered, ReferReceived, MediaMeasured, Released,
    ]  # fmt: skip


async def test_a_far_end_whose_target_is_busy_is_asked_again(stage: Stage) -> None:
    far = await stage.talk()
    refer = await referred(stage, far)
    await stage.do(NotifyRefer, far, refer=refer, sip_code=486, reason="Busy Here")
    finished = await stage.until(TransferFinished, "a")
    assert (finished.outcome, finished.sip_code) == ("failed", 486)
    again = await referred(stage, far, "t2")
    assert again != refer
    await stage.do(NotifyRefer, far, refer=again, sip_code=603, reason="Decline")
    finished = await stage.until(TransferFinished, "a", transfer="t2")
    assert (finished.outcome, finished.sip_code) == ("failed", 603)


async def test_what_is_told_of_no_refer_goes_nowhere(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(NotifyRefer, far, refer="refer-9", sip_code=200)
    await stage.do(Hangup, far)
    await stage.until(Released, "a")
    assert not [each for each in stage.signals if isinstance(each, TransferFinished)]
