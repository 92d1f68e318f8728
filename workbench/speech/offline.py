"""Hears a recording as a call was heard: the same frames at the same places, with no clock."""

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from workbench.engine.slices import FRAME_BYTES, FRAME_MS, Slice
from workbench.progress import watched
from workbench.speech.choice import Speech, choose
from workbench.speech.ears import Finding, Names, Order
from workbench.speech.expected import Expected
from workbench.speech.listening import Listening
from workbench.speech.recognition import AtOnce

SAMPLES = FRAME_BYTES // 2


def hear_again(
    audio: npt.NDArray[np.int16],
    order: Order,
    speech: Speech,
    *,
    from_ms: int = 0,
    expected: Sequence[tuple[int, Expected]] = (),
) -> list[Finding]:
    """Return what is found in a recording; the same audio gives the same, every time.

    Every partial transcript is made, where a busy machine skips some.

    Args:
        audio: shape (n, 2), received and sent, int16 at 8 kHz.
        order: what was asked for.
        speech: what to hear it with.
        from_ms: where the first sample lies on the leg's audio clock.
        expected: what a flow expected to hear, each from where on that clock.
    """
    provider = order.recognizer or speech.choices["recognizer"]
    recognizer = choose("recognizer", provider).make()
    findings: list[Finding] = []
    listening = Listening(order, speech.choices, AtOnce(recognizer), findings.append)
    waiting = deque(sorted(expected, key=lambda one: one[0]))
    heard = slices(audio, order, from_ms)
    for audio_slice in watched(heard, "Listening to frames", len(audio) // SAMPLES + 1):
        while waiting and waiting[0][0] <= audio_slice.media_ms:
            listening.expect(waiting.popleft()[1])
        listening.put(audio_slice)
    names = Names()
    return [names.rename(order.listening, finding) for finding in findings]


def slices(audio: npt.NDArray[np.int16], order: Order, from_ms: int) -> Iterator[Slice]:
    """Yield a recording as an engine gives a call away: a frame each, and the end."""
    count = len(audio) // SAMPLES
    for number in range(count + 1):
        part = audio[number * SAMPLES : (number + 1) * SAMPLES] if number < count else audio[:0]
        yield Slice(
            leg="", fork=order.listening, sequence=number,
            media_ms=from_ms + number * FRAME_MS, last=number == count,
            received=np.ascontiguousarray(part[:, 0]).tobytes(),
            sent=np.ascontiguousarray(part[:, 1]).tobytes(),
        )  # fmt: skip
