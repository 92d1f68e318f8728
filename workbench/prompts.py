"""Prompts in the one form that every engine plays: mono, 16 bit, 8 kHz.

A prompt is prepared once, and kept under the hash of the file that it comes from; what is
spoken (`recital.py`) under that of the text and the voice.
"""

import hashlib
import io
import json
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from workbench.errors import InvalidAudio, StoreError

RATE = 8000
FRAME = 160
"""Samples of 20 ms."""
FORM = 1
"""Counted up when prompts are prepared otherwise, so that none of an older form is played."""
BLOCK_FRAMES = 65_536
LONGEST_S = 3600
MOST_RESTS = 500
"""How many beginnings left out are kept: all calls at once, and some."""

Mono = npt.NDArray[np.float32]


class Voice(Protocol):
    """What a shelf needs of a synthesizer."""

    @property
    def name(self) -> str:
        """The provider and its voice."""

    @property
    def version(self) -> str:
        """Changes when the same text may sound otherwise."""

    def speak(self, text: str) -> tuple[Mono, int]:
        """Return mono samples from -1 to 1 and their rate."""


@dataclass(frozen=True, kw_only=True)
class PreparedPrompt:
    """A prompt as an engine plays it; its first and last frames are the audio's own."""

    path: Path
    audio: str
    """SHA-256 of the prepared file, in hex."""
    duration_ms: int


class PromptShelf:
    """Prepares prompts and keeps them in a folder; may be used from any thread."""

    def __init__(self, folder: Path, synthesizer: Voice | None = None) -> None:
        self._folder = folder
        self.voice = synthesizer
        """Whoever speaks, if anybody does."""

    def from_file(self, source: str, search: Sequence[Path]) -> PreparedPrompt:
        """Prepare a file of any format that libsndfile reads; a relative one is looked for.

        Raises:
            InvalidAudio: When it is nowhere, or cannot be read.
        """
        path = _find(source, search)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InvalidAudio(
                f"The prompt {path} cannot be read: {error.strerror}."
            ) from error
        key = hashlib.sha256(content).hexdigest()
        return self.kept(key, lambda: _decode(content, path))

    def arranged(
        self, prompts: Sequence[PreparedPrompt], *, offset_s: float = 0.0, times: int = 1
    ) -> PreparedPrompt:
        """Put prompts one after another, leave out their begin, and repeat the whole.

        Raises:
            InvalidAudio: nothing is left behind the offset, or it is over an hour long.
        """
        if len(prompts) == 1 and not offset_s and times == 1:
            return prompts[0]
        milliseconds = sum(prompt.duration_ms for prompt in prompts)
        if offset_s * 1000 >= milliseconds:
            raise InvalidAudio(
                f"The offset of {offset_s:g} s is beyond the prompt, which has "
                f"{milliseconds / 1000:g} s."
            )
        if (milliseconds / 1000 - offset_s) * times > LONGEST_S:
            raise InvalidAudio(
                f"The prompt repeated {times} times is longer than {LONGEST_S} s: loop=0 "
                "plays it for ever."
            )
        order = json.dumps([[prompt.audio for prompt in prompts], offset_s, times])
        key = "order-" + hashlib.sha256(order.encode()).hexdigest()
        return self.kept(key, lambda: _in_order(prompts, offset_s, times))

    def going_on(
        self, prompt: PreparedPrompt, skip_ms: int, *, endless: bool = False
    ) -> PreparedPrompt:
        """Return a prompt from where it was interrupted; an endless one begins again behind it.

        At least its last 20 ms are left.
        """
        if not skip_ms:
            return prompt
        key = f"rest-{prompt.audio}-{skip_ms}{'-endless' * endless}"
        rest = self.kept(key, lambda: _rest(prompt, skip_ms, endless=endless))
        rest.path.touch()
        self._forget_old_rests()
        return rest

    def _forget_old_rests(self) -> None:
        # Every noise on a line makes another; the newest are those that may still play.
        rests = []
        for path in self._folder.glob("rest-*.wav"):
            with suppress(FileNotFoundError):  # another thread forgets too
                rests.append((path.stat().st_mtime_ns, path))
        for _, path in sorted(rests)[:-MOST_RESTS]:
            path.unlink(missing_ok=True)

    def has(self, key: str) -> bool:
        """Tell whether there is audio under this key."""
        return self._place(key).exists()

    def keep_note(self, key: str, content: bytes) -> None:
        """Keep what is to be known of the audio under this key."""
        _write(self._place(key, "json"), content)

    def note(self, key: str) -> bytes:
        """Return what is known of it; raises `OSError` when nothing is."""
        return self._place(key, "json").read_bytes()

    def _place(self, key: str, suffix: str = "wav") -> Path:
        return self._folder / f"{key}.v{FORM}.{suffix}"

    def kept(self, key: str, audio: Callable[[], Mono]) -> PreparedPrompt:
        """Return the audio under this key, and make it when there is none."""
        path = self._place(key)
        if path.exists():
            content = path.read_bytes()
        else:
            content = _wav(audio())
            _write(path, content)
        frames = soundfile.info(io.BytesIO(content)).frames
        return PreparedPrompt(
            path=path,
            audio=hashlib.sha256(content).hexdigest(),
            duration_ms=round(frames * 1000 / RATE),
        )


def _in_order(prompts: Sequence[PreparedPrompt], offset_s: float, times: int) -> Mono:
    parts = [soundfile.read(prompt.path, dtype="float32")[0] for prompt in prompts]
    return np.tile(np.concatenate(parts)[round(offset_s * RATE) :], times)


def _rest(prompt: PreparedPrompt, skip_ms: int, *, endless: bool) -> Mono:
    audio: Mono = soundfile.read(prompt.path, dtype="float32")[0]
    frames = skip_ms * RATE // 1000
    return (
        np.roll(audio, -frames) if endless else audio[max(0, min(frames, len(audio) - FRAME)) :]
    )


def _find(source: str, search: Sequence[Path]) -> Path:
    places = [folder / Path(source).expanduser() for folder in search or [Path()]]
    for place in places:
        if place.is_file():
            return place
    looked = dict.fromkeys(str(place.parent) for place in places)
    raise InvalidAudio(
        f"The prompt {source!r} was not found; looked in {', '.join(looked)}. Give its whole "
        "path, or put it there."
    )


def _decode(content: bytes, path: Path) -> Mono:
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as sound:
            # The mean of the channels, block by block: a long stereo file stays small.
            blocks = [
                block.mean(axis=1)
                for block in sound.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True)
            ]
            audio = resampled(
                np.concatenate([np.zeros(0, np.float32), *blocks]), sound.samplerate
            )
    except soundfile.LibsndfileError as error:
        raise InvalidAudio(
            f"The prompt {path} cannot be read as audio: {error}. Convert it to WAV."
        ) from error
    if not len(audio):
        raise InvalidAudio(f"The prompt {path} holds no audio.")
    if not np.isfinite(audio).all():
        raise InvalidAudio(f"The prompt {path} holds samples that are no numbers.")
    return audio


def resampled(audio: Mono, rate: int) -> Mono:
    """Return samples at the rate of prompts, in samples a second."""
    changed: Mono = audio if rate == RATE else soxr.resample(audio, rate, RATE)
    return changed


def _wav(audio: Mono) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, _sixteen_bit(audio), RATE, subtype="PCM_16", format="WAV")
    return file.getvalue()


def _sixteen_bit(audio: Mono) -> npt.NDArray[np.int16]:
    """Round to 16 bits: exact for what was 16 bits, quieter where it would clip."""
    scaled = audio.astype(np.float64) * 32768
    loudest = max(scaled.max(initial=0) / 32767, scaled.min(initial=0) / -32768)
    rounded: npt.NDArray[np.int16] = np.rint(scaled / max(1.0, loudest)).astype(np.int16)
    return rounded


def _write(path: Path, content: bytes) -> None:
    """Write aside and rename, so that a prompt is there whole or not at all."""
    aside = path.with_name(f"{path.stem}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise StoreError(
            f"The prompt {path} cannot be kept: {error.strerror}. Check its disk and folder."
        ) from error
