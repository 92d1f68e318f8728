"""What every engine must do, whether it makes calls or simulates them."""

import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.stage import Stage
from workbench import signals
from workbench.commands import (
    Answer,
    Dial,
    Hangup,
    PauseRecording,
    Play,
    Record,
    Reject,
    ResumeRecording,
    Ring,
    SendDigits,
    Stop,
    StopRecording,
)
from workbench.signals import (
    Answered,
    DigitReceived,
    DigitsSent,
    MediaMeasured,
    MediaStarted,
    Offered,
    PromptFinished,
    PromptStarted,
    RecordingFinished,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    Released,
    Ringing,
    SipMessageSeen,
)

pytestmark = pytest.mark.anyio

Wav = Callable[[float], str]


async def test_a_call_rings_is_answered_and_hung_up_by_the_caller(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Ring, far)
    await stage.until(Ringing, "a")
    await stage.do(Answer, far)
    await stage.until(Answered, "a")
    await stage.until(Answered, far)
    await stage.do(Hangup, "a")
    ours, theirs = await stage.until(Released, "a"), await stage.until(Released, far)
    assert (ours.by, ours.sip_code) == ("local", 200)
    assert (theirs.by, theirs.sip_code) == ("remote", 200)
    assert [type(signal) for signal in stage.of("a")] == [
        Ringing,
        MediaStarted,
        Answered,
        MediaMeasured,
        Released,
    ]
    assert [type(signal) for signal in stage.of(far)] == [
        Offered,
        Ringing,
        MediaStarted,
        Answered,
        MediaMeasured,
        Released,
    ]


async def test_the_callee_hangs_up(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Hangup, far)
    assert (await stage.until(Released, far)).by == "local"
    assert (await stage.until(Released, "a")).by == "remote"


async def test_media_starts_the_audio_clock_at_zero(stage: Stage) -> None:
    await stage.talk()
    started = await stage.until(MediaStarted, "a")
    assert (started.media_ms, started.codec, started.clock_rate) == (0, "PCMU", 8000)


async def test_who_calls_is_told_with_the_context_headers(stage: Stage) -> None:
    headers = {"X-Case": "4711", "User-to-User": "c0ffee;encoding=hex"}
    await stage.do(Dial, "a", uri=stage.uri(), from_="sip:alice@example.org", headers=headers)
    offered = await stage.until(Offered)
    assert offered.from_ == "sip:alice@example.org"
    assert offered.to.startswith("sip:bob@")
    assert offered.headers == headers
    assert offered.sip_call_id


@pytest.mark.parametrize("code", [486, 404, 603])
async def test_a_rejected_call_tells_the_caller_why(stage: Stage, code: int) -> None:
    far = await stage.ring()
    await stage.do(Reject, far, sip_code=code)
    ours, theirs = await stage.until(Released, far), await stage.until(Released, "a")
    assert (ours.by, ours.sip_code) == ("local", code)
    assert (theirs.by, theirs.sip_code) == ("remote", code)


async def test_hanging_up_an_unanswered_call_declines_it(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Ring, far)
    await stage.do(Hangup, far)
    assert (await stage.until(Released, far)).by == "local"
    assert (await stage.until(Released, "a")).sip_code == 603


async def test_the_caller_cancels(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Ring, far)
    await stage.until(Ringing, "a")
    await stage.do(Hangup, "a")
    ours, theirs = await stage.until(Released, "a"), await stage.until(Released, far)
    assert (ours.by, ours.sip_code) == ("local", 487)
    assert (theirs.by, theirs.sip_code) == ("remote", 487)


async def test_a_call_that_rings_too_long_is_cancelled(stage: Stage) -> None:
    far = await stage.ring(ring_timeout_s=0.3)
    await stage.do(Ring, far)
    await stage.until(Ringing, "a")
    ours, theirs = await stage.until(Released, "a"), await stage.until(Released, far)
    assert (ours.by, ours.sip_code) == ("local", 408)
    assert ours.reason == "no answer within 0.3 s"
    assert (theirs.by, theirs.sip_code) == ("remote", 487)


async def test_a_host_that_never_responds_is_given_up(stage: Stage) -> None:
    await stage.do(Dial, "a", uri=stage.silent_uri(), ring_timeout_s=0.3)
    released = await stage.until(Released, "a")
    assert (released.by, released.sip_code) == ("local", 408)


@pytest.mark.parametrize(
    "dial",
    [
        {"uri": "sip:bob@host?X-A=b"},
        {"uri": "tel:+15551234"},
        {"uri": "sip:bob@127.0.0.1", "headers": {"Route": "<sip:evil>"}},
        {"uri": "sip:bob@127.0.0.1", "headers": {"X-A": "1\r\nVia: x"}},
    ],
)
async def test_what_may_not_go_onto_the_wire_is_refused(
    stage: Stage, dial: dict[str, object]
) -> None:
    await stage.do(Dial, "a", **dial)
    released = await stage.until(Released, "a")
    assert (released.by, released.sip_code) == ("engine", 400)
    assert released.reason.endswith((".", "it."))


async def test_digits_go_both_ways(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(SendDigits, "a", sending="d1", digits="12#")
    await stage.until(DigitsSent, "a", sending="d1", outcome="completed")
    await stage.do(SendDigits, far, sending="d2", digits="*Dw0")
    await stage.until(DigitsSent, far, sending="d2", outcome="completed")
    heard = {
        leg: [signal.digit for signal in stage.of(leg) if isinstance(signal, DigitReceived)]
        for leg in ("a", far)
    }
    assert heard == {"a": ["*", "D", "0"], far: ["1", "2", "#"]}


async def test_digits_wait_for_the_sending_before_them(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(SendDigits, "a", sending="d1", digits="11")
    await stage.do(SendDigits, "a", sending="d2", digits="2")
    await stage.until(DigitsSent, "a", sending="d1")
    await stage.until(DigitsSent, "a", sending="d2")
    heard = [signal.digit for signal in stage.of(far) if isinstance(signal, DigitReceived)]
    assert heard == ["1", "1", "2"]


async def test_what_is_no_digit_is_not_sent(stage: Stage) -> None:
    await stage.talk()
    await stage.do(SendDigits, "a", sending="d1", digits="12x")
    failed = await stage.until(DigitsSent, "a", outcome="failed")
    assert "'x'" in failed.reason


async def test_digits_are_interrupted_by_the_end_of_the_call(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(SendDigits, "a", sending="d1", digits="1WWWWWWWW2")
    await stage.until(DigitReceived, far)
    await stage.do(Hangup, far)
    await stage.until(DigitsSent, "a", sending="d1", outcome="interrupted")


async def test_a_prompt_plays_to_its_end(stage: Stage, wav: Wav) -> None:
    await stage.talk()
    await stage.do(Play, "a", prompt="p1", path=wav(0.5))
    started = await stage.until(PromptStarted, "a", prompt="p1")
    finished = await stage.until(PromptFinished, "a", prompt="p1")
    assert (finished.outcome, finished.played_ms) == ("completed", 500)
    assert started.media_ms is not None
    assert finished.media_ms is not None
    assert finished.media_ms - started.media_ms >= 480


async def test_an_endless_prompt_plays_until_it_is_stopped(stage: Stage, wav: Wav) -> None:
    far = await stage.talk()
    await stage.do(Play, "a", prompt="p1", path=wav(0.2), endless=True)
    await stage.until(PromptStarted, "a", prompt="p1")
    await stage.do(SendDigits, far, sending="d1", digits="WW")
    await stage.until(DigitsSent, far)
    await stage.do(Stop, "a", prompt="p1")
    finished = await stage.until(PromptFinished, "a", prompt="p1")
    assert finished.outcome == "interrupted"
    assert finished.played_ms > 1000


async def test_a_prompt_waits_for_audio(stage: Stage, wav: Wav) -> None:
    far = await stage.ring()
    await stage.do(Play, far, prompt="p1", path=wav(0.2))
    await stage.do(Answer, far)
    await stage.until(PromptFinished, far, outcome="completed")


async def test_a_prompt_is_stopped_when_a_digit_comes(stage: Stage, wav: Wav) -> None:
    far = await stage.talk()
    await stage.do(Play, far, prompt="p1", path=wav(10.0))
    await stage.until(PromptStarted, far)
    await stage.do(SendDigits, "a", sending="d1", digits="w1")
    await stage.until(DigitReceived, far)
    await stage.do(Stop, far, prompt="another")
    await stage.do(Stop, far, prompt="p1")
    finished = await stage.until(PromptFinished, far)
    assert finished.outcome == "interrupted"
    assert 300 <= finished.played_ms < 10_000


async def test_a_prompt_replaces_the_one_that_plays(stage: Stage, wav: Wav) -> None:
    await stage.talk()
    await stage.do(Play, "a", prompt="p1", path=wav(10.0))
    await stage.do(Play, "a", prompt="p2", path=wav(0.2))
    await stage.until(PromptFinished, "a", prompt="p2", outcome="completed")
    prompts = [
        (type(signal), signal.prompt)
        for signal in stage.of("a")
        if isinstance(signal, PromptStarted | PromptFinished)
    ]
    assert prompts == [
        (PromptStarted, "p1"),
        (PromptFinished, "p1"),
        (PromptStarted, "p2"),
        (PromptFinished, "p2"),
    ]


async def test_a_prompt_ends_with_the_call(stage: Stage, wav: Wav) -> None:
    far = await stage.talk()
    await stage.do(Play, "a", prompt="p1", path=wav(10.0))
    await stage.do(Play, far, prompt="p2", path=wav(10.0))
    await stage.until(PromptStarted, "a")
    await stage.until(PromptStarted, far)
    await stage.do(Hangup, "a")
    assert (await stage.until(PromptFinished, "a")).outcome == "interrupted"
    assert (await stage.until(PromptFinished, far)).outcome == "interrupted"


async def test_a_prompt_that_cannot_be_read_has_failed(stage: Stage, tmp_path: Path) -> None:
    await stage.talk()
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"no RIFF at all" * 100)
    for prompt, path in (("p1", tmp_path / "absent.wav"), ("p2", noise)):
        await stage.do(Play, "a", prompt=prompt, path=str(path))
        finished = await stage.until(PromptFinished, "a", prompt=prompt)
        assert (finished.outcome, finished.played_ms) == ("failed", 0)
        assert finished.reason


async def test_both_directions_are_recorded_at_equal_length(
    stage: Stage, tmp_path: Path, wav: Wav
) -> None:
    far = await stage.talk()
    paths = [str(tmp_path / name) for name in ("received.wav", "sent.wav")]
    await stage.do(Record, far, recording="r1", received_path=paths[0], sent_path=paths[1])
    started = await stage.until(RecordingStarted, far, recording="r1")
    await stage.do(Play, far, prompt="p1", path=wav(0.5))
    await stage.until(PromptFinished, far)
    await stage.do(Hangup, far)
    finished = await stage.until(RecordingFinished, far, recording="r1")
    assert not finished.reason
    assert started.media_ms is not None
    lengths = [length(path) for path in paths]
    assert all(milliseconds >= 480 for milliseconds in lengths)
    assert abs(lengths[0] - lengths[1]) <= 20


async def test_a_recording_pauses_resumes_and_stops_before_the_call(
    stage: Stage, tmp_path: Path
) -> None:
    far = await stage.talk()
    for name in ("r1", "r2"):
        paths = [str(tmp_path / f"{name}-{way}.wav") for way in ("received", "sent")]
        await stage.do(Record, far, recording=name, received_path=paths[0], sent_path=paths[1])
        began = await stage.until(RecordingStarted, far, recording=name)
        await stage.do(PauseRecording, far, recording=name)
        paused = await stage.until(RecordingPaused, far, recording=name)
        await stage.do(SendDigits, "a", sending=name, digits="w")
        await stage.until(DigitsSent, "a", sending=name)
        await stage.do(ResumeRecording, far, recording=name)
        resumed = await stage.until(RecordingResumed, far, recording=name)
        await stage.do(StopRecording, far, recording="another")
        await stage.do(StopRecording, far, recording=name)
        assert not (await stage.until(RecordingFinished, far, recording=name)).reason
        moments = (began.media_ms, paused.media_ms, resumed.media_ms)
        assert None not in moments
        assert abs(length(paths[0]) - length(paths[1])) <= 20
        assert length(paths[0]) >= 400
    await stage.do(Hangup, far)
    await stage.until(Released, far)


async def test_a_recording_that_cannot_be_written_says_so(stage: Stage, tmp_path: Path) -> None:
    await stage.talk()
    paths = {
        "received_path": str(tmp_path / "absent" / "r.wav"),
        "sent_path": str(tmp_path / "absent" / "s.wav"),
    }
    await stage.do(Record, "a", recording="r1", **paths)
    finished = await stage.until(RecordingFinished, "a", recording="r1")
    assert finished.reason


async def test_a_recording_without_audio_says_so(stage: Stage, tmp_path: Path) -> None:
    far = await stage.ring()
    paths = {name: str(tmp_path / f"{name}.wav") for name in ("received_path", "sent_path")}
    await stage.do(Record, far, recording="r1", **paths)
    await stage.do(Reject, far, sip_code=486)
    assert (await stage.until(RecordingFinished, far)).reason


async def test_the_sip_messages_of_the_dialog_are_seen(stage: Stage) -> None:
    far = await stage.ring()
    await stage.do(Ring, far)
    await stage.until(Ringing, "a")
    await stage.do(Answer, far)
    await stage.until(Answered, far)
    await stage.do(Hangup, "a")
    await stage.until(Released, "a")
    await stage.until(Released, far)
    assert {"sent INVITE", "received 180", "received 200", "sent ACK", "sent BYE"} <= ladder(
        stage, "a"
    )
    assert {"received INVITE", "sent 180", "sent 200", "received ACK", "received BYE"} <= (
        ladder(stage, far)
    )


async def test_what_was_counted_comes_before_the_end(stage: Stage, wav: Wav) -> None:
    far = await stage.talk()
    await stage.do(Play, "a", prompt="p1", path=wav(0.5))
    await stage.until(PromptFinished, "a")
    await stage.do(Hangup, "a")
    for leg in ("a", far):
        measured = await stage.until(MediaMeasured, leg)
        assert measured.packets_sent >= 20
        assert measured.packets_received >= 20
        assert measured.packets_lost == 0


async def test_what_is_counted_is_told_every_five_seconds(stage: Stage, wav: Wav) -> None:
    await stage.talk()
    sample = await stage.until(MediaMeasured, "a", final=False)
    assert sample.media_ms is not None
    assert sample.media_ms >= 5000
    assert sample.packets_sent >= 200
    await stage.do(Hangup, "a")
    last = await stage.until(MediaMeasured, "a", final=True)
    assert last.packets_sent >= sample.packets_sent


async def test_a_command_for_a_leg_that_is_gone_does_nothing(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Hangup, "a")
    await stage.until(Released, "a")
    await stage.until(Released, far)
    known = len(stage.signals)
    for leg in ("a", far, "never-was"):
        await stage.do(Answer, leg)
        await stage.do(Hangup, leg)
        await stage.do(Play, leg, prompt="p", path="/nowhere.wav")
    await stage.talk("b")
    later = {signal.leg for signal in stage.signals[known:]}
    assert not later & {"a", far, "never-was"}


async def test_an_answer_twice_is_one_answer(stage: Stage) -> None:
    far = await stage.talk()
    await stage.do(Answer, far)
    await stage.do(Ring, far)
    await stage.do(Hangup, far)
    await stage.until(Released, far)
    assert [type(signal) for signal in stage.of(far)].count(signals.Answered) == 1


async def test_closing_releases_every_leg(stage: Stage, wav: Wav) -> None:
    far = await stage.talk()
    waiting = await stage.ring("b")
    await stage.do(Play, far, prompt="p1", path=wav(10.0))
    await stage.until(PromptStarted, far)
    await stage.engine.close()
    released = {signal.leg for signal in stage.signals if isinstance(signal, Released)}
    assert released == {"a", "b", far, waiting}


def ladder(stage: Stage, leg: str) -> set[str]:
    """Return direction and method, or code, of each SIP message of a leg."""
    words = set()
    for signal in stage.signals:
        if isinstance(signal, SipMessageSeen) and signal.leg == leg:
            first, second = signal.message.split(" ")[:2]
            words.add(f"{signal.direction} {second if first == 'SIP/2.0' else first}")
    return words


def length(path: str) -> float:
    """Return the length of a WAV file in milliseconds."""
    with wave.open(path) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return float(file.getnframes() / 8)


@pytest.mark.parametrize(("codec", "clock_rate"), [("PCMA", 8000), ("G722", 16000)])
async def test_a_call_offers_the_codecs_that_it_prefers(
    stage: Stage, codec: str, clock_rate: int
) -> None:
    far = await stage.talk(codecs=(codec, "PCMU"))
    for leg in ("a", far):
        started = await stage.until(MediaStarted, leg)
        assert (started.codec, started.clock_rate) == (codec, clock_rate)
        assert not started.secure
    await stage.do(Hangup, "a")
    await stage.until(Released, far)
    # The next call offers the usual ones again.
    await stage.talk("b")
    assert (await stage.until(MediaStarted, "b")).codec == "PCMU"
    await stage.do(Hangup, "b")
    await stage.until(Released, "b")
