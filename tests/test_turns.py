"""Turns on a scripted call: who interrupts a prompt, what is heard, what is asked again."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import ScriptedCall
from workbench import BargeIn, CallControl, Reprompt, flow
from workbench import events as ev
from workbench.control import YES_OR_NO, Gathered, Played, spoken_digits
from workbench.errors import InvalidInput, NotAllowedNow
from workbench.flow import Flow
from workbench.replay import replay

STOPS = "stop prompt-1"


calls: list[ScriptedCall] = []


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    """Hang up what calls are left, so that their flows end."""
    yield
    while calls:
        call = calls.pop()
        if call.call.ended is None:
            call.hang_up()


def answered(flow: Flow) -> ScriptedCall:
    """Return a call that is up."""
    calls.append(ScriptedCall(flow).answered())
    return calls[-1]


def greeting(rule: Any, seen: list[Played]) -> Flow:
    """Return a flow that lets the caller interrupt a prompt by a rule."""

    @flow
    async def greet(call: CallControl) -> str:
        await call.answer()
        seen.append(await call.play("menu.wav", barge_in=rule))
        return await call.hear(timeout=5)

    return greet


def asking(seen: list[Gathered], **options: Any) -> Flow:
    """Return a flow that asks for speech or digits."""

    @flow
    async def ask(call: CallControl) -> None:
        await call.answer()
        seen.append(await call.gather(speech=True, **options))

    return ask


def begun(flow: Flow, *, words: bool = True) -> ScriptedCall:
    """Return a call that is up and listened to."""
    return answered(flow).listened_to(words=words)


def assert_replays(script: ScriptedCall, flow: Flow) -> None:
    assert replay(script.history, flow).equal, str(replay(script.history, flow))


def test_a_prompt_that_may_be_interrupted_has_the_call_listened_to() -> None:
    script = answered(greeting(rule=True, seen=[]))
    assert script.words[-2:] == ["listen (received)", "play 'menu.wav'"]


def test_speech_stops_the_prompt_and_its_turn_is_heard() -> None:
    seen: list[Played] = []
    greet = greeting(rule=True, seen=seen)
    script = begun(greet)
    assert script.speech_starts() == [STOPS]
    assert not seen, "whether it was words is not known yet"
    script.prompt_ends("prompt-1", "interrupted")
    assert script.seems_to_say("sales") == ["wait 5 s"]
    assert seen == [Played("interrupted", 900, interrupted_by="speech")]
    script.speech_ends()
    script.said("sales please")
    assert "flow returned 'sales please'" in script.turn_ends("sales please")
    script.hang_up()
    assert_replays(script, greet)


def test_a_noise_lets_the_prompt_go_on_where_it_stopped() -> None:
    seen: list[Played] = []
    greet = greeting(rule=True, seen=seen)
    script = begun(greet)
    script.speech_starts()
    script.prompt_ends("prompt-1", "interrupted")
    assert script.speech_ends() == ["wait 3 s"]
    assert script.said("") == ["forget timer-1", "play 'menu.wav', going on at 900 ms"]
    script.speech_starts("u-2")
    script.prompt_ends("prompt-2", "interrupted")
    script.speech_ends("u-2")
    assert script.said("", "u-2")[-1] == "play 'menu.wav', going on at 1800 ms"
    script.prompt_ends("prompt-3")
    assert seen == [Played("completed", 2700)]
    script.hang_up()
    assert_replays(script, greet)


def test_a_recogniser_that_never_answers_does_not_silence_the_prompt() -> None:
    seen: list[Played] = []
    script = begun(greeting(rule=True, seen=seen))
    script.speech_starts()
    script.prompt_ends("prompt-1", "interrupted")
    script.speech_ends()
    assert "play 'menu.wav', going on at 900 ms" in script.hear(ev.TimerFired, timer="timer-1")
    script.prompt_ends("prompt-2")
    assert seen == [Played("completed", 1800)]


def test_an_interruption_that_nobody_could_make_out_is_one() -> None:
    seen: list[Played] = []
    script = begun(greeting(rule=True, seen=seen))
    script.speech_starts()
    script.prompt_ends("prompt-1", "interrupted")
    failed = {"listening": "listening-1", "provider": "p", "error_type": "E", "error": "e"}
    script.hear(ev.RecognitionFailed, utterance="u-1", **failed)
    assert seen == [Played("interrupted", 900, interrupted_by="speech")]


def test_without_a_recogniser_every_speech_interrupts_at_once() -> None:
    seen: list[Played] = []
    script = begun(greeting(rule=True, seen=seen), words=False)
    script.speech_starts()
    script.prompt_ends("prompt-1", "interrupted")
    assert seen == [Played("interrupted", 900, interrupted_by="speech")]


def test_a_prompt_that_need_not_go_on_does_not_wait_for_words() -> None:
    seen: list[Played] = []
    script = begun(greeting(BargeIn(resume=False), seen))
    script.speech_starts()
    script.prompt_ends("prompt-1", "interrupted")
    assert seen == [Played("interrupted", 900, interrupted_by="speech")]


def test_speech_must_be_long_enough() -> None:
    seen: list[Played] = []
    greet = greeting(BargeIn(min_ms=700), seen)
    script = begun(greet)
    assert "expect any, speech of 700 ms" in script.words
    assert script.speech_starts() == []
    assert script.speech_ends() == [], "600 ms of speech were too short"
    assert script.said("") == []
    assert script.speech_starts("u-2") == []
    assert script.speech_lasts(700, "u-2") == [STOPS]
    script.prompt_ends("prompt-1", "interrupted")
    script.seems_to_say("hello", "u-2")
    assert seen == [Played("interrupted", 900, interrupted_by="speech")]
    script.hang_up()
    assert_replays(script, greet)


def test_speech_must_have_words_enough() -> None:
    seen: list[Played] = []
    script = begun(greeting(BargeIn(min_words=2), seen))
    assert script.speech_starts() == []
    assert script.seems_to_say("stop") == []
    assert script.seems_to_say("stop it") == [STOPS]


def test_a_turn_of_too_few_words_is_forgotten() -> None:
    seen: list[Played] = []
    script = begun(greeting(BargeIn(min_words=2), seen))
    assert script.speaks("yes") == []
    assert script.prompt_ends("prompt-1") == ["wait 5 s"], "it waits for another turn"
    assert seen == [Played("completed", 900)]


def test_a_short_word_interrupts_when_it_turns_out_to_be_one() -> None:
    seen: list[Played] = []
    script = begun(greeting(BargeIn(min_ms=5000), seen))
    assert script.speaks("no")[-1] == STOPS
    script.prompt_ends("prompt-1", "interrupted")
    assert seen == [Played("interrupted", 900, interrupted_by="speech")]
    assert "flow returned 'no'" in script.words


def test_a_key_interrupts_unless_the_rule_is_for_speech() -> None:
    for rule, stops in ((BargeIn(), [STOPS]), (BargeIn(digits=False), [])):
        seen: list[Played] = []
        script = begun(greeting(rule, seen))
        assert script.press("1") == stops
        script.prompt_ends("prompt-1", "interrupted" if stops else "completed")
        assert seen[0].interrupted_by == ("digits" if stops else "")


def test_a_prompt_over_which_the_caller_speaks_already_does_not_begin() -> None:
    seen: list[Played] = []

    @flow
    async def late(call: CallControl) -> None:
        await call.answer()
        await call.listen()
        await call.sleep(1)
        seen.append(await call.say("Hello.", barge_in=True))

    script = begun(late)
    script.speech_starts()
    script.hear(ev.TimerFired, timer="timer-1")
    assert "say 'Hello.'" not in script.words
    assert script.seems_to_say("hello") == ["flow returned None", "hang up"]
    assert seen == [Played("interrupted", 0, interrupted_by="speech")]


def test_what_is_said_over_a_prompt_that_nothing_stops_is_not_heard() -> None:
    @flow
    async def announce(call: CallControl) -> str:
        await call.answer()
        await call.listen()
        await call.play("greeting.wav")
        return await call.hear(timeout=5)

    script = begun(announce)
    script.speaks("hello")
    assert script.prompt_ends("prompt-1") == ["wait 5 s"]
    assert "flow returned 'sales'" in script.speaks("sales", "u-2")


def test_hear_waits_as_long_as_somebody_speaks_and_no_longer() -> None:
    @flow
    async def wait(call: CallControl) -> str:
        await call.answer()
        return await call.hear(timeout=5)

    script = begun(wait)
    script.speech_starts()
    assert script.hear(ev.TimerFired, timer="timer-1") == ["wait 60 s"]
    script.speech_ends()
    assert script.said("") == ["forget timer-2", "flow returned ''", "hang up"]
    script.hang_up()
    assert_replays(script, wait)


def test_a_turn_that_came_while_the_flow_was_busy_is_heard() -> None:
    @flow
    async def think(call: CallControl) -> str:
        await call.answer()
        first = await call.hear()
        await call.step("think", str)
        return first + await call.hear()

    script = begun(think)
    script.speaks("one ")
    script.speaks("two", "u-2")
    returned = script.hear(ev.StepReturned, step="step-1", value="")
    assert "flow returned 'onetwo'" in returned


def test_what_the_far_end_is_sent_is_not_its_speech() -> None:
    seen: list[Played] = []
    script = begun(greeting(rule=True, seen=seen))
    of = {"listening": "listening-1", "track": "sent", "start_ms": 0}
    assert script.hear(ev.SpeechStarted, utterance="u-1", **of) == []


def test_who_listens_to_what_the_far_end_is_sent_does_not_hear_it() -> None:
    @flow
    async def check(call: CallControl) -> str:
        await call.answer()
        await call.listen("sent")
        return await call.hear()

    script = begun(check)
    assert script.words[-2:] == ["listen (received)", "wait 10 s"]
    script.hear(ev.ListeningStarted, listening="listening-2", recognizer="script", from_ms=0)
    assert "flow returned 'yes'" in script.speaks("yes")
    script.hang_up()
    assert_replays(script, check)


def test_the_next_flow_hears_on_where_the_last_one_listened() -> None:
    @flow
    async def first(call: CallControl) -> None:
        await call.answer()
        await call.hear()
        await call.become(second)

    @flow
    async def second(call: CallControl) -> str:
        return await call.hear()

    script = begun(first)
    script.speaks("one")
    script.speech_starts("u-2")
    run = script.run.follower(second)
    decided = [draft.kind for draft in run.start(script.history[-1])]
    assert decided == [ev.FlowStarted, ev.TimerRequested], "nobody is asked to listen again"
    assert run.floor.busy
    run.abandon()


def test_a_gather_takes_speech_when_that_comes_first() -> None:
    seen: list[Gathered] = []
    ask = asking(seen, digits=4, say="Who is there?")
    script = begun(ask)
    assert "gather speech or up to 4 digits within 10 s" in script.words
    assert script.speech_starts() == [STOPS]
    script.prompt_ends("prompt-1", "interrupted")
    script.seems_to_say("it")
    script.speech_ends()
    script.said("it is me", confidence=0.8)
    assert "gathered 'it is me' (speech)" in script.turn_ends("it is me")
    assert seen == [Gathered("", "speech", "it is me", 0.8)]
    script.hang_up()
    assert_replays(script, ask)


def test_a_gather_takes_digits_when_they_come_first_even_over_speech() -> None:
    seen: list[Gathered] = []
    ask = asking(seen, digits=2)
    script = begun(ask)
    script.speech_starts()
    script.press("4")
    script.speech_ends()
    script.said("four")
    script.turn_ends("four")
    assert "gathered '42' (digits)" in script.press("2")
    assert seen == [Gathered("42", "digits")]
    script.hang_up()
    assert_replays(script, ask)


def test_a_gather_of_speech_only_takes_no_keys() -> None:
    seen: list[Gathered] = []
    script = begun(asking(seen, digits=0))
    assert script.press("1") == []
    script.speaks("yes")
    assert seen == [Gathered("", "speech", "yes")]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"expect": "yes-no"}, ["expect yes-no", "expect any"]),
        ({"expect": "digits", "digits": 4}, ["expect 4 digits", "expect any"]),
        ({"silence_ms": 900}, ["expect any, silence of 900 ms", "expect any"]),
        ({}, []),
    ],
    ids=str,
)
def test_whoever_listens_is_told_what_to_expect(
    options: dict[str, Any], expected: list[str]
) -> None:
    @flow
    async def ask(call: CallControl) -> str:
        await call.answer()
        await call.gather(speech=True, say="Yes?", **options)
        await call.gather(speech=True, **options)
        return await call.hear()

    script = begun(ask)
    script.prompt_ends("prompt-1")
    for utterance in ("u-1", "u-2", "u-3"):
        script.speaks("yes", utterance)
    assert [words for words in script.words if words.startswith("expect ")] == expected


def test_a_gather_without_an_answer_says_so() -> None:
    seen: list[Gathered] = []
    script = begun(asking(seen))
    script.hear(ev.TimerFired, timer="timer-1")
    assert seen == [Gathered("", "timeout")]
    assert not seen[0]


def test_speech_that_nobody_could_make_out_is_no_match() -> None:
    seen: list[Gathered] = []
    script = begun(asking(seen))
    script.speech_starts()
    failed = {"listening": "listening-1", "provider": "p", "error_type": "E", "error": "e"}
    script.hear(ev.RecognitionFailed, utterance="", **failed)
    assert seen == [Gathered("", "no-match")]


def test_a_gather_goes_on_with_keys_when_nobody_listens() -> None:
    seen: list[Gathered] = []
    script = answered(asking(seen))
    script.hear(ev.ListeningFinished, listening="listening-1", reason="there is no recogniser")
    script.press("7")
    assert seen == [Gathered("7", "digits")]


@pytest.mark.parametrize("verb", ["hear", "gather"])
def test_speech_only_fails_when_nobody_listens(verb: str) -> None:
    @flow
    async def ask(call: CallControl) -> str:
        await call.answer()
        try:
            await (call.hear() if verb == "hear" else call.gather(0, speech=True))
        except NotAllowedNow as error:
            return str(error)
        return ""

    script = answered(ask)
    finished = script.hear(ev.ListeningFinished, listening="listening-1", reason="no port")
    assert any("is not listened to any more: no port." in words for words in finished)


def test_it_asks_again_for_want_of_an_answer_and_of_the_right_one() -> None:
    seen: list[Gathered] = []
    again = [Reprompt(no_input="Are you there?", no_match="Sorry?"), Path("menu.wav")]
    ask = asking(seen, accept=["sales", "service"], reprompts=again)
    script = begun(ask)
    assert "say 'Are you there?'" in script.hear(ev.TimerFired, timer="timer-1")
    script.prompt_ends("prompt-1")
    assert "play 'menu.wav'" in script.speaks("what can I say")
    script.prompt_ends("prompt-2")
    script.speaks("Sales, please!", "u-2")
    assert seen == [Gathered("", "speech", "Sales, please!", choice="sales")]
    script.hang_up()
    assert_replays(script, ask)


def test_the_last_answer_that_was_not_accepted_is_returned_as_such() -> None:
    seen: list[Gathered] = []
    script = begun(asking(seen, accept=["sales"], reprompts=["Sorry?"]))
    assert "say 'Sorry?'" in script.press("1")
    script.prompt_ends("prompt-1")
    script.speaks("nobody")
    assert seen == [Gathered("", "no-match", "nobody")]
    assert not seen[0]


def test_keys_alone_are_asked_for_again_too() -> None:
    seen: list[Gathered] = []

    @flow
    async def ask(call: CallControl) -> None:
        await call.answer()
        seen.append(await call.gather(1, accept=["1", "2"], reprompts=["One or two?"]))

    script = answered(ask)
    assert "say 'One or two?'" in script.press("3")
    script.press("2")
    assert seen == [Gathered("2", "digits", choice="2")]


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("Yes.", "yes"), ("yeah, that's right", "yes"), ("no", "no"), ("1", "yes"),
        ("that's not right", "no"), ("yes and no", None), ("perhaps", None), ("nothing", None),
    ],
)  # fmt: skip
def test_a_choice_is_known_by_its_phrases(answer: str, choice: str | None) -> None:
    seen: list[Gathered] = []
    script = begun(asking(seen, accept=YES_OR_NO))
    if answer.isdigit():
        script.press(answer)
    else:
        script.speaks(answer)
    assert seen[0].choice == choice
    assert bool(seen[0]) == (choice is not None)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("one two three", "123"), ("Double five, oh, 7.", "5507"), ("4 1 1", "411"),
        ("triple zero", "000"), ("one of them", ""), ("", ""),
    ],
)  # fmt: skip
def test_digits_are_read_out_of_words(text: str, digits: str) -> None:
    assert spoken_digits(text) == digits


@pytest.mark.parametrize(
    "options",
    [
        {"barge_in": "yes"}, {"barge_in": BargeIn(min_ms=-1)}, {"accept": 5}, {"accept": []},
        {"accept": {"sales": 5}}, {"reprompts": [""]}, {"digits": -1}, {"accept": "yes"},
        {"expect": "no-yes"}, {"silence_ms": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(options: dict[str, Any]) -> None:
    @flow
    async def ask(call: CallControl) -> str:
        await call.answer()
        try:
            await call.gather(speech=True, **options)
        except InvalidInput as error:
            return str(error)
        return ""

    script = answered(ask)
    returned = script.words[-2]
    assert "flow returned" in returned
    assert "flow returned ''" not in returned


def test_a_hang_up_in_a_question_ends_all_that_it_began() -> None:
    script = begun(asking([], say="Who is there?"))
    script.speech_starts()
    script.hang_up()
    script.prompt_ends("prompt-1", "interrupted")
    assert "gathered '' (cancelled)" in script.words
    assert not [key for key in script.call.open if key[0] in ("timer", "gather")]


@flow
async def conversation(call: CallControl) -> list[str]:
    """Use every verb of turns, again and again."""
    await call.answer()
    said: list[str] = []
    while len(said) < 12:
        rule = BargeIn(min_ms=300 * (len(said) % 3), min_words=len(said) % 2)
        said.append((await call.say("Hello.", barge_in=rule)).interrupted_by)
        said.append(await call.hear(timeout=2))
        asked = await call.gather(
            2, speech=True, play="menu.wav", accept=YES_OR_NO, reprompts=["Sorry?"], timeout=2
        )
        said.append(asked.reason)
    return said


HAPPENS = ["start", "last", "text", "end", "final", "key", "timer", "prompt"]


class AnyCaller:
    """Does at every step what chance says and the moment allows."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.script = begun(conversation)
        self.count = 0
        self.speaking = self.silent = ""

    def step(self) -> None:
        name = self.chance.choice(
            ["start", "last", "text", "end", "final", "key", "timer", "prompt"]
        )
        getattr(self, name)()

    def start(self) -> None:
        if not self.speaking and not self.silent:
            self.count += 1
            self.speaking = f"u-{self.count}"
            self.script.speech_starts(self.speaking)

    def text(self) -> None:
        if self.speaking:
            self.script.seems_to_say(self.chance.choice(["", "yes", "no"]), self.speaking)

    def last(self) -> None:
        if self.speaking:
            self.script.speech_lasts(self.chance.choice([300, 600]), self.speaking)

    def end(self) -> None:
        if self.speaking:
            self.speaking, self.silent = "", self.speaking
            self.script.speech_ends(self.silent)

    def final(self) -> None:
        if self.silent:
            text, name = self.chance.choice(["", "yes", "perhaps not"]), self.silent
            self.silent = ""
            self.script.said(text, name)
            if text and self.chance.random() < 0.8:
                self.script.turn_ends(text, name)

    def key(self) -> None:
        self.script.press(self.chance.choice("12#"))

    def timer(self) -> None:
        for name in self._open("timer")[:1]:
            self.script.hear(ev.TimerFired, timer=name)

    def prompt(self) -> None:
        stops = [e.prompt for e in self.script.history if isinstance(e, ev.PromptStopRequested)]
        for name in self._open("prompt"):
            self.script.prompt_ends(name, "interrupted" if name in stops else "completed")

    def _open(self, kind: str) -> list[str]:
        return [name for what, name in self.script.call.open if what == kind]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_every_turn_replays_and_leaves_nothing_open(seed: int) -> None:
    caller = AnyCaller(seed)
    for _ in range(caller.chance.randrange(40, 240)):
        caller.step()
    script = caller.script
    script.hang_up()
    assert script.run.finished
    assert not [key for key in script.call.open if key[0] in ("timer", "gather")]
    assert not any("failed" in words for words in script.words), script.words[-3:]
    assert_replays(script, conversation)
