"""A call in the user's hand: how it is shown."""

import asyncio
import re
import selectors
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.hostile import CALL_ID, PAYLOADS, check_harmless, hostile_history
from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.analysis.pictures import Picture
from workbench.clock import EPOCH
from workbench.control import CallControl
from workbench.errors import NotAllowedNow
from workbench.extension import Extension
from workbench.flow import Flow, flow
from workbench.handle import WAKE_S, CallHandle
from workbench.replay import Replay, replay
from workbench.tables import legible


class Shelf:
    """Keeps one history and one recording, as a bench would."""

    def __init__(self, history: Sequence[ev.Event], recordings: Path) -> None:
        self.history = history
        self.recordings = self.sources = recordings

    def read(self, _call_id: str) -> Sequence[ev.Event]:
        return self.history

    def closed(self, _call_id: str) -> "Future[None]":
        future: Future[None] = Future()
        if self.history and isinstance(self.history[-1], ev.Ended | ev.FlowReturned):
            future.set_result(None)
        return future

    def hang_up(self, _call_id: str) -> None:
        self.history = []

    def replace_flow(self, _call: str, _flow: Flow) -> None:
        self.history = []

    def ask(self, call_id: str, verb: str, *args: Any, wait: bool, **options: Any) -> Any:
        self.asked = (call_id, verb, args, wait, options)

    def fork(self, _call_id: str, name: str, _consumer: object, _direction: str) -> str:
        return name

    def stop_fork(self, _call_id: str, _fork: str) -> None:
        self.history = []

    def talk(self, call_id: str, name: str) -> Extension:
        raise NotAllowedNow(call_id + name)

    def subscribe(self, _subscriber: Callable[[ev.Event], None]) -> Callable[[], None]:
        return lambda: None


@flow
async def greet(call: CallControl) -> str:
    await call.answer()
    await call.record()
    await call.play("greeting.wav")
    return "greeted"


@flow
async def greet_otherwise(call: CallControl) -> str:
    await call.answer()
    await call.record()
    await call.play("hold.wav")
    return "greeted"


def greeted(recordings: Path) -> CallHandle:
    audio = "0" * 64
    soundfile.write(recordings / f"{audio}.wav", np.zeros((8000, 2)), 8000)
    scripted = ScriptedCall(greet).answered()
    scripted.hear(ev.RecordingStarted, recording="recording-1")
    scripted.hear(ev.PromptStarted, prompt="prompt-1")
    scripted.prompt_ends("prompt-1")
    scripted.hang_up()
    scripted.hear(
        ev.RecordingStored, recording="recording-1", audio=audio, duration_ms=1000,
        start_media_ms=0,
    )  # fmt: skip
    scripted.history.sort(key=lambda event: event.version)
    return CallHandle("CA00", Shelf(scripted.history, recordings))


def hostile(payload: str, recordings: Path) -> CallHandle:
    return CallHandle(CALL_ID, Shelf(hostile_history(payload), recordings))


def test_it_is_shown_as_facts_picture_and_history(tmp_path: Path) -> None:
    call = greeted(tmp_path)
    html = call._repr_html_()
    said = check_harmless(html)
    assert "CA00, inbound" in said
    assert "after 3.0 s by caller (200 NORMAL_CLEARING)" in said
    assert "2026-01-01 00:00:00 UTC" in said
    assert html.count('<img alt="Waveform of call CA00" src="data:image/png;base64,') == 1
    assert html.endswith(call.history._repr_html_())
    assert repr(call) == "<Call CA00 inbound sip:a@x → sip:b@x: completed>"


def test_a_call_that_goes_on_has_no_picture_yet(tmp_path: Path) -> None:
    call = CallHandle("CA00", Shelf(ScriptedCall(greet).history, tmp_path))
    said = check_harmless(call._repr_html_())
    assert "not yet" in said
    assert "<img" not in call._repr_html_()
    with pytest.raises(NotAllowedNow, match="no recording"):
        call.waveform()
    with pytest.raises(TimeoutError, match="goes on after"):
        call.wait(0.01)


def test_a_placed_call_may_name_no_caller(tmp_path: Path) -> None:
    placed = ev.Placed(call_id="CA00", version=1, at=EPOCH, leg="CA00", from_="", to="sip:b@x")
    said = check_harmless(CallHandle("CA00", Shelf([placed], tmp_path))._repr_html_())
    assert "CA00, outbound" in said
    assert "the engine's own address" in said


def test_a_call_whose_audio_is_gone_is_still_shown(tmp_path: Path) -> None:
    call = greeted(tmp_path)
    call.audio_path().unlink()
    assert "<img" not in call._repr_html_()


def test_its_player_has_its_recording_and_the_replay_of_a_flow(tmp_path: Path) -> None:
    call = greeted(tmp_path)
    for opened in (call.player(greet_otherwise), call.history.player(greet_otherwise)):
        kinds = [value["kind"] for value, _ in opened.snapshot()]
        assert kinds == ["call", "replay", "items", "peaks"]
        opened.close()
    plain = call.player()
    assert "replay" not in [value["kind"] for value, _ in plain.snapshot()]
    plain.close()


def test_a_part_of_a_history_has_no_player(tmp_path: Path) -> None:
    with pytest.raises(NotAllowedNow, match="Only the whole history"):
        greeted(tmp_path).history[1:].player()


def test_watching_ends_with_its_widget(tmp_path: Path) -> None:
    keeper = Shelf(ScriptedCall(greet).history, tmp_path)
    followers: list[Any] = []

    def subscribe(subscriber: Any) -> Any:
        followers.append(subscriber)
        return lambda: followers.remove(subscriber)

    keeper.subscribe = subscribe  # type: ignore[method-assign,assignment]
    live = CallHandle("CA00", keeper).live()
    assert len(followers) == 1
    live.close()
    assert followers == []


def test_it_can_be_awaited_and_waited_for(tmp_path: Path) -> None:
    call = greeted(tmp_path)
    call._keeper.history = call.history[:-1]  # type: ignore[attr-defined]

    async def cell() -> CallHandle:
        return await call

    assert asyncio.run(cell()) is call
    assert call.wait(1.0) is call


def test_its_parts_agree(tmp_path: Path) -> None:
    call = greeted(tmp_path)
    samples, rate = call.audio()
    assert (samples.shape, rate) == ((8000, 2), 8000)
    assert call.status == "completed"
    assert call.ended is not None
    assert list(call.events["version"]) == [event.version for event in call.history]


def test_nothing_in_a_call_needs_a_script_or_a_style_sheet(tmp_path: Path) -> None:
    html = greeted(tmp_path)._repr_html_()
    assert not re.search(
        r"<(script|style|svg|iframe|link)|\son\w+=|#fff|#000|black|white", html
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nobody_writes_markup_into_a_call(payload: str, tmp_path: Path) -> None:
    call = hostile(payload, tmp_path)
    said = check_harmless(call._repr_html_())
    assert f"header {legible(payload)}" in said
    check_harmless(Picture.of(b"", payload)._repr_html_())


def test_an_equal_replay_is_a_line(tmp_path: Path) -> None:
    said = check_harmless(replay(greeted(tmp_path).history, greet)._repr_html_())
    assert said.startswith("callCA00")
    assert said.endswith("decisions of greet are the same")


def test_a_divergence_names_both_lines(tmp_path: Path) -> None:
    result = replay(greeted(tmp_path).history, greet_otherwise)
    said = check_harmless(result._repr_html_())
    assert "CA00 diverges" in said
    for name, played, function in (
        ("then", "greeting.wav", greet),
        ("now", "hold.wav", greet_otherwise),
    ):
        line = function.function.__code__.co_firstlineno + 4
        assert f"{name}play '{played}'test_handle.py:{line}" in said
    assert check_harmless(result.divergence._repr_html_()) == said  # type: ignore[union-attr]


@flow
async def silent(call: CallControl) -> None:
    await call.answer()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nobody_writes_markup_into_a_divergence(payload: str) -> None:
    result = replay(hostile_history(payload), silent)
    assert isinstance(result, Replay)
    assert not result.equal
    check_harmless(result._repr_html_())


class Sleeps(selectors.DefaultSelector):
    """How long a loop would sleep; while it does, the call is over."""

    def __init__(self, over: "Future[None]") -> None:
        super().__init__()
        self.over, self.seconds = over, list[float | None]()

    def select(self, timeout: float | None = None) -> Any:
        if timeout != 0:
            self.seconds.append(timeout)
            if len(self.seconds) == 3:
                self.over.set_result(None)
        return super().select(timeout if timeout is None else 0)


def test_a_cell_that_awaits_wakes_to_hear_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = greeted(tmp_path)
    sleeps = Sleeps(Future())
    monkeypatch.setattr(call._keeper, "closed", lambda _: sleeps.over)

    async def cell() -> CallHandle:
        return await call

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(sleeps)) as runner:
        assert runner.run(asyncio.wait_for(cell(), 60)) is call
    assert sleeps.seconds
    assert all(seconds is not None and seconds <= WAKE_S for seconds in sleeps.seconds)
