"""The live call without a browser: what it sends while the call goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.scripted import ScriptedCall
from tests.widgets.calls import Bench, Sent, greet
from workbench import events as ev
from workbench.clock import EPOCH
from workbench.errors import NotAllowedNow
from workbench.feed import AudioFrame
from workbench.views.lanes import Lanes
from workbench.widgets.live import Ear, LiveCall, News
from workbench.widgets.pump import PUMP

SAMPLES = np.full(160, 25600, np.int16)


class Watching:
    """A bench whose call is watched, with each round of the pump in the test's hand."""

    def __init__(self, bench: Bench, sources: Path | None = None) -> None:
        self.bench = bench
        self.panel = LiveCall(bench, News(bench.id, bench.subscribe), sources=sources)
        PUMP.remove(self.panel)
        self.sent = Sent(self.panel)
        self.sent.greet()
        self.round()

    def round(self) -> None:
        self.panel.write(EPOCH)

    @property
    def items(self) -> dict[str, Any]:
        """What a view knows by now, by key."""
        known: dict[str, Any] = {}
        for value, _ in self.sent.of("items"):
            known |= {item["key"]: item for item in value["items"]}
        return known


@pytest.fixture
def watch() -> Iterator[Any]:
    opened = []

    def watches(bench: Bench | None = None, **options: Any) -> Watching:
        opened.append(Watching(bench or Bench(ScriptedCall(greet)), **options))
        return opened[-1]

    yield watches
    for one in opened:
        one.panel.close()
    assert not Ear._ears


def test_a_view_begins_with_what_is_known(watch: Any) -> None:
    watching = watch()
    assert set(watching.items) == set(Lanes(watching.bench.history).items)


def test_what_happens_reaches_the_view_once_a_round(watch: Any) -> None:
    watching = watch()
    before = len(watching.sent.of("items"))
    watching.bench.hear(ev.MediaStarted, codec="PCMU", clock_rate=8000, media_ms=0)
    watching.bench.hear(ev.Answered)
    watching.round()
    watching.round()
    assert len(watching.sent.of("items")) == before + 1
    assert set(watching.items) == set(Lanes(watching.bench.history).items)


def test_an_event_that_was_in_the_history_is_not_folded_twice(watch: Any) -> None:
    watching = watch()
    watching.panel._news.note(watching.bench.history[0])
    before = len(watching.sent.of("items"))
    watching.round()
    assert len(watching.sent.of("items")) == before


def test_other_calls_are_not_shown(watch: Any) -> None:
    watching = watch()
    other = ScriptedCall(greet, "CA77").history[0]
    watching.panel._news.note(other)
    assert not list(watching.panel._news.taken())


def test_a_flow_that_takes_over_brings_its_source(watch: Any, tmp_path: Path) -> None:
    watching = watch(sources=tmp_path)
    (tmp_path / "abc.py").write_text("async def other(call): ...")
    watching.bench.script.history.append(
        watching.bench.script.call.next(
            ev.FlowStarted, EPOCH, caused_by=1, flow="other", flow_version="abc"
        )
    )
    watching.panel._news.note(watching.bench.history[-1])
    watching.round()
    assert "abc" in watching.sent.of("call")[-1][0]["sources"]


def test_the_waveform_grows_and_its_last_pair_is_given_again(watch: Any) -> None:
    watching = watch()
    for media_ms in (0, 20, 40, 60):
        watching.panel._ear.peaks.add(AudioFrame(media_ms, SAMPLES, SAMPLES))
    watching.round()
    watching.round()
    watching.panel._ear.peaks.add(AudioFrame(120, SAMPLES, SAMPLES))
    watching.round()
    drawn = [
        (value["first"], len(buffers[0]) // 4) for value, buffers in watching.sent.of("peaks")
    ]
    assert drawn == [(0, 2), (1, 2)]


def test_widgets_of_one_call_share_one_fork_and_the_last_ends_it(watch: Any) -> None:
    bench = Bench(ScriptedCall(greet).answered())
    first, second = watch(bench), watch(bench)
    for one in (first, second):
        one.panel._ear.listen()
    assert len(bench.consumers) == 1
    first.panel.close()
    assert bench.stopped == []
    second.panel.close()
    second.panel.close()
    assert bench.stopped == ["listener-1"]
    assert bench.subscribers == []


def test_a_call_without_audio_is_not_listened_to(watch: Any) -> None:
    watching = watch()
    watching.round()
    assert not watching.panel._asked


def test_why_there_is_no_waveform_is_said(watch: Any) -> None:
    class Refusing(Bench):
        def fork(self, consumer: Any, name: str = "", direction: str = "both") -> str:
            raise NotAllowedNow("Call CA00 is over: there is no audio to fork.")

    watching = watch(Refusing(ScriptedCall(greet).answered()))
    watching.panel._ear.listen()
    watching.round()
    watching.round()
    assert watching.panel.state["notice"].endswith("no audio to fork.")


def test_a_fork_that_ends_early_is_said(watch: Any) -> None:
    watching = watch(Bench(ScriptedCall(greet).answered()))
    watching.panel._ear.listen()
    watching.bench.hear(ev.ForkFinished, fork="listener-9", frames=0, reason="another's")
    watching.round()
    watching.bench.hear(ev.ForkFinished, fork="listener-1", frames=0, reason="no port is left")
    watching.round()
    watching.round()
    assert watching.panel.state["notice"] == "There is no more waveform: no port is left."


def test_a_sip_message_is_given_when_asked(watch: Any) -> None:
    watching = watch()
    watching.bench.hear(ev.SipMessageTraced, direction="received", message="ACK sip:b SIP/2.0")
    watching.panel.act("message", version=len(watching.bench.history))
    watching.round()
    assert watching.sent.of("message")[-1][0]["text"] == "ACK sip:b SIP/2.0"
