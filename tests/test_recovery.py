"""A store that a lost workbench left behind: every call gets its end."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.bench import Workbench
from workbench.call import Call
from workbench.clock import EPOCH
from workbench.control import CallControl
from workbench.effects import live_paths
from workbench.ending import LOST
from workbench.flow import flow
from workbench.recovery import recover
from workbench.replay import replay
from workbench.store import CallLog


@flow
async def busy(call: CallControl) -> None:
    """Have as much as possible open at once."""
    await call.answer()
    await call.record()
    await call.gather(3, play="menu.wav", timeout=30)


def abandoned() -> list[ev.Event]:
    """Return the history of a call that was up when everything stopped."""
    script = ScriptedCall(busy).answered()
    script.hear(ev.RecordingStarted, recording="recording-1", media_ms=40)
    script.hear(ev.PromptStarted, prompt="prompt-1")
    script.press("1")
    return script.history


def leave_behind(folder: Path, history: list[ev.Event]) -> None:
    log = CallLog.open(folder)
    log.put(history)
    log.close()


def reopened(folder: Path) -> tuple[list[str], list[ev.Event]]:
    log = CallLog.open(folder)
    ended = recover(log)
    history = log.history("CA00")
    log.close()
    return ended, history


def test_every_open_thing_gets_its_end_and_the_call_one_terminal_event(tmp_path: Path) -> None:
    leave_behind(tmp_path, abandoned())
    ended, history = reopened(tmp_path)
    call = Call.from_history(history)
    assert ended == ["CA00"]
    assert call.closed
    terminal = [event for event in history if isinstance(event, ev.Ended)]
    assert [event.reason for event in terminal] == [LOST]


def test_what_was_recorded_keeps_its_place_and_the_end_has_the_last_known_time(
    tmp_path: Path,
) -> None:
    before = abandoned()
    leave_behind(tmp_path, before)
    _, after = reopened(tmp_path)
    assert after[: len(before)] == before
    assert after[-1].at == before[-1].at


def test_the_audio_that_was_written_is_stored(tmp_path: Path) -> None:
    leave_behind(tmp_path, abandoned())
    for path in live_paths(tmp_path, "CA00", "recording-1"):
        soundfile.write(path, np.zeros(8000, np.int16), 8000)
    _, history = reopened(tmp_path)
    (stored,) = (event for event in history if isinstance(event, ev.RecordingStored))
    assert (stored.duration_ms, stored.start_media_ms) == (1000, 40)
    assert (tmp_path / "recordings" / f"{stored.audio}.wav").is_file()
    assert not list((tmp_path / "live").iterdir())


def test_a_recording_without_audio_says_so(tmp_path: Path) -> None:
    leave_behind(tmp_path, abandoned())
    _, history = reopened(tmp_path)
    (failed,) = (event for event in history if isinstance(event, ev.RecordingFailed))
    assert "left no audio" in failed.reason


def test_a_second_opening_finds_nothing_to_do(tmp_path: Path) -> None:
    leave_behind(tmp_path, abandoned())
    _, first = reopened(tmp_path)
    assert reopened(tmp_path) == ([], first)


def test_a_lost_call_replays_up_to_its_loss(tmp_path: Path) -> None:
    leave_behind(tmp_path, abandoned())
    _, history = reopened(tmp_path)
    assert replay(history, busy).equal


def test_decisions_that_were_not_written_any_more_are_no_divergence(tmp_path: Path) -> None:
    history = abandoned()
    while history[-1].KIND is ev.Kind.DECIDED:
        history.pop()
    leave_behind(tmp_path, history)
    _, recovered = reopened(tmp_path)
    assert replay(recovered, busy).equal


def test_a_call_that_was_only_placed_ends_as_failed(tmp_path: Path) -> None:
    call = Call("CA00")
    placed = call.next(ev.Placed, EPOCH, leg="CA00", from_="", to="sip:b@x")
    ringing = call.next(ev.Ringing, EPOCH + timedelta(seconds=1))
    leave_behind(tmp_path, [placed, ringing])
    _, history = reopened(tmp_path)
    assert isinstance(history[-1], ev.Ended)
    assert (history[-1].status, history[-1].by) == ("failed", "engine")


def test_an_interrupt_in_the_middle_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        call_id = f"CA0{number}"
        history = [msgspec.structs.replace(each, call_id=call_id) for each in abandoned()]
        leave_behind(tmp_path, history)
    put, done = CallLog.put, list[str]()

    def interrupted(log: CallLog, events: Sequence[ev.Event]) -> None:
        if done:
            raise KeyboardInterrupt
        put(log, events)
        done.append(events[0].call_id)

    with monkeypatch.context() as patch:
        patch.setattr(CallLog, "put", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Workbench(tmp_path)
    with Workbench(tmp_path) as bench:
        assert sorted([*done, *bench.recovered]) == ["CA00", "CA01", "CA02"]
        assert all(call.state.closed for call in bench.calls)
