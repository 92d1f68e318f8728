"""Pictures of calls: what was heard and said, with what the flow did on the same axis."""

import io
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from workbench import events as ev

WIDTH_INCHES, HEIGHT_INCHES = 10.0, 3.2
BUCKETS = 1600
"""Columns of a waveform; more than a screen shows adds nothing."""
QUIETEST = 0.1
"""Full scale of a call that is silent, so that its noise does not fill the picture."""
LABEL_CHARACTERS = 60

RECEIVED, SENT, DIGIT = "#3b82c4", "#d0702f", "#3a9a66"
INK = "#808080"
"""Read on white and on black alike: the picture has no background of its own."""


class Picture(bytes):
    """A PNG, which a notebook shows without a kernel and without a file."""

    description: str

    @classmethod
    def of(cls, png: bytes, description: str) -> Self:
        """Say what a PNG shows."""
        picture = cls(png)
        picture.description = description
        return picture

    def __repr__(self) -> str:
        """Say what it shows instead of its bytes."""
        return f"<PNG of {len(self)} bytes: {self.description}>"

    def _repr_html_(self) -> str:
        data = f"data:image/png;base64,{b64encode(self).decode()}"
        return f'<p><img alt="{escape(self.description)}" src="{data}"></p>'


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
    loudest = float(np.abs(samples).max(initial=QUIETEST))
    # The labels have a strip of their own above the loudest sample.
    upper.set_ylim(-1.1 * loudest, 1.6 * loudest)
    _mark_digits(upper, history, start_media_ms)
    _mark_prompts(lower, history, start_media_ms)
    lower.set_xlabel("seconds since the recording began", color=INK)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=100, transparent=True)
    return picture.getvalue()


def _draw_lane(
    axes: Axes, samples: npt.NDArray[np.float32], rate: int, name: str, colour: str
) -> None:
    lows, highs = _envelope(samples)
    length = max(len(samples), 1) / rate
    seconds = np.linspace(0.0, length, len(lows))
    axes.fill_between(seconds, lows, highs, color=colour, linewidth=0)
    axes.set_ylabel(name, color=INK)
    axes.set_yticks([])
    axes.set_xlim(0.0, length)
    axes.tick_params(colors=INK)
    for spine in axes.spines.values():
        spine.set_color(INK)


def _envelope(
    samples: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    if len(samples) == 0:
        flat = np.zeros(1, np.float32)
        return flat, flat
    starts = np.unique(np.linspace(0, len(samples) - 1, BUCKETS).astype(int))
    return np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)


def _mark_digits(axes: Axes, history: Sequence[ev.Event], offset_ms: int) -> None:
    """Draw a line for each digit; those too near for a label of their own share one."""
    begin, end = axes.get_xlim()
    near, shown = (end - begin) / 60, list[tuple[float, str]]()
    pressed = [event for event in history if isinstance(event, ev.DigitReceived)]
    for event, earlier in zip(pressed, [None, *pressed], strict=False):
        seconds = _seconds(event, offset_ms)
        axes.axvline(seconds, color=DIGIT, linewidth=1)
        if earlier is not None and seconds - _seconds(earlier, offset_ms) < near:
            shown[-1] = shown[-1][0], shown[-1][1] + event.digit
        else:
            shown.append((seconds, event.digit))
    for (seconds, digits), (following, _) in pairwise([*shown, (end, "")]):
        _write(axes, seconds, following, digits, DIGIT)


def _mark_prompts(axes: Axes, history: Sequence[ev.Event], offset_ms: int) -> None:
    """Shade each prompt as long as it was heard, with what was played or said."""
    labels: dict[str, str] = {}
    started: dict[str, float] = {}
    for event in history:
        if isinstance(event, ev.PromptRequested):
            labels[event.prompt] = event.source or f"“{event.text}”"
        elif isinstance(event, ev.PromptStarted):
            started[event.prompt] = _seconds(event, offset_ms)
        elif isinstance(event, ev.PromptFinished) and event.prompt in started:
            begin = started[event.prompt]
            end = min(begin + event.played_ms / 1000, _seconds(event, offset_ms))
            axes.axvspan(begin, end, color=SENT, alpha=0.15, linewidth=0)
            axes.axvline(begin, color=SENT, linewidth=1)
            _write(axes, begin, end, labels.get(event.prompt, event.prompt), SENT)


def _seconds(event: ev.Event, offset_ms: int) -> float:
    return ((event.media_ms or 0) - offset_ms) / 1000


def _write(axes: Axes, begin: float, end: float, text: str, colour: str) -> None:
    """Write a label beside the line at `begin`, cut off where the next thing begins."""
    begin = max(begin, axes.get_xlim()[0])
    label = axes.annotate(
        _printable(text), (begin, 1.0), xycoords=("data", "axes fraction"),
        xytext=(3, -4), textcoords="offset points", va="top", fontsize=8, color=colour,
        parse_math=False, annotation_clip=False,
    )  # fmt: skip
    strip = axes.axvspan(begin, max(begin, end), alpha=0.0)
    label.set_clip_path(strip)
    label.set_clip_on(True)
    label.set_in_layout(False)


def _printable(text: str) -> str:
    """Keep what the picture's font can show; what a caller wrote may hold anything."""
    font = get_font(findfont(FontProperties()))
    shown = text if len(text) <= LABEL_CHARACTERS else text[: LABEL_CHARACTERS - 1] + "…"
    return "".join(c if c.isprintable() and font.get_char_index(ord(c)) else "?" for c in shown)
