"""Pictures of calls: what was heard and said, with what the flow did on the same axis."""

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from workbench import events as ev

WIDTH_INCHES, HEIGHT_INCHES = 10.0, 3.2
BUCKETS = 1600
"""Columns of a waveform; more than a screen shows adds nothing."""

RECEIVED, SENT, DIGIT = "#2b6cb0", "#c05621", "#2f855a"


def waveform_picture(
    samples: npt.NDArray[np.float32],
    rate: int,
    history: Sequence[ev.Event],
    start_media_ms: int,
) -> bytes:
    """Draw both directions of a recording with prompts and digits marked, as a PNG.

    Args:
        samples: shape (frames, 2), float32 in -1..1; received, sent.
        rate: Hz.
        history: the events of the call.
        start_media_ms: where on the audio clock the first sample lies.
    """
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, sharey=True)
    _draw_lane(upper, samples[:, 0], rate, "received", RECEIVED)
    _draw_lane(lower, samples[:, 1], rate, "sent", SENT)
    _mark(upper, lower, history, start_media_ms)
    lower.set_xlabel("seconds since the recording began")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=100)
    return picture.getvalue()


def _draw_lane(
    axes: Axes, samples: npt.NDArray[np.float32], rate: int, name: str, colour: str
) -> None:
    lows, highs = _envelope(samples)
    seconds = np.linspace(0.0, max(len(samples), 1) / rate, len(lows))
    axes.fill_between(seconds, lows, highs, color=colour, linewidth=0)
    axes.set_ylabel(name)
    axes.set_ylim(-1.0, 1.0)
    axes.set_yticks([])
    axes.margins(x=0)


def _envelope(
    samples: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    if len(samples) == 0:
        flat = np.zeros(1, np.float32)
        return flat, flat
    starts = np.unique(np.linspace(0, len(samples) - 1, BUCKETS).astype(int))
    return np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)


def _mark(upper: Axes, lower: Axes, history: Sequence[ev.Event], offset_ms: int) -> None:
    started: dict[str, float] = {}
    for event in history:
        seconds = ((event.media_ms or 0) - offset_ms) / 1000
        if isinstance(event, ev.DigitReceived):
            _mark_digit(upper, seconds, event.digit)
        elif isinstance(event, ev.PromptStarted):
            started[event.prompt] = seconds
        elif isinstance(event, ev.PromptFinished) and event.prompt in started:
            begin = started[event.prompt]
            lower.axvspan(begin, begin + event.played_ms / 1000, color=SENT, alpha=0.15)
            lower.text(max(0.0, begin), 0.8, f" {event.prompt}", fontsize=8)


def _mark_digit(axes: Axes, seconds: float, digit: str) -> None:
    axes.axvline(seconds, color=DIGIT, linewidth=1)
    # A caller may press what means something to mathtext; a digit never does.
    axes.text(seconds, 0.7, f" {digit}", fontsize=9, color=DIGIT, parse_math=False)
