"""Call audio on disk, from what a recorder leaves behind, killed or not."""

import hashlib
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from workbench.errors import InvalidAudio, StoreError
from workbench.recording import (
    BLOCK_FRAMES,
    open_recording,
    repair_header,
    store_recording,
    waveform_peaks,
)

Samples = npt.NDArray[np.int16]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


@pytest.fixture
def received(tmp_path: Path) -> Path:
    return tmp_path / "leg-1-received.wav"


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    return tmp_path / "leg-1-sent.wav"


def noise(frames: int, seed: int = 1) -> Samples:
    drawn = np.random.default_rng(seed).integers(-32768, 32768, frames)
    return drawn.astype(np.int16)


def write(path: Path, samples: Samples, rate: int = 8000) -> None:
    soundfile.write(path, samples, rate, subtype="PCM_16")


def kill_writer(path: Path) -> None:
    """Leave the file as a recorder does that never came to write its sizes."""
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = bytes(4)
    path.write_bytes(content)


def stored_samples(path: Path) -> Samples:
    samples: Samples = soundfile.read(path, dtype="int16", always_2d=True)[0]
    return samples


def test_the_two_directions_become_two_channels(
    received: Path, sent: Path, recordings: Path
) -> None:
    write(received, noise(12_004, 1))
    write(sent, noise(12_004, 2))
    stored = store_recording(received, sent, recordings)
    assert stored.path == recordings / f"{stored.audio}.wav"
    assert stored.audio == hashlib.sha256(stored.path.read_bytes()).hexdigest()
    assert (stored.frames, stored.sample_rate, stored.duration_ms) == (12_004, 8000, 1500)
    assert np.array_equal(stored_samples(stored.path)[:, 0], noise(12_004, 1))
    assert np.array_equal(stored_samples(stored.path)[:, 1], noise(12_004, 2))


def test_the_same_audio_gives_the_same_file(
    received: Path, sent: Path, recordings: Path
) -> None:
    write(received, noise(5000))
    write(sent, noise(5000, 2))
    first = store_recording(received, sent, recordings)
    assert store_recording(received, sent, recordings) == first
    assert list(recordings.iterdir()) == [first.path]


def test_a_known_recording_keeps_its_name_for_ever(
    received: Path, sent: Path, recordings: Path
) -> None:
    ramp = np.arange(-8000, 8000, dtype=np.int16)
    write(received, ramp)
    write(sent, ramp[::-1])
    name = "6f1cacf74937fd966b31d45dff5d0000d53dce4d5fde38b3f5a74d83424cafe9"
    assert store_recording(received, sent, recordings).audio == name


@pytest.mark.parametrize("frames", [1, BLOCK_FRAMES, BLOCK_FRAMES + 1, 3 * BLOCK_FRAMES - 1])
def test_the_shorter_direction_ends_in_silence(
    frames: int, received: Path, sent: Path, recordings: Path
) -> None:
    longest = 3 * BLOCK_FRAMES
    write(received, noise(frames))
    write(sent, noise(longest, 2))
    samples = stored_samples(store_recording(received, sent, recordings).path)
    assert len(samples) == longest
    assert np.array_equal(samples[:frames, 0], noise(frames))
    assert not samples[frames:, 0].any()
    assert np.array_equal(samples[:, 1], noise(longest, 2))


@pytest.mark.parametrize("left", [None, b"", b"RIFF", "no audio", b"garbage" * 100])
def test_a_missing_direction_is_silent(
    left: bytes | str | None, received: Path, sent: Path, recordings: Path
) -> None:
    write(received, noise(1000))
    if left == "no audio":
        write(sent, noise(0))
    elif isinstance(left, bytes):
        sent.write_bytes(left)
    samples = stored_samples(store_recording(received, sent, recordings).path)
    assert np.array_equal(samples[:, 0], noise(1000))
    assert not samples[:, 1].any()


def test_no_audio_at_all_is_told(received: Path, sent: Path, recordings: Path) -> None:
    sent.write_bytes(b"")
    with pytest.raises(InvalidAudio, match=r"No audio was recorded: .*received.* and .*sent"):
        store_recording(received, sent, recordings)
    assert list(recordings.iterdir()) == []


def test_directions_that_do_not_fit_are_told(
    received: Path, sent: Path, recordings: Path
) -> None:
    write(received, noise(1000))
    write(sent, noise(1000), rate=16_000)
    with pytest.raises(InvalidAudio, match="must be mono and of one rate"):
        store_recording(received, sent, recordings)


def test_what_a_killed_recorder_left_is_whole(
    received: Path, sent: Path, recordings: Path
) -> None:
    write(received, noise(5000, 1))
    write(sent, noise(4000, 2))
    whole = store_recording(received, sent, recordings).audio
    kill_writer(received)
    kill_writer(sent)
    assert store_recording(received, sent, recordings).audio == whole


def test_half_a_frame_at_the_end_is_left_out(received: Path) -> None:
    write(received, noise(5000))
    kill_writer(received)
    received.write_bytes(received.read_bytes() + b"\x7f")
    repair_header(received)
    assert np.array_equal(stored_samples(received)[:, 0], noise(5000))


def test_a_size_beyond_the_end_is_corrected(received: Path) -> None:
    write(received, noise(5000))
    received.write_bytes(received.read_bytes()[:-2000])
    repair_header(received)
    assert received.read_bytes()[40:44] == struct.pack("<I", 8000)
    assert received.read_bytes()[4:8] == struct.pack("<I", 8036)


def test_a_right_header_is_left_alone(received: Path) -> None:
    write(received, noise(5000))
    received.write_bytes(received.read_bytes() + b"LIST\x04\x00\x00\x00INFO")
    before = received.read_bytes()
    repair_header(received)
    assert received.read_bytes() == before


def test_chunks_before_the_audio_are_passed_over(received: Path) -> None:
    write(received, noise(5000))
    content = received.read_bytes()
    extra = b"odd \x03\x00\x00\x00abc\x00"
    received.write_bytes(content[:36] + extra + b"data" + bytes(4) + content[44:])
    repair_header(received)
    assert np.array_equal(stored_samples(received)[:, 0], noise(5000))


def test_a_file_without_audio_cannot_be_repaired(received: Path) -> None:
    received.write_bytes(b"RIFF\x00\x00\x00\x00WAVEfmt ")
    with pytest.raises(InvalidAudio, match="not a WAV file, or ends before"):
        repair_header(received)


def test_a_folder_that_cannot_be_written_is_told(
    received: Path, sent: Path, recordings: Path
) -> None:
    write(received, noise(1000))
    recordings.rmdir()
    with pytest.raises(StoreError, match="leg-1-received cannot be stored"):
        store_recording(received, sent, recordings)
    assert received.exists()


def test_a_long_call_needs_no_more_memory(received: Path, sent: Path, recordings: Path) -> None:
    ten_minutes = noise(10 * 60 * 8000)
    write(received, ten_minutes)
    write(sent, ten_minutes[:1000])
    tracemalloc.start()
    stored = store_recording(received, sent, recordings)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert stored.duration_ms == 600_000
    assert most < 5_000_000  # the samples would take four times as much


def test_a_recording_is_opened_by_its_hash(
    received: Path, sent: Path, recordings: Path
) -> None:
    write(received, noise(1000))
    audio = store_recording(received, sent, recordings).audio
    samples, rate = open_recording(recordings, audio)
    assert rate == 8000
    assert samples.dtype == np.float32
    assert np.array_equal(samples[:, 0] * 32768, noise(1000))
    assert samples.shape == (1000, 2)


def test_an_unknown_recording_is_told(recordings: Path) -> None:
    with pytest.raises(InvalidAudio, match=r"cannot be read.*Restore it"):
        open_recording(recordings, "0" * 64)
    with pytest.raises(InvalidAudio, match="names no recording"):
        open_recording(recordings, "../../etc/passwd")


def test_peaks_are_the_extremes_of_each_stretch(
    received: Path, sent: Path, recordings: Path
) -> None:
    write(received, np.repeat(np.array([0, 256, -512, 32767], np.int16), 250))
    write(sent, np.repeat(np.array([-32768, 0], np.int16), 500))
    path = store_recording(received, sent, recordings).path
    peaks = waveform_peaks(path, 2)
    assert peaks.dtype == np.int8
    assert peaks.tolist() == [[[0, 1], [-128, -128]], [[-2, 127], [0, 0]]]


@pytest.mark.parametrize(("frames", "buckets"), [(3, 10), (1000, 7), (0, 4)])
def test_peaks_have_the_shape_that_was_asked_for(
    frames: int, buckets: int, received: Path
) -> None:
    samples = noise(frames)
    soundfile.write(received, np.column_stack([samples, samples]), 8000)
    peaks = waveform_peaks(received, buckets)
    assert peaks.shape == (buckets, 2, 2)
    if frames:
        assert peaks[:, 0, 0].min() == samples.min() >> 8
        assert peaks[:, 1, 1].max() == samples.max() >> 8
