"""The lanes of a call: what each event adds, and what it changes."""

from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec
import pytest

from tests.hostile import PAYLOADS, hostile_history
from tests.scripted import ScriptedCall
from tests.test_histories import HISTORIES
from workbench import events as ev
from workbench.control import CallControl
from workbench.flow import flow
from workbench.store.call_file import read_call
from workbench.tables import legible
from workbench.views.lanes import MOST_CHARACTERS, Item, Lanes


@flow
async def ask(call: CallControl) -> str:
    await call.answer()
    gathered = await call.gather(2, play="menu.wav")
    await call.say("Thank you.")
    return gathered.digits


def asked() -> ScriptedCall:
    script = ScriptedCall(ask).answered()
    script.hear(ev.PromptStarted, prompt="prompt-1", media_ms=1000)
    script.hear(ev.DigitReceived, digit="4", media_ms=3000)
    script.hear(ev.DigitEnded, digit="4", duration_ms=80)
    script.hear(
        ev.PromptFinished, prompt="prompt-1", outcome="interrupted", played_ms=1990,
        media_ms=3010,
    )  # fmt: skip
    return script


def on(lanes: Lanes, lane: str) -> list[Item]:
    return [item for item in lanes.items.values() if item.lane == lane]


def only(lanes: Lanes, lane: str) -> Item:
    (item,) = on(lanes, lane)
    return item


def test_every_event_is_listed_in_its_place() -> None:
    script = asked()
    lanes = Lanes(script.history)
    listed = on(lanes, "event")
    assert [item.version for item in listed] == [event.version for event in script.history]
    assert listed[0].start_ms == 0
    assert {item.kind for item in listed} == {"observed", "decided", "noted"}
    decided = next(item for item in listed if item.topic == "call.gather_requested")
    assert decided.where == f"test_lanes.py:{ask.begins.line + 3}"


def test_a_prompt_lies_where_it_was_heard() -> None:
    lanes = Lanes(asked().history)
    prompt, zero = only(lanes, "prompt"), lanes.axis.audio(0)
    assert (prompt.text, prompt.track, prompt.kind) == ("menu.wav", "sent", "interrupted")
    assert (prompt.start_ms, prompt.end_ms) == (zero + 1000, zero + 2990)


def test_whoever_cuts_a_prompt_short_is_marked() -> None:
    lanes = Lanes(asked().history)
    cut = only(lanes, "barge-in")
    assert cut.text == "prompt-1 cut short"
    assert cut.start_ms == only(lanes, "prompt").end_ms
    stopped = ScriptedCall(ask).answered()
    stopped.prompt_ends("prompt-1")
    assert not on(Lanes(stopped.history), "barge-in")


def test_a_key_is_as_long_as_it_was_pressed() -> None:
    digit = only(Lanes(asked().history), "digit")
    assert (digit.text, digit.track) == ("4", "received")
    assert digit.end_ms == digit.start_ms + 80


def test_what_was_begun_is_open_until_its_end() -> None:
    script = asked()
    lanes = Lanes(script.history)
    gather = only(lanes, "gather")
    assert gather.end_ms is None
    known = len(script.history)
    script.press("2")
    changed = [item for event in script.history[known:] for item in lanes.apply(event)]
    over = next(item for item in changed if item.key == gather.key)
    assert (over.start_ms, over.kind) == (gather.start_ms, "finished")
    assert over.end_ms is not None
    assert over.end_ms > over.start_ms


def test_the_line_that_waits_is_the_last_that_asked() -> None:
    script = asked()
    lines = {item.start_ms: item.where for item in on(Lanes(script.history), "line")}
    first = ask.begins.line
    assert list(lines.values()) == [f"test_lanes.py:{first + n}" for n in (2, 3)]
    script.press("2")
    script.prompt_ends("prompt-2")
    lines = {item.start_ms: item.where for item in on(Lanes(script.history), "line")}
    assert list(lines.values())[-2:] == [f"test_lanes.py:{first + 4}", ""]


def test_the_flow_says_where_it_begins() -> None:
    started = only(Lanes(asked().history), "flow")
    assert (started.text, started.kind) == ("ask", ask.version)
    assert started.where == f"test_lanes.py:{ask.begins.line}"


def test_the_state_changes_with_the_call() -> None:
    script = asked()
    script.hear(ev.Muted)
    script.hang_up()
    words = [item.text for item in on(Lanes(script.history), "state")]
    assert words[0] == "offered"
    assert "answered, flow ask" in words
    assert "answered, flow ask, muted" in words
    assert words[-1].startswith("ended, completed")


def test_an_item_that_nothing_changed_is_not_given_again() -> None:
    script = asked()
    lanes = Lanes(script.history)
    script.hear(ev.DigitEnded, digit="4", duration_ms=80)
    assert [item.lane for item in lanes.apply(script.history[-1])] == ["event"]


def test_a_bridge_with_the_same_call_may_come_twice() -> None:
    script = asked()
    for _ in range(2):
        script.hear(ev.Bridged, other="CA02")
        script.hear(ev.Unbridged, other="CA02")
    bridges = on(Lanes(script.history), "bridge")
    assert len(bridges) == 2
    assert all(bridge.end_ms is not None for bridge in bridges)


def test_what_is_asked_and_then_begins_is_one_thing() -> None:
    script = asked()
    call, at = script.call, script.clock.now()
    script.history.append(call.next(ev.BridgeRequested, at, caused_by=1, other="CA02"))
    script.hear(ev.Bridged, other="CA02")
    assert only(Lanes(script.history), "bridge").end_ms is None
    script.hear(ev.Unbridged, other="CA02")
    assert only(Lanes(script.history), "bridge").end_ms is not None


class Spoken(ev.Event, frozen=True, kw_only=True):
    """Any of the events of an utterance."""

    utterance: str = "utterance-1"
    track: str = "received"
    start_ms: int = 1200


class Word(msgspec.Struct):
    text: str
    start_ms: int
    end_ms: int


class SpeechStarted(Spoken, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "call.speech_started"


class Updated(Spoken, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "call.transcript_updated"
    text: str
    end_ms: int = 1900


class Final(Updated, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "call.transcript_final"
    words: tuple[Word, ...] = ()


class SpeechEnded(Spoken, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "call.speech_ended"
    end_ms: int = 2000


def spoken(script: ScriptedCall, *kinds: tuple[type[ev.Event], dict[str, Any]]) -> Lanes:
    history: Iterable[ev.Event] = [
        *script.history,
        *(script.call.next(kind, script.clock.now(), 2000, **fields) for kind, fields in kinds),
    ]
    return Lanes(history)


def test_speech_grows_word_by_word_and_is_final_in_the_end() -> None:
    begun: list[tuple[type[ev.Event], dict[str, Any]]]
    begun = [(SpeechStarted, {}), (Updated, {"text": "I would"})]
    lanes = spoken(asked(), *begun)
    heard, zero = only(lanes, "speech"), lanes.axis.audio(0)
    assert (heard.text, heard.kind, heard.track) == ("I would", "partial", "received")
    assert heard.end_ms is None, "who speaks speaks on"
    words = (Word("I", 1200, 1300), Word("would", 1300, 1500))
    lanes = spoken(asked(), *begun, (Final, {"text": "I would.", "words": words}))
    heard = only(lanes, "speech")
    assert (heard.text, heard.kind) == ("I would.", "final")
    assert heard.words == (("I", zero + 1200, zero + 1300), ("would", zero + 1300, zero + 1500))


def test_the_end_of_speech_keeps_its_words() -> None:
    lanes = spoken(asked(), (SpeechStarted, {}), (Final, {"text": "Yes."}), (SpeechEnded, {}))
    heard = only(lanes, "speech")
    assert (heard.text, heard.kind) == ("Yes.", "final")
    assert heard.end_ms == lanes.axis.audio(2000)


def test_what_nobody_heard_the_end_of_ends_with_the_listening() -> None:
    over = (ev.ListeningFinished, {"listening": "listening-1", "reason": "lost"})
    lanes = spoken(asked(), (SpeechStarted, {}), (Updated, {"text": "I"}), over)
    assert only(lanes, "speech").end_ms == lanes.axis.audio(2000)


def test_words_that_are_replaced_soon_are_not_listed() -> None:
    lanes = spoken(asked(), (Updated, {"text": "I"}), (Final, {"text": "I."}))
    topics = [item.topic for item in on(lanes, "event")]
    assert "call.transcript_updated" not in topics
    assert "call.transcript_final" in topics


@pytest.mark.parametrize("name", ["reception", "caller"])
def test_a_real_call_has_its_lanes(name: str) -> None:
    history = read_call(HISTORIES / f"{name}.jsonl")
    lanes = Lanes(history)
    assert {"event", "prompt", "digit", "sip", "quality", "state", "line"} <= {
        item.lane for item in lanes.items.values()
    }
    assert [item.text for item in on(lanes, "sip")][-1] == "200 OK"
    assert 4.0 < (only(lanes, "quality").value or 0) < 4.5
    begun = [item for item in lanes.items.values() if item.key.partition("/")[1]]
    assert all(item.end_ms is not None for item in begun)
    assert lanes.duration_ms == max(
        item.end_ms or item.start_ms for item in lanes.items.values()
    )


def test_giving_each_change_ends_where_the_whole_does() -> None:
    history = read_call(HISTORIES / "reception.jsonl")
    lanes, items = Lanes(), dict[str, Item]()
    for event in history:
        items |= {item.key: item for item in lanes.apply(event)}
    assert items == Lanes(history).items


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_caller_wrote_is_legible_text(payload: str) -> None:
    lanes = Lanes(hostile_history(payload))
    for item in lanes.items.values():
        assert all(text.isprintable() for text in (item.text, item.where, item.kind, item.key))
    assert any(legible(payload) in item.text for item in on(lanes, "prompt"))


def test_a_long_text_is_cut() -> None:
    lanes = Lanes(hostile_history("x" * 10_000))
    assert max(len(item.text) for item in lanes.items.values()) == MOST_CHARACTERS
