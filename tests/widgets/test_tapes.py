"""The recordings of a call for a player."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.widgets.calls import AUDIO, BEGINS_MS, RATE, greeted
from workbench.errors import InvalidAudio, InvalidInput
from workbench.views.axis import Axis
from workbench.widgets.tapes import SEGMENT_MS, Tape, audio_of, tapes


def test_a_recording_lies_where_its_first_sample_was(tmp_path: Path) -> None:
    history = greeted(tmp_path).history
    axis = Axis()
    for event in history:
        axis.note(event)
    (tape,) = tapes(history, tmp_path)
    assert tape.start_ms == axis.audio(BEGINS_MS)
    assert tape.duration_ms == 2000


def test_a_short_recording_is_one_segment_with_all_its_audio(tmp_path: Path) -> None:
    (tape,) = tapes(greeted(tmp_path).history, tmp_path)
    (segment,) = tape.segments()
    assert (segment.start_ms, segment.end_ms) == (tape.start_ms, tape.start_ms + 2000)
    samples, rate = soundfile.read(io.BytesIO(audio_of([segment], 0)), dtype="int16")
    assert (samples.shape, rate) == ((2 * RATE, 2), RATE)
    assert np.argmax(samples[:, 0]) == RATE
    assert samples[RATE].tolist() == pytest.approx([16384, -16384], rel=0.03)  # µ-law


def test_a_long_recording_is_fetched_in_parts(tmp_path: Path) -> None:
    tape = Tape(path=tmp_path / "x.wav", start_ms=40, duration_ms=2 * SEGMENT_MS + 1)
    segments = list(tape.segments())
    assert [part.from_ms for part in segments] == [0, SEGMENT_MS, 2 * SEGMENT_MS]
    assert [part.start_ms for part in segments[1:]] == [part.end_ms for part in segments[:-1]]
    assert segments[-1].end_ms == 40 + tape.duration_ms


def test_a_later_part_has_its_own_audio(tmp_path: Path) -> None:
    seconds = SEGMENT_MS // 1000 + 2
    script = greeted(tmp_path, seconds)
    click = np.zeros((seconds * RATE, 2), np.int16)
    click[SEGMENT_MS * RATE // 1000 + 100] = 16384
    soundfile.write(tmp_path / f"{AUDIO}.wav", click, RATE, subtype="PCM_16")
    (tape,) = tapes(script.history, tmp_path)
    samples, _ = soundfile.read(io.BytesIO(audio_of(list(tape.segments()), 1)), dtype="int16")
    assert len(samples) == 2 * RATE
    assert np.argmax(samples[:, 0]) == 100


def test_peaks_say_where_they_lie(tmp_path: Path) -> None:
    (tape,) = tapes(greeted(tmp_path).history, tmp_path)
    place, (pairs,) = tape.peaks(0)
    assert (place["start_ms"], place["step_ms"]) == (tape.start_ms, 10.0)
    assert np.frombuffer(pairs, np.int8).reshape(-1, 2, 2)[100].tolist() == [[0, 64], [-64, 0]]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    tape = Tape(path=tmp_path / "gone.wav", start_ms=0, duration_ms=100)
    with pytest.raises(InvalidAudio, match=r"gone\.wav cannot be read"):
        tape.peaks(0)
    with pytest.raises(InvalidAudio, match=r"gone\.wav cannot be read"):
        audio_of(list(tape.segments()), 0)
    with pytest.raises(InvalidInput, match="has 1 segments of audio, no 1"):
        audio_of(list(tape.segments()), 1)
