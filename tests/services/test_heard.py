"""Real calls of real speech whose recogniser is a service, which works, fails or hangs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.services.stand_in import StandIn
from workbench import CallControl, Speech, Workbench, flow
from workbench import events as ev
from workbench.replay import replay
from workbench.services import Endpoint, HttpRecognizer, Key

pytestmark = [pytest.mark.sip, pytest.mark.slow]

CANARY = "sk-canary-0123456789abcdef"


@flow
async def hear(call: CallControl) -> dict[str, str]:
    await call.answer()
    answer = await call.gather(0, speech=True, timeout=20)
    played = await call.play("thank-you.wav")
    return {"reason": answer.reason, "speech": answer.speech, "after": played.outcome}


@flow
async def speak(call: CallControl) -> None:
    await call.sleep(1)
    await call.play("caller-short.wav")
    await call.sleep(60)


def answered(folder: Path, recognizer: HttpRecognizer) -> Sequence[ev.Event]:
    """Call once; return the history of the side that listens."""
    with Workbench(folder, speech=Speech(recognizer=recognizer)) as bench:
        placed = bench.dial(bench.answer(hear), flow=speak)
        placed.wait(120)
        ours = [process.cmdline() for process in psutil.Process().children(recursive=True)]
        assert CANARY not in str(ours)
        histories = [call.wait(60).history for call in bench.calls]
        bench.check()
    for path in folder.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
    return next(list(each) for each in histories if isinstance(each[0], ev.Offered))


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [("fine", ""), ("broken", "ServiceFailed"), ("hanging", "ServiceTimedOut")],
)
def test_the_call_goes_on(
    stand_in: StandIn, tmp_path: Path, behaviour: str, error: str
) -> None:
    endpoint = Endpoint(stand_in.url(behaviour), key=Key(CANARY), total_s=2.0, silence_s=1.0)
    history = answered(tmp_path, HttpRecognizer(endpoint, "whisper"))
    asked = len(stand_in.asked)
    assert asked
    assert replay(history, hear).equal, str(replay(history, hear))
    assert len(stand_in.asked) == asked, "a replay asks no service"
    (returned,) = all_of(history, ev.FlowReturned)
    failed = {event.error_type for event in all_of(history, ev.RecognitionFailed)}
    assert failed == ({error} if error else set())
    heard = {"reason": "no-match", "speech": ""}
    if not error:
        heard = {"reason": "speech", "speech": "My account, please."}
    assert returned.value == {**heard, "after": "completed"}


def all_of(history: Sequence[ev.Event], kind: type[ev.Event]) -> list[Any]:
    return [event for event in history if isinstance(event, kind)]
