"""The axis of a call: two clocks on one line."""

from datetime import timedelta

from workbench import events as ev
from workbench.clock import EPOCH
from workbench.views.axis import Axis


def event(kind: type[ev.Event], seconds: float, media_ms: int | None = None) -> ev.Event:
    extra = {"codec": "PCMU", "clock_rate": 8000} if kind is ev.MediaStarted else {}
    at = EPOCH + timedelta(seconds=seconds)
    return kind(call_id="CA01", version=1, at=at, media_ms=media_ms, **extra)


def test_before_there_is_audio_an_event_lies_at_its_own_time() -> None:
    axis = Axis()
    assert axis.note(event(ev.Ringing, 3.0)) == 0
    assert axis.note(event(ev.Ringing, 4.5)) == 1500
    assert axis.audio_ms is None


def test_with_audio_an_event_lies_where_its_audio_is() -> None:
    axis = Axis()
    axis.note(event(ev.Ringing, 3.0))
    axis.note(event(ev.MediaStarted, 5.0, 0))
    # It was recorded 40 ms later than it was heard.
    assert axis.note(event(ev.Answered, 6.0, 960)) == 2960
    assert axis.audio(960) == 2960


def test_an_audio_clock_without_a_moment_begins_with_its_event() -> None:
    axis = Axis()
    axis.note(event(ev.Ringing, 0.0))
    axis.note(event(ev.MediaStarted, 2.0))
    assert axis.audio(0) == 2000


def test_another_leg_has_an_audio_clock_of_its_own() -> None:
    axis = Axis()
    axis.note(event(ev.MediaStarted, 0.0, 0))
    axis.note(event(ev.MediaStarted, 9.0, 0))
    assert axis.audio(100) == 9100
