"""A person who talks on a simulated call: what is refused, what is told, and every end."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.bench import Workbench
from workbench.call import Call
from workbench.clock import SystemClock
from workbench.control import CallControl
from workbench.ending import LOST
from workbench.engine.loopback import FarEnd, Loopback
from workbench.errors import InvalidInput, NotAllowedNow, StoreFull
from workbench.flow import flow
from workbench.handle import CallHandle
from workbench.recovery import recover
from workbench.store import CallLog
from workbench.views.lanes import Lanes
from workbench.views.wording import in_words

FRAME = bytes(320)
PATIENCE_S = 20.0


@flow
async def stay(call: CallControl) -> None:
    await call.sleep(600)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    far_ends = {"bob": FarEnd(), "slow": FarEnd(answers_after_s=None)}
    with Workbench(tmp_path / "store", engine=Loopback(SystemClock(), far_ends)) as bench:
        yield bench


def up(bench: Workbench) -> CallHandle:
    return bench.dial("sip:bob@loopback", flow=stay).wait_answered(10)


def to_the_end(end: socket.socket) -> int:
    """Return how many frames come before the end of a talk."""
    end.settimeout(PATIENCE_S)
    frames = 0
    while True:
        try:
            frame = end.recv(1000)
        except ConnectionResetError:
            continue
        if not frame:
            return frames
        frames += 1


def of_talks(history: Sequence[ev.Event]) -> list[Any]:
    return [event for event in history if "call.talk" in event.TOPIC]


def until(bench: Workbench, call: CallHandle, kind: type[ev.Event]) -> ev.Event:
    """Wait for an event of a call."""
    came = threading.Event()
    stop = bench.subscribe(lambda event: came.set() if isinstance(event, kind) else None)
    found = [event for event in call.history if isinstance(event, kind)]
    assert found or came.wait(PATIENCE_S)
    stop()
    return next(event for event in call.history if isinstance(event, kind))


def test_what_a_person_says_is_counted_and_the_flow_hears_nothing_of_it(
    bench: Workbench,
) -> None:
    call = up(bench)
    extension = call.talk("desk phone")
    assert isinstance(until(bench, call, ev.TalkStarted), ev.TalkStarted)
    extension.socket.settimeout(PATIENCE_S)
    assert extension.socket.recv(1000) == FRAME, "a simulated far end is silent"
    for _ in range(5):
        extension.socket.send(FRAME)
    extension.socket.close()
    until(bench, call, ev.TalkFinished)
    call.hangup()
    requested, started, finished = of_talks(call.wait(10).history)
    assert (requested.name, requested.talk, requested.flow) == ("desk phone", "talk-1", "")
    assert started.media_ms is not None
    assert (finished.frames, finished.reason) == (5, "its other end was closed")
    assert bench.replay(call, stay).equal


def test_closing_it_ends_it_whoever_has_the_socket(bench: Workbench) -> None:
    call = up(bench)
    with call.talk() as extension:
        passed_on = extension.socket.dup()
    to_the_end(passed_on)
    passed_on.close()
    extension.close()
    until(bench, call, ev.TalkFinished)
    call.hangup()
    topics = [event.TOPIC for event in of_talks(call.wait(10).history)]
    assert topics == [
        "call.talk_requested", "call.talk_started", "call.talk_stop_requested",
        "call.talk_finished",
    ]  # fmt: skip


def test_two_talk_on_one_call_and_each_has_an_end(bench: Workbench) -> None:
    call = up(bench)
    one, other = call.talk("one"), call.talk("other")
    assert [one.talk, other.talk] == ["talk-1", "talk-2"]
    one.close()
    until(bench, call, ev.TalkFinished)
    assert ("talk", other.talk) in call.state.open
    call.hangup()
    to_the_end(other.socket)
    other.close()
    history = call.wait(10).history
    ends = [event.talk for event in history if isinstance(event, ev.TalkFinished)]
    assert ends == ["talk-1", "talk-2"]
    assert Call.from_history(history).closed


def test_the_end_of_the_bench_ends_it(tmp_path: Path) -> None:
    engine = Loopback(SystemClock(), {"bob": FarEnd()})
    with Workbench(tmp_path / "store", engine=engine) as bench:
        extension = up(bench).talk()
    to_the_end(extension.socket)
    extension.close()
    with Workbench(tmp_path / "store", read_only=True) as bench:
        (call,) = bench.calls
        (finished,) = (e for e in call.history if isinstance(e, ev.TalkFinished))
        assert finished.reason == "the call is ending"


@pytest.mark.parametrize("name", ["", "x" * 65, "two\nlines", 5, None, b"browser"])
def test_a_name_is_a_short_text(bench: Workbench, name: Any) -> None:
    call = up(bench)
    with pytest.raises(InvalidInput, match="A name is a text of 1 to 64 characters"):
        call.talk(name)
    assert not of_talks(call.history)


def test_only_a_call_that_is_up_is_talked_on(bench: Workbench) -> None:
    call = bench.dial("sip:slow@loopback")
    until(bench, call, ev.Ringing)
    with pytest.raises(NotAllowedNow, match="is ringing: talk when it is answered"):
        call.talk()
    call.hangup()
    call.wait(10)
    with pytest.raises(NotAllowedNow, match="is over"):
        call.talk()
    assert not of_talks(call.history)


class Full(Loopback):
    """Loses the ends that it is handed, and so has none to talk by."""

    def hand(self, leg: str, link: str, end: socket.socket) -> None:
        end.close()


def test_what_the_engine_cannot_do_is_told_and_on_record(tmp_path: Path) -> None:
    with Workbench(tmp_path, engine=Full(SystemClock(), {"bob": FarEnd()})) as bench:
        call = up(bench)
        with pytest.raises(NotAllowedNow, match=r"Nobody can talk on call CA.*: a simulated"):
            call.talk()
        requested, finished = of_talks(call.history)
        assert finished.talk == requested.talk
        assert finished.reason.startswith("a simulated leg")


class Mute(Loopback):
    """Hangs up instead of letting anybody talk."""

    def hand(self, leg: str, link: str, end: socket.socket) -> None:
        end.close()
        self._exchange.hang_up_all("enough")


def test_a_call_that_ends_first_is_told(tmp_path: Path) -> None:
    with Workbench(tmp_path, engine=Mute(SystemClock(), {"bob": FarEnd()})) as bench:
        call = up(bench)
        with pytest.raises(NotAllowedNow, match=r"Nobody can talk on call CA.*: the call"):
            call.talk()
        history = call.wait(10).history
        assert len([event for event in history if isinstance(event, ev.TalkFinished)]) == 1


@pytest.mark.parametrize("ask", [CallHandle.talk, CallHandle.mute])
def test_whoever_asks_is_told_when_nothing_can_be_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[CallHandle], Any]
) -> None:
    def full(_events: object) -> None:
        raise StoreFull("No space is left.")

    engine = Loopback(SystemClock(), {"bob": FarEnd()})
    with Workbench(tmp_path / "store", engine=engine) as bench:
        call = up(bench)
        monkeypatch.setattr(bench._running()._commit, "_put", full)
        with pytest.raises(StoreFull):
            ask(call)


def talked() -> ScriptedCall:
    script = ScriptedCall(stay).answered()
    fields = {"talk": "talk-1", "name": "browser", "caused_by": 1}
    script.hear(ev.TalkRequested, media_ms=1000, **fields)
    script.hear(ev.TalkStarted, talk="talk-1", media_ms=1020)
    return script


def test_a_talk_that_was_lost_with_its_bench_gets_its_end(tmp_path: Path) -> None:
    log = CallLog.open(tmp_path)
    log.put(talked().history)
    recover(log)
    (finished,) = (e for e in log.history("CA00") if isinstance(e, ev.TalkFinished))
    log.close()
    assert in_words(finished) == f"talk-1 ends: {LOST}"
    assert (finished.reason, finished.frames) == (LOST, None)


def test_it_is_a_bar_and_a_state_in_the_lanes() -> None:
    script = talked()
    lanes = Lanes(script.history)
    (bar,) = (item for item in lanes.items.values() if item.lane == "talk")
    assert (bar.text, bar.end_ms) == ("talk: browser", None)
    assert [item.text for item in lanes.items.values() if item.lane == "state"][-1] == (
        "answered, flow stay, talk: browser"
    )
    script.hear(
        ev.TalkFinished, talk="talk-1", frames=50, lost=1, late=2, media_ms=3000,
        reason="the call is ending",
    )  # fmt: skip
    lanes = Lanes(script.history)
    (bar,) = (item for item in lanes.items.values() if item.lane == "talk")
    assert bar.end_ms == lanes.axis.audio(3000)
    assert in_words(script.history[-1]) == (
        "talk-1 ends after 50 frames, 1 lost, 2 late: the call is ending"
    )
