"""The recordings of a call for a player."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.widgets.calls import AUDIO, BEGINS_MS, RATE, greeted
from tests.widgets.poor import poor_call
from workbench.errors import InvalidAudio, InvalidInput
from workbench.views.axis import Axis
from workbench.widgets.tapes import SEGMENT_MS, Deck, Tape, audio_of, tapes


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


def test_a_recording_that_cannot_be_read_leaves_the_others(tmp_path: Path) -> None:
    call = poor_call("damaged", tmp_path)
    deck = Deck.of(tapes(call, tmp_path / "recordings"))
    (problem,) = deck.problems
    assert problem.endswith("cannot be read: Format not recognised.")
    ((place, _),) = deck.peaks
    assert place["tape"] == 0
    assert [part.start_ms for part in deck.segments] == [place["start_ms"]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cut", ["holds 1.0 s of the 2.0 s that were recorded."]),
        ("gone", ["is not there: restore it from a copy."]),
        ("three", []),
        ("no time", []),
    ],
)
def test_what_is_wrong_with_a_recording_is_said(
    tmp_path: Path, name: str, words: list[str]
) -> None:
    deck = Deck.of(tapes(poor_call(name, tmp_path), tmp_path / "recordings"))
    assert len(deck.problems) == len(words)
    assert all(word in problem for word, problem in zip(words, deck.problems, strict=True))


def test_a_recording_of_one_channel_is_none_of_ours(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mono.wav", np.zeros(100, np.int16), RATE)
    with pytest.raises(InvalidAudio, match="has 1 channels instead of two"):
        Tape(path=tmp_path / "mono.wav", start_ms=0, duration_ms=12).peaks(0)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    tape = Tape(path=tmp_path / "gone.wav", start_ms=0, duration_ms=100)
    with pytest.raises(InvalidAudio, match=r"gone\.wav is not there"):
        tape.peaks(0)
    with pytest.raises(InvalidAudio, match=r"gone\.wav is not there"):
        audio_of(list(tape.segments()), 0)
    with pytest.raises(InvalidInput, match="has 1 segments of audio, no 1"):
        audio_of(list(tape.segments()), 1)
