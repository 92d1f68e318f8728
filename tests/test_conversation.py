"""Conversations in the simulation: what is said, what the model is told, what is on record."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.simulation import Simulation
from tests.voices import Hum, Mute
from workbench import events as ev
from workbench.chat import ChatModel, Message, Piece
from workbench.chat.rules import RuleModel, ScriptedModel, Use, pieces_of
from workbench.chat.tools import FlowTool, Goodbye, HandOff
from workbench.control import CallControl
from workbench.conversation import Conversation, Limits, Wording
from workbench.engine.loopback import FarEnd
from workbench.errors import InvalidInput, ServiceBusy
from workbench.flow import Flow, flow
from workbench.prompts import Voice
from workbench.replay import replay
from workbench.speech.scripted import Line, Said, ScriptedEars, Told

pytestmark = pytest.mark.anyio

BYE = Use("end_call")
PERSON = HandOff(
    name="clerk", to="sip:clerk@127.0.0.1", when="When asked.", say="I connect you."
)
STAYS = FarEnd(hangs_up_after_s=600)
NOTICE = "A long story about many things that take time. And more of it. And still more of it."


class Story:
    """A call that was talked through, and replayed."""

    def __init__(self, history: list[ev.Event], messages: list[Message]) -> None:
        self.history, self.messages = history, messages

    def all(self, kind: type[ev.Event]) -> list[Any]:
        return [event for event in self.history if isinstance(event, kind)]

    @property
    def said(self) -> list[str]:
        """What was spoken."""
        return [event.text or event.source for event in self.all(ev.PromptRequested)]

    @property
    def outcome(self) -> tuple[str, str]:
        """How it ended, and why."""
        value = self.all(ev.FlowReturned)[0].value
        return value["outcome"], value["reason"]

    @property
    def told(self) -> list[tuple[str, str]]:
        """What the model would be told next."""
        return [(message["role"], message["content"]) for message in self.messages]


async def talk(
    folder: Path,
    model: ChatModel,
    *lines: Line,
    far: FarEnd = STAYS,
    voice: Voice | None = None,
    callee: FarEnd | None = None,
    greeting: str = "",
    **options: Any,
) -> Story:
    """Have a conversation in which the caller says these lines, and replay it."""
    kept: list[Conversation] = []

    @flow
    async def ours(call: CallControl) -> Any:
        await call.answer()
        talking = Conversation(call, model, **options)
        kept.append(talking)
        return await talking.run(greeting)

    ears = ScriptedEars(*lines)
    async with Simulation(folder, inbound=ours, ears=ears, voice=voice or Hum()) as simulation:
        if callee is not None:
            simulation.engine.far_end("clerk", callee)
        simulation.engine.offer(far)
        await simulation.until_closed(1 if callee is None else 2)
        histories = [history for _, history in simulation.log.histories()]
    (history,) = (list(each) for each in histories if isinstance(each[0], ev.Offered))
    assert replay(history, without_a_model(ours, model)).equal, str(replay(history, ours))
    return Story(history, kept[0].messages)


def without_a_model(ours: Flow, model: Any) -> Flow:
    """Return the flow, with a model that must not be asked."""

    def reply(*_args: Any) -> Iterator[Piece]:
        raise AssertionError("a replay asked the model")

    model.reply = reply
    return ours


def heard(*texts: str, at_ms: int = 1000, apart_ms: int = 10_000) -> list[Said]:
    return [
        Said(text=text, at_ms=at_ms + number * apart_ms) for number, text in enumerate(texts)
    ]


async def test_the_caller_is_heard_and_the_model_is_spoken(tmp_path: Path) -> None:
    model = ScriptedModel("It is Tuesday. Anything else?", BYE)
    story = await talk(
        tmp_path, model, *heard("what day is it", "no thanks", at_ms=4000),
        greeting="Welcome.", instructions="Be brief.", tools=[Goodbye(say="Goodbye.")],
    )  # fmt: skip
    assert story.said == ["Welcome.", "It is Tuesday.", "Anything else?", "Goodbye."]
    assert story.outcome == ("goodbye", "")
    assert story.told == [
        ("system", "Be brief."),
        ("assistant", "Welcome."),
        ("user", "what day is it"),
        ("assistant", "It is Tuesday. Anything else?"),
        ("user", "no thanks"),
        ("assistant", ""),
    ]


async def test_what_came_meanwhile_is_spoken_as_one(tmp_path: Path) -> None:
    model = ScriptedModel("One. Two three. Four!")
    story = await talk(tmp_path, model, *heard("hello"), limits=Limits(silences=0))
    assert story.said == ["One.", "Two three. Four!"]
    assert story.told[-1] == ("assistant", "One. Two three. Four!")


class Slow:
    """Takes many turns of the loop between one sentence and the next."""

    name = "slow"

    async def reply(self, messages: Any, tools: Any) -> AsyncIterator[Piece]:
        for word in ("One ", "sentence. ", "And ", "another."):
            yield {"text": word}
            for _ in range(60):
                await asyncio.sleep(0)


async def test_the_first_sentence_is_spoken_while_the_second_is_still_to_come(
    tmp_path: Path,
) -> None:
    story = await talk(tmp_path, Slow(), *heard("hello"), limits=Limits(turns=1))
    assert story.said[:2] == ["One sentence.", "And another."]
    first = next(i for i, e in enumerate(story.history) if isinstance(e, ev.PromptRequested))
    last = max(i for i, e in enumerate(story.history) if isinstance(e, ev.StepYielded))
    assert first < last


class Endless:
    """Never stops talking, until it is stopped."""

    name = "endless"

    def __init__(self) -> None:
        self.stopped = 0

    async def reply(self, messages: Any, tools: Any) -> AsyncIterator[Piece]:
        try:
            for word in NOTICE.split():
                yield {"text": word + " "}
            await asyncio.Event().wait()
        finally:
            self.stopped += 1


async def test_the_caller_speaks_over_the_reply_and_the_model_learns_what_was_heard(
    tmp_path: Path,
) -> None:
    model = Endless()
    lines = [Said(text="tell me", at_ms=1000), Said(text="stop please", at_ms=5500)]
    story = await talk(
        tmp_path, model, *lines, limits=Limits(turns=2, reply_s=20.0, silences=0)
    )
    cut = [e for e in story.all(ev.PromptFinished) if e.outcome == "interrupted"]
    assert len(cut) == 1
    assert story.told[1][0] == "assistant"
    assert NOTICE.startswith(story.told[1][1])
    assert 0 < len(story.told[1][1]) < len(NOTICE)
    finished = story.all(ev.PromptFinished)
    of_first = finished[: finished.index(cut[0]) + 1]
    assert story.told[1][1] == " ".join(event.heard for event in of_first)
    assert story.told[2] == ("user", "stop please")
    kinds = [type(event) for event in story.history]
    second = kinds.index(ev.GatherRequested, kinds.index(ev.GatherRequested) + 1)
    assert kinds.index(ev.StepStopRequested) < second, "whoever is interrupted stops thinking"
    assert model.stopped == len(story.all(ev.StepStopRequested))


def balance(account: str) -> dict[str, float]:
    """Tell what is in an account."""
    if account == "0000":
        raise LookupError("no such account")
    return {"amount": 12.5}


BANK: list[tuple[str, Any]] = [
    (r"balance of (\d+)", Use("balance", {"account": "{1}"})),
    (r"wrong", Use("balance", {"number": 5})),
    (r"nothing", Use("vanish")),
    (r"bye", BYE),
]


async def bank(folder: Path, text: str, **options: Any) -> Story:
    model = RuleModel(BANK, results={"balance": "You have {amount:.2f} euros."})
    tools = [options.pop("tool", balance), Goodbye()]
    return await talk(folder, model, *heard(text, "bye"), tools=tools, **options)


async def test_a_tool_runs_as_a_step_and_its_result_is_said(tmp_path: Path) -> None:
    story = await bank(tmp_path, "the balance of 4711")
    assert story.said == ["You have 12.50 euros."]
    assert [step.name for step in story.all(ev.StepRequested)][:2] == ["rules", "balance"]
    assert ("tool", '{"amount":12.5}') in story.told


def slow_balance(account: str) -> None:
    """Take for ever."""
    raise TimeoutError


slow_balance.__name__ = "balance"


def long_balance(account: str) -> str:
    """Say too much."""
    return "x" * 9000


long_balance.__name__ = "balance"


@pytest.mark.parametrize(
    ("text", "tool", "error"),
    [
        ("the balance of 0000", balance, "LookupError: no such account"),
        ("wrong", balance, "These arguments of balance cannot be used"),
        ("nothing", balance, "There is no tool 'vanish'."),
        ("the balance of 1", slow_balance, "TimeoutError"),
        ("the balance of 1", long_balance, "The result is too long."),
    ],
)
async def test_a_tool_that_fails_is_told_to_the_model(
    tmp_path: Path, text: str, tool: Callable[..., Any], error: str
) -> None:
    story = await bank(tmp_path, text, tool=tool)
    assert story.said == ["I am sorry, that did not work."]
    (content,) = [content for role, content in story.told if role == "tool"]
    assert error in content


async def ask_for_account(call: CallControl, most: int = 2) -> dict[str, str]:
    """Ask the caller for the number."""
    answer = await call.gather(most, say="Your number, please.")
    return {"account": answer.digits}


async def test_a_tool_of_the_flow_has_its_verbs(tmp_path: Path) -> None:
    model = RuleModel(
        [("account", Use("ask_for_account", {"most": 4})), ("bye", BYE)],
        results={"ask_for_account": "You are number {account}."},
    )
    story = await talk(
        tmp_path, model, *heard("my account", "bye"), far=FarEnd(
            digits=((5.0, "4"), (5.5, "7"), (6.0, "1"), (6.5, "1")), hangs_up_after_s=600
        ), tools=[FlowTool(ask_for_account), Goodbye()],
    )  # fmt: skip
    assert story.said == ["Your number, please.", "You are number 4711."]
    assert story.outcome == ("goodbye", "")


async def waits(account: str) -> None:
    """Never return."""
    await asyncio.Event().wait()


waits.__name__ = "balance"


async def test_a_tool_that_hangs_is_given_up(tmp_path: Path) -> None:
    story = await bank(tmp_path, "the balance of 1", tool=waits, limits=Limits(tool_s=2.0))
    assert ("tool", '{"error":"balance took too long."}') in story.told


async def test_the_caller_is_handed_to_a_person(tmp_path: Path) -> None:
    model = ScriptedModel(Use("clerk"))
    story = await talk(
        tmp_path, model, *heard("a person please"), tools=[PERSON],
        callee=FarEnd(hangs_up_after_s=5),
    )  # fmt: skip
    assert story.outcome == ("handed-off", "clerk")
    assert story.said[0] == "I connect you."
    assert story.all(ev.DialFinished)[0].outcome == "answered"


async def test_when_the_person_is_busy_the_model_learns_it(tmp_path: Path) -> None:
    model = ScriptedModel(Use("clerk"), "They are busy.", BYE)
    story = await talk(
        tmp_path, model, *heard("a person please", "bye"), tools=[PERSON, Goodbye()],
        callee=FarEnd(refuses_with=486),
    )  # fmt: skip
    assert "They are busy." in story.said
    assert ("tool", '{"error":"clerk cannot be reached: busy."}') in story.told


@pytest.mark.parametrize("answer", [200, 603])
async def test_the_callers_side_is_asked_to_call_a_person(tmp_path: Path, answer: int) -> None:
    person = HandOff(name="clerk", to=PERSON.to, when="When asked.", how="transfer")
    far = FarEnd(hangs_up_after_s=120, transfer=((0.0, 180), (1.0, answer)))
    model = ScriptedModel(Use("clerk"), "They did not answer.")
    story = await talk(
        tmp_path, model, *heard("a person please"), tools=[person], far=far,
        limits=Limits(silences=0),
    )  # fmt: skip
    if answer == 200:
        assert story.outcome == ("handed-off", "clerk")
    else:
        assert story.said == ["They did not answer."]
        assert story.outcome == ("silent", "")


class Failing:
    """Fails so many times before it answers."""

    name = "failing"

    def __init__(self, times: int, *before: str) -> None:
        self.left, self.before = times, before

    def reply(self, messages: Sequence[Message], tools: Any) -> Iterator[Piece]:
        if self.left:
            self.left -= 1
            yield from ({"text": word} for word in self.before)
            raise ServiceBusy("models.example.com is busy (429).")
        yield from pieces_of("All is well.")


async def test_a_model_that_fails_once_is_asked_again(tmp_path: Path) -> None:
    story = await talk(tmp_path, Failing(1), *heard("hello"), limits=Limits(silences=0))
    assert story.said == ["One moment, please.", "All is well."]
    assert story.all(ev.StepReturned)[0].error_type == "ServiceBusy"


async def test_what_was_said_before_it_failed_is_remembered(tmp_path: Path) -> None:
    story = await talk(
        tmp_path, Failing(1, "Let me see. ", "I th"), *heard("hello"),
        limits=Limits(silences=0),
    )  # fmt: skip
    assert story.said == ["Let me see.", "I th", "One moment, please.", "All is well."]
    assert story.told[-1] == ("assistant", "Let me see. I th All is well.")


async def test_a_model_that_fails_twice_is_given_up(tmp_path: Path) -> None:
    story = await talk(tmp_path, Failing(2), *heard("hello"))
    assert story.said == [Wording().moment, Wording().sorry]
    assert story.outcome == ("failed", "ServiceBusy: models.example.com is busy (429).")


async def test_the_fallback_is_a_person(tmp_path: Path) -> None:
    story = await talk(
        tmp_path, Failing(2), *heard("hello"), fallback=PERSON,
        callee=FarEnd(hangs_up_after_s=5),
    )  # fmt: skip
    assert story.outcome[0] == "handed-off"
    assert story.said == [Wording().moment, PERSON.say]


async def test_nobody_is_there_to_fall_back_to(tmp_path: Path) -> None:
    story = await talk(
        tmp_path, Failing(2), *heard("hello"), fallback=PERSON,
        callee=FarEnd(refuses_with=486),
    )  # fmt: skip
    assert story.outcome[0] == "failed"
    assert story.said == [Wording().moment, PERSON.say, Wording().sorry]


class Hanging:
    """Says so much, and then nothing."""

    name = "hanging"

    def __init__(self, *words: str) -> None:
        self.words = words

    async def reply(self, messages: Any, tools: Any) -> AsyncIterator[Piece]:
        for word in self.words:
            yield {"text": word}
        await asyncio.Event().wait()


@pytest.mark.parametrize("words", [(), ("Well, ", "wait. ", "I")])
async def test_a_model_that_hangs_is_given_up(tmp_path: Path, words: tuple[str, ...]) -> None:
    story = await talk(tmp_path, Hanging(*words), *heard("hello"))
    assert story.outcome == ("failed", "hanging took too long.")
    assert story.said[-1] == Wording().sorry
    assert len(story.all(ev.StepStopRequested)) == 2


class Babbling:
    """Gives pieces that are none."""

    name = "babbling"

    def reply(self, messages: Any, tools: Any) -> Iterator[Any]:
        yield from (None, 5, {}, {"text": 7}, {"tool": "x"}, {"tool": {"name": []}}, "text")
        yield {"end": {"tokens_out": "many"}}


async def test_pieces_that_are_none_say_nothing(tmp_path: Path) -> None:
    story = await talk(tmp_path, Babbling(), *heard("hello"), limits=Limits(silences=0))
    assert (story.said, story.outcome) == ([], ("silent", ""))


async def test_a_silent_caller_is_asked_twice(tmp_path: Path) -> None:
    story = await talk(tmp_path, ScriptedModel("Hello."))
    assert story.said == ["Are you still there?"] * 2
    assert story.outcome == ("silent", "")


async def test_speech_that_nobody_made_out_is_asked_for_again(tmp_path: Path) -> None:
    lost = Told(
        kind=ev.RecognitionFailed, at_ms=1600,
        fields={"provider": "x", "error_type": "ServiceTimedOut", "error": "hangs",
                "utterance": "1"},
    )  # fmt: skip
    begun = Told(
        kind=ev.SpeechStarted, at_ms=1000,
        fields={"utterance": "1", "track": "received", "start_ms": 900},
    )  # fmt: skip
    story = await talk(
        tmp_path, ScriptedModel("Good."), begun, lost, Said(text="hello", at_ms=9000),
        limits=Limits(silences=1),
    )  # fmt: skip
    assert story.said[:2] == [Wording().unclear, "Good."]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(turns=1), "turns"),
        (Limits(tokens=2), "tokens"),
        (Limits(seconds=3.0), "seconds"),
        (Limits(tools=2), "tools"),
    ],
)
async def test_limits_end_it(tmp_path: Path, limits: Limits, reason: str) -> None:
    model: ChatModel = ScriptedModel("All is well.")
    if reason == "tools":
        model = ScriptedModel(Use("balance", {"account": "1"}))
    story = await talk(tmp_path, model, *heard("hello"), tools=[balance], limits=limits)
    assert story.outcome == ("limit", reason)
    assert story.said[-1] == Wording().sorry


async def test_a_voice_that_fails_gives_way_to_a_recording(tmp_path: Path) -> None:
    story = await talk(
        tmp_path, ScriptedModel("All is well."), *heard("hello"), voice=Mute(),
        wording=Wording(recorded="goodbye.wav"),
    )  # fmt: skip
    assert story.outcome[0] == "failed"
    assert "did not answer in time" in story.outcome[1]
    assert story.said[-1] == "goodbye.wav"
    assert story.all(ev.PromptFinished)[-1].outcome == "completed"


async def test_a_voice_that_fails_in_the_middle_of_a_reply(tmp_path: Path) -> None:
    story = await talk(
        tmp_path, ScriptedModel("One. Two! Three!"), *heard("hello"),
        voice=Mute("One.", "Two!", Wording().sorry),
    )  # fmt: skip
    assert story.outcome[0] == "failed"
    assert story.said == ["One.", "Two! Three!", Wording().sorry]
    assert story.all(ev.PromptFinished)[1].heard == "Two!"


async def test_a_voice_that_fails_gives_way_to_a_person(tmp_path: Path) -> None:
    story = await talk(
        tmp_path, ScriptedModel("All is well."), *heard("hello"), voice=Mute(),
        fallback=PERSON, callee=FarEnd(hangs_up_after_s=5),
    )  # fmt: skip
    assert story.outcome[0] == "handed-off"


async def test_the_end_of_the_call_ends_it_in_the_middle_of_a_reply(tmp_path: Path) -> None:
    model = Endless()
    story = await talk(tmp_path, model, *heard("hello"), far=FarEnd(hangs_up_after_s=5))
    assert model.stopped == 1
    assert story.history[-1].TOPIC in ("call.flow_returned", "call.step_returned")


async def test_nobody_listens(tmp_path: Path) -> None:
    gone = Told(kind=ev.ListeningFinished, at_ms=100, fields={"reason": "no process"})
    story = await talk(tmp_path, ScriptedModel("Hello."), gone)
    assert story.outcome[0] == "failed"
    assert "not listened to" in story.outcome[1]


async def test_two_tools_of_one_name(tmp_path: Path) -> None:
    @flow
    async def ours(call: CallControl) -> None:
        await call.answer()
        Conversation(call, ScriptedModel("x"), tools=[PERSON, PERSON])

    async with Simulation(tmp_path, inbound=ours) as simulation:
        simulation.engine.offer(STAYS)
        ((*history,),) = await simulation.until_closed()
    (failed,) = [event for event in history if isinstance(event, ev.FlowFailed)]
    assert failed.error_type == InvalidInput.__name__
