"""Calls in real time whose services work, fail, hang or talk nonsense: the call goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.stand_in import StandIn, standing_in
from tests.voices import Hum
from workbench import CallControl, Conversation, Speech, Workbench, flow
from workbench import events as ev
from workbench.clock import SystemClock
from workbench.conversation import Limits, Wording
from workbench.engine.loopback import Loopback
from workbench.errors import InvalidAudio
from workbench.flow import Flow
from workbench.replay import replay
from workbench.services import Endpoint, HttpChat, HttpSynthesizer, Key
from workbench.speech.scripted import Said, ScriptedEars

pytestmark = pytest.mark.slow

CANARY = "sk-canary-0123456789abcdef"
LIMITS = Limits(silences=0, listen_s=2.0, first_s=5.0, reply_s=5.0)
CHAT = {
    "fine": "",
    "unstreamed": "",
    "busy-once": "",
    "busy-long": "ServiceBusy",
    "broken": "ServiceFailed",
    "echoing": "ServiceFailed",
    "hanging": "ServiceTimedOut",
    "silent": "ServiceTimedOut",
    "dripping": "ServiceTimedOut",
    "garbage": "ServiceGarbled",
    "oversized": "ServiceGarbled",
    "dropped": "ServiceGarbled",
}
VOICE = {"fine": "", "broken": "answered 500", "hanging": "in time", "garbage": "no audio"}


@flow
async def stay(call: CallControl) -> None:
    await call.sleep(60)


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with standing_in() as running:
        yield running


def endpoint(server: StandIn, behaviour: str) -> Endpoint:
    return Endpoint(
        server.url(behaviour), key=Key(CANARY), total_s=0.8, silence_s=0.4, most_bytes=50_000
    )


def called(folder: Path, ours: Flow, names: list[str], speech: Speech) -> dict[str, Any]:
    """Call each of the names at once; return the histories of the callee's side."""
    with Workbench(folder, engine=Loopback(SystemClock()), speech=speech) as bench:
        here = bench.answer(ours).removeprefix("sip:").rpartition("@")[2]
        for call in [bench.dial(f"sip:{name}@{here}", flow=stay) for name in names]:
            call.wait(60)
        histories = [list(call.wait(60).history) for call in bench.calls]
        bench.check()
    return {
        each[0].to.partition("@")[0].removeprefix("sip:"): each
        for each in histories
        if isinstance(each[0], ev.Offered)
    }


def all_of(history: list[ev.Event], kind: type[ev.Event]) -> list[Any]:
    return [event for event in history if isinstance(event, kind)]


def assert_no_key_in(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert CANARY.encode() not in path.read_bytes(), path


@pytest.fixture(scope="module")
def conversations(
    server: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[ev.Event]]:
    @flow
    async def ours(call: CallControl) -> Any:
        await call.answer()
        behaviour = call.to.partition("@")[0].removeprefix("sip:")
        model = HttpChat(endpoint(server, behaviour), "stand-in")
        return await Conversation(call, model, limits=LIMITS).run()

    folder = tmp_path_factory.mktemp("conversations")
    speech = Speech(ears=ScriptedEars(Said(text="my balance", at_ms=200)), synthesizer=Hum())
    histories = called(folder, ours, list(CHAT), speech)
    asked = len(server.asked)
    for history in histories.values():
        assert replay(history, ours).equal, str(replay(history, ours))
    assert len(server.asked) == asked, "a replay asks no service"
    assert_no_key_in(folder)
    return histories


@pytest.mark.parametrize("behaviour", CHAT)
def test_a_model_may_fail_and_the_call_goes_on(
    conversations: dict[str, list[ev.Event]], behaviour: str
) -> None:
    history = conversations[behaviour]
    said = [event.text for event in all_of(history, ev.PromptRequested)]
    (returned,) = all_of(history, ev.FlowReturned)
    errors = [event.error_type for event in all_of(history, ev.StepReturned)]
    if not CHAT[behaviour]:
        assert said == ["Your balance is 12 euros."]
        assert returned.value["outcome"] == "silent"
        assert errors == [""]
        return
    assert said[-2:] == [Wording().moment, Wording().sorry] or "Your" in said
    assert said[-1] == Wording().sorry
    assert returned.value["outcome"] == "failed"
    assert errors == [CHAT[behaviour]] * 2
    assert all(event.outcome == "completed" for event in all_of(history, ev.PromptFinished))


@pytest.mark.parametrize("behaviour", VOICE)
def test_a_voice_may_fail_and_the_call_goes_on(
    server: StandIn, tmp_path: Path, behaviour: str
) -> None:
    @flow
    async def ours(call: CallControl) -> str:
        await call.answer()
        try:
            return (await call.say("Hello.")).outcome
        except InvalidAudio:
            return (await call.play("invalid.wav")).outcome

    voice = HttpSynthesizer(endpoint(server, behaviour), "tts", "anna")
    speech = Speech(ears=ScriptedEars(), synthesizer=voice)
    (history,) = called(tmp_path, ours, ["voice"], speech).values()
    assert replay(history, ours).equal
    assert_no_key_in(tmp_path)
    finished = all_of(history, ev.PromptFinished)
    assert VOICE[behaviour] in finished[0].reason
    assert finished[-1].outcome == "completed"
    assert len(finished) == 1 + bool(VOICE[behaviour])
