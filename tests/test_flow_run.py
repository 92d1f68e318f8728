"""A flow on a scripted call: what each verb decides, and how flows end."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest

from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.control import CallControl, Gathered
from workbench.errors import CallEnded, InvalidInput, NotAllowedNow, StepFailed
from workbench.flow import Flow, flow
from workbench.replay import replay
from workbench.views.wording import in_words

TIMEOUT_CLEANUP = "tidied"


def test_a_gather_collects_what_is_pressed_and_forgets_its_timer() -> None:
    seen: list[Gathered] = []

    @flow
    async def ask(call: CallControl) -> None:
        await call.answer()
        seen.append(await call.gather(2, timeout=5))

    script = ScriptedCall(ask).answered()
    assert script.press("4") == ["forget timer-1", "wait 4 s"]
    assert script.press("2")[:2] == ["forget timer-2", "gathered '42' (digits)"]
    assert seen == [Gathered("42", "digits")]


def test_digits_pressed_before_a_gather_are_its_first() -> None:
    @flow
    async def ask(call: CallControl) -> str:
        await call.answer()
        await call.play("greeting.wav")
        return (await call.gather(2)).digits

    script = ScriptedCall(ask).answered()
    script.press("12")
    assert "gathered '12' (digits)" in script.prompt_ends("prompt-1")


def test_a_digit_stops_the_prompt_of_its_gather() -> None:
    @flow
    async def ask(call: CallControl) -> str:
        await call.answer()
        return (await call.gather(1, play="menu.wav")).digits

    script = ScriptedCall(ask).answered()
    assert script.press("1")[:2] == ["stop prompt-1", "gathered '1' (digits)"]


@pytest.mark.parametrize(
    ("keys", "finish_on", "gathered"),
    [("12#", "#", "gathered '12' (finish_on)"), ("1#", "", "gathered '1#' (digits)")],
)
def test_a_finishing_key_ends_a_gather(keys: str, finish_on: str, gathered: str) -> None:
    @flow
    async def ask(call: CallControl) -> None:
        await call.answer()
        await call.gather(4 if finish_on else 2, finish_on=finish_on)

    assert gathered in ScriptedCall(ask).answered().press(keys)


def test_a_gather_without_digits_times_out() -> None:
    @flow
    async def ask(call: CallControl) -> bool:
        await call.answer()
        return bool(await call.gather(1, timeout=3))

    script = ScriptedCall(ask).answered()
    decided = script.hear(ev.TimerFired, timer="timer-1")
    assert decided == ["gathered '' (timeout)", "flow returned False", "hang up"]


def test_two_gathers_at_once_share_the_digits() -> None:
    @flow
    async def ask(call: CallControl) -> None:
        await call.answer()
        async with asyncio.TaskGroup() as group:
            group.create_task(call.gather(1))
            group.create_task(call.gather(1))

    script = ScriptedCall(ask).answered()
    assert "gathered '1' (digits)" in script.press("1")
    assert "gathered '2' (digits)" in script.press("2")


def test_a_timeout_around_a_prompt_stops_it() -> None:
    @flow
    async def greet(call: CallControl) -> str:
        await call.answer()
        try:
            async with asyncio.timeout(2):
                await call.play("long.wav")
        except TimeoutError:
            return "cut"
        return "whole"

    decided = ScriptedCall(greet).answered().hear(ev.TimerFired, timer="timer-1")
    assert decided == ["stop prompt-1", "flow returned 'cut'", "hang up"]


@pytest.mark.parametrize("where", ["prompt", "sleep", "gather", "step", "queue", "group"])
def test_a_hang_up_ends_the_flow_wherever_it_waits(where: str) -> None:
    @flow
    async def wait(call: CallControl) -> str:
        await call.answer()
        try:
            await _wait_in(where, call)
        except CallEnded as ended:
            await call.step("tidy", str)
            return f"{ended.by} left"
        return "went on"

    script = ScriptedCall(wait).answered()
    assert "step 'tidy'" in script.hang_up()
    step = "step-2" if where == "step" else "step-1"
    assert script.hear(ev.StepReturned, step=step) == ["flow returned 'caller left'"]
    assert not [key for key in script.call.open if key[0] in ("timer", "gather")]


async def _wait_in(where: str, call: CallControl) -> None:
    if where == "prompt":
        await call.play("a.wav")
    elif where == "sleep":
        await asyncio.sleep(60)
    elif where == "gather":
        await call.gather(3, play="a.wav")
    elif where == "step":
        await call.step("ask", str)
    elif where == "queue":
        await asyncio.Queue[int]().get()
    else:
        async with asyncio.TaskGroup() as group:
            group.create_task(call.play("a.wav"))
            group.create_task(call.sleep(60))


def test_a_prompt_that_the_hang_up_cut_is_not_heard_of_first() -> None:
    @flow
    async def greet(call: CallControl) -> None:
        await call.answer()
        await call.play("a.wav")
        await call.step("charge the card", str)

    script = ScriptedCall(greet).answered()
    assert script.prompt_ends("prompt-1", "interrupted") == []
    assert script.hang_up() == ["flow returned None"]


def test_a_verb_after_the_end_raises_and_cleanup_runs() -> None:
    cleaned: list[str] = []

    @flow
    async def greet(call: CallControl) -> None:
        await call.answer()
        try:
            await call.hangup()
            await call.play("too late.wav")
        finally:
            cleaned.append(str(call.ended))

    script = ScriptedCall(greet).answered()
    assert script.hang_up() == ["flow returned None"]
    assert cleaned == ["True"]


def test_a_flow_that_raises_is_on_record_with_its_traceback_and_line() -> None:
    @flow
    async def broken(call: CallControl) -> None:
        await call.answer()
        raise LookupError("no such account")

    script = ScriptedCall(broken).answered()
    failed = next(event for event in script.history if isinstance(event, ev.FlowFailed))
    assert (failed.error_type, failed.error) == ("LookupError", "no such account")
    assert 'raise LookupError("no such account")' in failed.traceback
    assert failed.file == "test_flow_run.py"
    assert isinstance(script.history[-1], ev.HangupRequested)


@pytest.mark.parametrize("leave", [SystemExit, KeyboardInterrupt])
def test_a_flow_cannot_end_the_process(leave: type[BaseException]) -> None:
    @flow
    async def leaving(call: CallControl) -> None:
        raise leave

    assert f"flow failed with {leave.__name__}:" in ScriptedCall(leaving).words


def test_a_flow_that_spins_fails_instead_of_stopping_everything() -> None:
    @flow
    async def spin(call: CallControl) -> None:
        for _ in itertools.count():
            await asyncio.sleep(0)

    assert any("it spins" in words for words in ScriptedCall(spin).words)


def test_threads_are_refused_with_the_remedy() -> None:
    @flow
    async def threads(call: CallControl) -> None:
        await asyncio.to_thread(random.random)

    assert any("await call.step" in words for words in ScriptedCall(threads).words)


def test_a_verb_before_the_answer_says_what_to_do() -> None:
    @flow
    async def hasty(call: CallControl) -> None:
        with pytest.raises(NotAllowedNow, match=r"await call\.answer\(\)"):
            await call.play("a.wav")

    assert "flow returned None" in ScriptedCall(hasty).words


def test_a_step_gives_back_what_is_on_record() -> None:
    @flow
    async def steps(call: CallControl) -> list[object]:
        await call.answer()
        value = await call.step("good", dict)
        with pytest.raises(StepFailed, match="ValueError: no"):
            await call.step("bad", dict)
        return [value]

    script = ScriptedCall(steps).answered()
    script.hear(ev.StepReturned, step="step-1", value={"a": 1})
    decided = script.hear(ev.StepReturned, step="step-2", error_type="ValueError", error="no")
    assert decided[0] == "flow returned [{'a': 1}]"


def test_time_and_chance_are_the_same_in_every_replay() -> None:
    @flow
    async def chancy(call: CallControl) -> None:
        await call.answer()
        await call.play(f"{call.random.random()}-{call.now().isoformat()}.wav")
        await asyncio.sleep(call.random.uniform(1, 9))

    script = ScriptedCall(chancy).answered()
    script.prompt_ends("prompt-1")
    assert replay(script.history, chancy).equal


def test_a_task_that_is_left_over_ends_with_the_flow() -> None:
    @flow
    async def forgetful(call: CallControl) -> None:
        await call.answer()
        call_later = asyncio.get_running_loop().create_task(call.sleep(60))
        await asyncio.sleep(0)
        assert not call_later.done()

    script = ScriptedCall(forgetful).answered()
    assert script.words[-4:] == ["wait 60 s", "forget timer-1", "flow returned None", "hang up"]


@flow
async def grouped(call: CallControl) -> None:
    await call.answer()
    async with asyncio.TaskGroup() as group:
        for number in range(12):
            group.create_task(call.gather(1, timeout=10 + number))


@flow
async def abandoning(call: CallControl) -> None:
    await call.answer()
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(call.sleep(5 + number)) for number in range(12)]
    _, pending = await asyncio.wait(tasks, timeout=1)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


@pytest.mark.parametrize("used", [grouped, abandoning])
def test_sets_of_tasks_have_the_same_order_in_every_replay(used: Flow) -> None:
    clutter = []
    for number in range(20):
        clutter.append([object() for _ in range(number * 7)])
        script = ScriptedCall(used).answered()
        if used is abandoning:
            timers = [e for e in script.history if isinstance(e, ev.TimerRequested)]
            (first,) = (timer.timer for timer in timers if timer.seconds == 1)
            script.hear(ev.TimerFired, timer=first)
        else:
            script.hang_up()
        assert replay(script.history, used).equal


def test_as_completed_of_coroutines_is_refused_with_the_remedy() -> None:
    @flow
    async def racing(call: CallControl) -> None:
        waits = [call.sleep(1), call.sleep(2)]
        try:
            for first in asyncio.as_completed(waits):
                await first
        finally:
            for wait in waits:
                wait.close()

    assert any("give it tasks" in words for words in ScriptedCall(racing).words)


@pytest.mark.slow
def test_trying_a_verb_for_ever_is_noticed() -> None:
    @flow
    async def stubborn(call: CallControl) -> None:
        for _ in itertools.count():
            with contextlib.suppress(NotAllowedNow):
                await call.gather(1)

    assert any("it spins" in words for words in ScriptedCall(stubborn).words)


def test_a_flow_that_does_not_end_with_its_call_is_ended() -> None:
    @flow
    async def undead(call: CallControl) -> None:
        await call.answer()
        for _ in itertools.count():
            with contextlib.suppress(asyncio.CancelledError):
                await call.sleep(0.1)

    script = ScriptedCall(undead).answered()
    script.hang_up()
    while not script.run.finished:
        (_, timer), *_ = script.call.open
        script.hear(ev.TimerFired, timer=timer)
    assert any("after its call's end" in words for words in script.words)
    assert script.call.closed


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError


def test_a_flow_may_fail_with_what_cannot_be_said() -> None:
    @flow
    async def broken(call: CallControl) -> None:
        raise Unspeakable

    assert "flow failed with Unspeakable: <Unspeakable>" in ScriptedCall(broken).words


def test_a_flow_may_return_what_contains_itself() -> None:
    @flow
    async def circular(call: CallControl) -> list[object]:
        value: list[object] = []
        value.append(value)
        return value

    assert "flow returned '[[...]]'" in ScriptedCall(circular).words


@pytest.mark.parametrize(
    "verb",
    [
        lambda call: call.say(5),
        lambda call: call.say(" "),
        lambda call: call.send_digits(["1"]),
        lambda call: call.gather(1.5),
        lambda call: call.gather("1"),
        lambda call: call.gather(1, timeout=float("nan")),
        lambda call: call.gather(1, finish_on=["#"]),
        lambda call: call.gather(1, play="a.wav", say="a"),
    ],
)
def test_what_cannot_be_is_refused_in_the_flow(verb: Callable[[CallControl], Any]) -> None:
    @flow
    async def wrong(call: CallControl) -> str:
        await call.answer()
        with pytest.raises(InvalidInput):
            await verb(call)
        return "went on"

    assert "flow returned 'went on'" in ScriptedCall(wrong).answered().words


def test_numbers_of_numpy_are_numbers() -> None:
    @flow
    async def counting(call: CallControl) -> None:
        await call.answer()
        await call.gather(np.int64(2), timeout=np.float64(3.0))  # type: ignore[arg-type]

    script = ScriptedCall(counting).answered()
    assert "gather up to 2 digits within 3 s" in script.words
    script.run.abandon()


def test_what_a_task_of_the_flow_hears_of_the_end() -> None:
    heard: list[type[BaseException]] = []

    @flow
    async def tidy(call: CallControl) -> None:
        await call.answer()

        async def listen() -> None:
            try:
                await call.sleep(60)
            except asyncio.CancelledError as error:
                heard.append(type(error))
                raise

        async with asyncio.TaskGroup() as group:
            group.create_task(listen())

    ScriptedCall(tidy).answered().hang_up()
    assert heard == [CallEnded]


def test_a_generator_that_was_left_tidies_up() -> None:
    @flow
    async def leaving(call: CallControl) -> str:
        tidied = []

        async def numbers() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                await asyncio.sleep(0)
                tidied.append(True)

        async for _ in numbers():
            break
        for _ in range(5):
            await asyncio.sleep(0)
        return "tidy" if tidied else "untidy"

    assert "flow returned 'tidy'" in ScriptedCall(leaving).words


def test_files_play_in_order_from_an_offset_and_again() -> None:
    @flow
    async def wait(call: CallControl) -> None:
        await call.answer()
        await call.play("hello.wav", "music.ogg", offset=1.5, loop=0)

    script = ScriptedCall(wait).answered()
    asked = script.history[-1]
    assert isinstance(asked, ev.PromptRequested)
    assert (asked.source, asked.sources) == ("hello.wav", ("hello.wav", "music.ogg"))
    assert in_words(asked) == "play 'hello.wav' then 'music.ogg' from 1.5 s for ever"
    assert not replay(script.history, wait).divergence


def test_stop_ends_what_plays_and_its_play_returns() -> None:
    @flow
    async def music_until_a_key(call: CallControl) -> str:
        await call.answer()
        async with asyncio.TaskGroup() as tasks:
            music = tasks.create_task(call.play("music.wav", loop=0))
            await call.gather(1)
            await call.stop()
        return music.result().outcome

    script = ScriptedCall(music_until_a_key).answered()
    assert "stop prompt-1" in script.press("1")
    assert "flow returned 'interrupted'" in script.prompt_ends("prompt-1", "interrupted")


@pytest.mark.parametrize(
    "asked",
    [{"offset": -1}, {"offset": "1"}, {"offset": float("inf")}, {"loop": -1}, {"loop": 1.5}],
)
def test_a_play_that_cannot_be_is_refused(asked: dict[str, Any]) -> None:
    @flow
    async def wrong(call: CallControl) -> None:
        await call.answer()
        await call.play("menu.wav", **asked)

    script = ScriptedCall(wrong).answered()
    failed = [event for event in script.history if isinstance(event, ev.FlowFailed)]
    assert [event.error_type for event in failed] == ["InvalidInput"]


def test_a_recording_is_paused_resumed_and_stopped() -> None:
    @flow
    async def card_number(call: CallControl) -> None:
        await call.answer()
        await call.record()
        await call.pause_recording()
        await call.gather(1)
        await call.resume_recording()
        await call.stop_recording()
        await call.record()

    script = ScriptedCall(card_number).answered()
    name = {"recording": "recording-1"}
    assert script.hear(ev.RecordingStarted, **name) == ["pause recording-1"]
    assert script.hear(ev.RecordingPaused, **name)[0].startswith("gather")
    assert script.press("1")[-1] == "resume recording-1"
    assert script.hear(ev.RecordingResumed, **name) == ["stop recording-1"]
    assert script.hear(ev.RecordingStopped, **name) == ["record"]
    assert not replay(script.history, card_number).divergence


@pytest.mark.parametrize("verb", ["pause_recording", "resume_recording", "stop_recording"])
def test_what_is_not_recorded_cannot_be_paused(verb: str) -> None:
    @flow
    async def wrong(call: CallControl) -> None:
        await call.answer()
        await getattr(call, verb)()

    script = ScriptedCall(wrong).answered()
    failed = [event for event in script.history if isinstance(event, ev.FlowFailed)]
    assert [event.error_type for event in failed] == ["NotAllowedNow"]
