"""The aggregate: its course, what is open in it, and its audio clock."""

from datetime import timedelta

import pytest

from workbench import events as ev
from workbench.call import COURSE, TRANSITIONS, Call, Phase
from workbench.clock import EPOCH
from workbench.errors import NotAllowedNow
from workbench.spans import ENDS, STARTS


def offered() -> Call:
    call = Call("CA1")
    call.next(ev.Offered, EPOCH, leg="l", from_="sip:a@x", to="sip:b@x")
    return call


def test_versions_count_from_one_and_time_never_goes_back() -> None:
    call = offered()
    ringing = call.next(ev.Ringing, EPOCH - timedelta(seconds=5))
    assert (ringing.version, ringing.at) == (2, EPOCH)


@pytest.mark.parametrize("kind", sorted(COURSE, key=str))
def test_nothing_of_the_course_follows_the_end(kind: type[ev.Event]) -> None:
    assert (Phase.ENDED, kind) not in TRANSITIONS


def test_what_cannot_follow_is_refused_and_changes_nothing() -> None:
    call = offered()
    with pytest.raises(NotAllowedNow, match=r"call\.placed cannot follow"):
        call.next(ev.Placed, EPOCH, leg="l", from_="", to="")
    assert (call.version, call.phase) == (1, Phase.OFFERED)


def test_everything_that_starts_has_a_kind_of_end() -> None:
    assert set(STARTS.values()) == set(ENDS.values())


def test_the_audio_clock_starts_with_the_media() -> None:
    call = offered()
    assert call.media_ms(EPOCH) is None
    call.next(ev.MediaStarted, EPOCH, 0, codec="PCMU", clock_rate=8000)
    later = call.next(ev.Answered, EPOCH + timedelta(milliseconds=120))
    assert later.media_ms == 120


def test_a_signal_with_its_own_audio_time_sets_the_clock_right() -> None:
    call = offered()
    call.next(ev.MediaStarted, EPOCH, 0, codec="PCMU", clock_rate=8000)
    call.next(ev.DigitReceived, EPOCH + timedelta(seconds=10), 9_980, digit="1")
    decided = call.next(ev.HangupRequested, EPOCH + timedelta(seconds=11), caused_by=3)
    assert decided.media_ms == 10_980


def test_a_call_is_closed_when_nothing_of_it_is_to_come() -> None:
    call = offered()
    call.next(ev.FlowStarted, EPOCH, caused_by=1)
    call.next(ev.RecordRequested, EPOCH, caused_by=1, recording="recording-1")
    call.next(
        ev.Ended, EPOCH, by="caller", status="completed", sip_code=200, q850_cause=16,
        hangup_cause="NORMAL_CLEARING",
    )  # fmt: skip
    assert not call.closed
    call.next(ev.FlowReturned, EPOCH, caused_by=3)
    assert not call.closed
    call.next(ev.RecordingFailed, EPOCH, recording="recording-1", reason="no audio")
    assert call.closed
