"""Call audio on disk: two mono files while the call goes on, then one file, named by its hash.

Channel 1 is what was received, channel 2 what was sent; both begin at the same moment of
the leg's audio clock. The same audio always gives the same file, bit for bit.
"""

import hashlib
import os
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from workbench.errors import InvalidAudio, StoreError

BLOCK_FRAMES = 65_536
"""Frames in memory at a time: an hour's call needs no more than a short one."""

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, kw_only=True)
class StoredAudio:
    """A recording that has its name for ever."""

    audio: str
    """SHA-256 of the file, in hex."""
    frames: int
    sample_rate: int
    duration_ms: int
    path: Path


def store_recording(received: Path, sent: Path, recordings: Path) -> StoredAudio:
    """Join the two directions of a call into one file of the store.

    A direction that is missing, empty or shorter is silent; doing it twice gives the same
    file. The two live files are left to the caller.

    Raises:
        InvalidAudio: When neither direction holds audio, or the two do not fit together.
        StoreError: When the file cannot be written.
    """
    with ExitStack() as files:
        sides = [_open_side(path, files) for path in (received, sent)]
        rate = _common_rate(sides, received, sent)
        frames = max(side.frames for side in sides if side)
        path, digest = _write(sides, recordings / f"{received.stem}.part", rate, frames)
    return StoredAudio(
        audio=digest,
        frames=frames,
        sample_rate=rate,
        duration_ms=_milliseconds(frames, rate),
        path=path,
    )


def recording_path(recordings: Path, audio: str) -> Path:
    """Return where the recording with this hash lies."""
    if not re.fullmatch("[0-9a-f]{64}", audio):
        raise InvalidAudio(f"{audio!r} names no recording: a SHA-256 has 64 hex digits.")
    return recordings / f"{audio}.wav"


def open_recording(recordings: Path, audio: str) -> tuple[npt.NDArray[np.float32], int]:
    """Return the samples of a recording, (frames, 2) from -1 to 1, and their rate."""
    path = recording_path(recordings, audio)
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise InvalidAudio(
            f"The recording {path} cannot be read: {error}. Restore it from a copy."
        ) from error
    return samples, rate


def waveform_peaks(path: Path, buckets: int) -> npt.NDArray[np.int8]:
    """Return the lowest and highest sample of each stretch: (buckets, channels, 2)."""
    with soundfile.SoundFile(path) as sound:
        peaks = np.zeros((buckets, sound.channels, 2), np.int8)
        edges = np.linspace(0, sound.frames, buckets + 1).astype(int)
        for bucket in range(buckets if sound.frames else 0):
            sound.seek(edges[bucket])
            length = max(1, edges[bucket + 1] - edges[bucket])
            stretch = sound.read(length, dtype="int16", always_2d=True)
            peaks[bucket, :, 0] = stretch.min(axis=0) >> 8
            peaks[bucket, :, 1] = stretch.max(axis=0) >> 8
    return peaks


def repair_header(path: Path) -> None:
    """Correct the sizes in the header of a WAV file whose writer was killed.

    Raises:
        InvalidAudio: When the file is no WAV file, or ends before its audio.
    """
    with path.open("r+b") as file:
        length = os.fstat(file.fileno()).st_size
        at, size, frame_bytes = _find_audio(file.read(4096), path)
        there = (length - at) // frame_bytes * frame_bytes
        if size == 0 or size > there:
            _write_size(file.fileno(), at - 4, there)
            _write_size(file.fileno(), 4, at + there - 8)


def _find_audio(header: bytes, path: Path) -> tuple[int, int, int]:
    """Return where the audio begins, its size on record and the bytes of a frame."""
    frame_bytes = 2
    at = 12 if header[:4] == b"RIFF" and header[8:12] == b"WAVE" else len(header)
    while at + 8 <= len(header):
        name, size = header[at : at + 4], int.from_bytes(header[at + 4 : at + 8], "little")
        if name == b"data":
            return at + 8, size, frame_bytes
        if name == b"fmt ":
            frame_bytes = int.from_bytes(header[at + 20 : at + 22], "little") or 2
        at += 8 + size + size % 2
    raise InvalidAudio(f"{path} is not a WAV file, or ends before its audio begins.")


def _write_size(file: int, at: int, size: int) -> None:
    os.pwrite(file, size.to_bytes(4, "little"), at)


def _open_side(path: Path, files: ExitStack) -> soundfile.SoundFile | None:
    """Open one direction; None when it holds no audio."""
    try:
        repair_header(path)
        side = files.enter_context(soundfile.SoundFile(path))
    except (FileNotFoundError, InvalidAudio, soundfile.LibsndfileError):
        return None
    return side if side.frames else None


def _common_rate(sides: list[soundfile.SoundFile | None], received: Path, sent: Path) -> int:
    forms = {(side.samplerate, side.channels) for side in sides if side}
    if not forms:
        raise InvalidAudio(
            f"No audio was recorded: {received} and {sent} are missing, empty or unreadable."
        )
    rate, channels = forms.pop()
    if forms or channels != 1:
        raise InvalidAudio(
            f"{received} and {sent} cannot be joined: both must be mono and of one rate."
        )
    return int(rate)


def _write(
    sides: list[soundfile.SoundFile | None], aside: Path, rate: int, frames: int
) -> tuple[Path, str]:
    """Write aside and rename, so that a recording is there whole or not at all."""
    try:
        _write_joined(sides, aside, rate, frames)
        digest = _sync_and_hash(aside)
        path = aside.replace(recording_path(aside.parent, digest))
        _sync(aside.parent)
    except (OSError, soundfile.LibsndfileError) as error:
        aside.unlink(missing_ok=True)
        raise StoreError(
            f"The recording {aside.stem} cannot be stored in {aside.parent}: {error} Check its "
            "disk; what was recorded lies where it was."
        ) from error
    return path, digest


def _write_joined(
    sides: list[soundfile.SoundFile | None], aside: Path, rate: int, frames: int
) -> None:
    with soundfile.SoundFile(aside, "w", rate, 2, "PCM_16", format="WAV") as joined:
        for start in range(0, frames, BLOCK_FRAMES):
            length = min(BLOCK_FRAMES, frames - start)
            joined.write(np.column_stack([_padded(side, length) for side in sides]))


def _sync_and_hash(path: Path) -> str:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _padded(side: soundfile.SoundFile | None, length: int) -> Samples:
    block = np.zeros(length, np.int16)
    if side:
        read = side.read(length, dtype="int16")
        block[: len(read)] = read
    return block


def _sync(folder: Path) -> None:
    """Let the name of a file survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _milliseconds(frames: int, rate: int) -> int:
    return round(frames * 1000 / rate)
