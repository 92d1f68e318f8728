"""The player without a browser: what it sends to one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.widgets.calls import AUDIO, Sent, greet, greet_otherwise, greeted
from tests.widgets.poor import poor_call
from workbench.clock import EPOCH
from workbench.replay import replay
from workbench.views.lanes import Lanes
from workbench.widgets.player import Player
from workbench.widgets.pump import PUMP


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """Opens players; each is written by the test, not by the pump."""
    players = []

    def opens(*, flow: Any = None, **options: Any) -> tuple[Player, Sent]:
        history = greeted(tmp_path).history
        (tmp_path / f"{greet.version}.py").write_text(greet.source)
        result = replay(history, flow) if flow else None
        player = Player(
            history, recordings=tmp_path, sources=tmp_path, replay=result, **options
        )
        PUMP.remove(player)
        players.append(player)
        sent = Sent(player)
        sent.greet()
        player.write(EPOCH)
        return player, sent

    yield opens
    for player in players:
        player.close()


def asked(player: Player, action: str, **fields: Any) -> None:
    """Ask for something, and wait until it was carried out."""
    player.act(action, **fields)
    player.write(EPOCH)


def test_a_view_begins_with_the_whole_call(opened: Any, tmp_path: Path) -> None:
    _, sent = opened()
    ((call, _),), ((items, _),) = sent.of("call"), sent.of("items")
    lanes = Lanes(greeted(tmp_path).history)
    assert call["title"].startswith("Call CA00, inbound: sip:a@x → sip:b@x")
    assert call["sources"] == {greet.version: greet.source}
    assert [item["key"] for item in items["items"]] == list(lanes.items)
    ((_, (pairs,)),) = sent.of("peaks")
    assert len(pairs) == 4 * 200
    assert len(call["segments"]) == 1


def test_it_gives_audio_when_asked(opened: Any) -> None:
    player, sent = opened()
    asked(player, "audio", segment=0)
    ((value, (audio,)),) = sent.of("audio")
    assert value["segment"] == 0
    assert audio[:4] == b"RIFF"


def test_it_gives_a_sip_message_with_nothing_hidden_in_it(opened: Any, tmp_path: Path) -> None:
    player, sent = opened()
    traced = next(
        event for event in greeted(tmp_path).history if event.TOPIC.endswith("traced")
    )
    asked(player, "message", version=traced.version)
    asked(player, "message", version=1)
    asked(player, "message", version=10_000)
    texts = [value["text"] for value, _ in sent.of("message")]
    assert texts == ["BYE sip:a SIP/2.0\nTo: \\x1b", "", ""]


def test_the_same_decisions_are_told_as_the_same(opened: Any) -> None:
    player, sent = opened(flow=greet)
    ((found, _),) = sent.of("replay")
    decided = [event.version for event in player._history if getattr(event, "flow", "")]
    assert found["divergence"] is None
    assert found["same"] == decided


def test_a_divergence_has_its_place_and_both_decisions(opened: Any) -> None:
    _, sent = opened(flow=greet_otherwise)
    ((found, _),) = sent.of("replay")
    assert "greeting.wav" in found["divergence"]["then"]
    assert "hold.wav" in found["divergence"]["now"]
    assert found["divergence"]["where"].startswith("calls.py:")
    assert max(found["same"]) < found["divergence"]["version"] + 1
    assert found["divergence"]["start_ms"] > 0


def test_the_cursor_is_moved_from_a_cell(opened: Any) -> None:
    player, _ = opened()
    player.seek(1.25)
    player.seek(1.25)
    player.write(EPOCH)
    assert player.state["cursor"] == {"ms": 1250, "n": 2}


def test_a_recording_that_is_gone_is_said_and_the_lanes_are_there(
    opened: Any, tmp_path: Path
) -> None:
    history = greeted(tmp_path).history
    (tmp_path / f"{AUDIO}.wav").unlink()
    player = Player(history, recordings=tmp_path)
    sent = Sent(player)
    try:
        assert "is not there" in player.state["error"]
        assert [value["kind"] for value, _ in player.snapshot()] == ["call", "items"]
    finally:
        player.close()
    assert not sent.of("peaks")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no recording", "No audio of this call is on record"),
        ("no time", "No audio of this call is on record"),
        ("refused", "No audio flowed in this call"),
        ("three", ""),
        ("gone", ""),
    ],
)
def test_why_there_is_nothing_to_be_heard_is_said(
    tmp_path: Path, name: str, words: str
) -> None:
    player = Player(poor_call(name, tmp_path), recordings=tmp_path / "recordings")
    player.close()
    notice = player.state["notice"]
    assert notice.startswith(words) if words else notice == ""


def test_of_a_call_that_goes_on_it_says_when_there_will_be_sound(tmp_path: Path) -> None:
    player = Player(greeted(tmp_path).history[:5], recordings=tmp_path)
    player.close()
    assert player.state["notice"].startswith("The call goes on")


def test_without_a_store_there_is_no_sound(tmp_path: Path) -> None:
    player = Player(greeted(tmp_path).history)
    try:
        ((call, _), _) = player.snapshot()
        assert call["segments"] == []
        assert call["sources"] == {}
    finally:
        player.close()
