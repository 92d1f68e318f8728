"""The recordings of a call for a player: where each lies, its peaks, its audio in segments.

Audio never is a part of a widget's state: a browser asks for the segment that it is to play.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile

from workbench import events as ev
from workbench.errors import InvalidAudio, InvalidInput
from workbench.recording import recording_path
from workbench.views.axis import Axis
from workbench.views.waveform import recording_pairs

SEGMENT_MS = 300_000
"""Five minutes: 4.8 MB of µ-law in two channels. Most calls are one segment."""
MOST_MISSING_MS = 100
"""So much shorter than it should be, and a recording is said to be cut."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A part of a recording that is fetched at once."""

    path: Path
    start_ms: int
    """On the call's axis."""
    end_ms: int
    from_ms: int
    """In the recording."""


@dataclass(frozen=True, kw_only=True)
class Tape:
    """One recording of a call."""

    path: Path
    start_ms: int
    """Where on the call's axis its first sample lies."""
    duration_ms: int

    def segments(self) -> Iterator[Segment]:
        """Give its parts, one after another."""
        for from_ms in range(0, self.duration_ms, SEGMENT_MS):
            end_ms = min(from_ms + SEGMENT_MS, self.duration_ms)
            yield Segment(
                path=self.path, start_ms=self.start_ms + from_ms,
                end_ms=self.start_ms + end_ms, from_ms=from_ms,
            )  # fmt: skip

    def peaks(self, number: int) -> tuple[dict[str, Any], tuple[bytes, ...]]:
        """Return its waveform as an item for the view.

        Raises:
            InvalidAudio: it cannot be read.
        """
        try:
            step_ms, pairs = recording_pairs(self.path)
        except (OSError, soundfile.LibsndfileError) as error:
            raise _unreadable(self.path, error) from error
        place = {"tape": number, "start_ms": self.start_ms, "step_ms": step_ms, "first": 0}
        return {"kind": "peaks", **place}, (pairs.tobytes(),)


def tapes(history: Iterable[ev.Event], recordings: Path) -> list[Tape]:
    """Return the recordings of a call, in the order in which they were stored."""
    axis, found = Axis(), []
    for event in history:
        axis.note(event)
        if isinstance(event, ev.RecordingStored):
            found.append(
                Tape(
                    path=recording_path(recordings, event.audio),
                    start_ms=axis.audio(event.start_media_ms), duration_ms=event.duration_ms,
                )
            )  # fmt: skip
    return found


@dataclass
class Deck:
    """What can be heard of a call, and what cannot."""

    peaks: list[tuple[dict[str, Any], tuple[bytes, ...]]]
    """The waveform of each recording that can be read, as items for the view."""
    segments: list[Segment]
    problems: list[str]
    """What is wrong with the recordings, as sentences."""

    @classmethod
    def of(cls, found: Iterable[Tape]) -> "Deck":
        """Read recordings; one that cannot be read leaves the others as they are."""
        deck = cls([], [], [])
        for tape in found:
            try:
                deck.put(tape)
            except InvalidAudio as error:
                deck.problems.append(str(error))
        return deck

    def put(self, tape: Tape) -> None:
        """Take one more recording.

        Raises:
            InvalidAudio: it cannot be read.
        """
        place, (pairs,) = tape.peaks(len(self.peaks))
        self.peaks.append((place, (pairs,)))
        self.segments += tape.segments()
        held_ms = len(pairs) / 4 * place["step_ms"]
        if held_ms < tape.duration_ms - MOST_MISSING_MS:
            self.problems.append(
                f"The recording {tape.path} holds {held_ms / 1000:.1f} s of the "
                f"{tape.duration_ms / 1000:.1f} s that were recorded."
            )


def audio_of(segments: Sequence[Segment], number: int) -> bytes:
    """Return the audio of a segment as a WAV file in µ-law, which every browser plays.

    Raises:
        InvalidInput: there is no segment of this number.
        InvalidAudio: its recording cannot be read.
    """
    if not 0 <= number < len(segments):
        raise InvalidInput(f"The call has {len(segments)} segments of audio, no {number}.")
    segment = segments[number]
    try:
        with soundfile.SoundFile(segment.path) as sound:
            rate = sound.samplerate
            sound.seek(min(segment.from_ms * rate // 1000, sound.frames))
            length = (segment.end_ms - segment.start_ms) * rate // 1000
            samples = sound.read(length, dtype="int16", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise _unreadable(segment.path, error) from error
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="ULAW")
    return file.getvalue()


def _unreadable(path: Path, error: Exception) -> InvalidAudio:
    if not path.exists():
        return InvalidAudio(f"The recording {path} is not there: restore it from a copy.")
    reason = str(getattr(error, "error_string", error)).rstrip(".")
    return InvalidAudio(f"The recording {path} cannot be read: {reason}.")
