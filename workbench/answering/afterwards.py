"""A detector on what was heard already: on a recorded call, or on findings of a benchmark."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from workbench import events as ev
from workbench.answering import Maker, Thresholds, Verdict
from workbench.errors import InvalidInput

STEP_MS = 20
"""The least that passes when a detector asks to be woken at once."""
LATEST_MS = 600_000

_HEARD = (
    ev.SpeechStarted, ev.SpeechEnded, ev.TranscriptUpdated, ev.TranscriptFinal, ev.ToneHeard,
    ev.RecognitionFailed, ev.TurnEnded,
)  # fmt: skip


def judge_again(history: Sequence[ev.Event], detector: Maker) -> tuple[Verdict, int]:
    """Return what a detector says of a call that was asked about, and after how many ms.

    It hears what the first `detect_machine` of the call heard, with its thresholds, and goes on
    to hear what came later.

    Raises:
        InvalidInput: nobody asked who answers this call.
    """
    asked = next((e for e in history if isinstance(e, ev.MachineDetectionRequested)), None)
    if asked is None:
        message = f"In call {history[0].call_id} nobody asked who answers."
        raise InvalidInput(message)
    thresholds = msgspec.convert(asked.thresholds, Thresholds)
    start_ms = next(_beginnings(history, asked))
    heard = list(_heard(history, asked.version))
    verdict, at_ms = judge(
        heard, detector, thresholds, start_ms=start_ms, wait_for_beep=asked.wait_for_beep
    )
    return verdict, at_ms - start_ms


def judge(
    heard: Iterable[tuple[int, ev.Event]],
    detector: Maker,
    thresholds: Thresholds | None = None,
    *,
    start_ms: int = 0,
    wait_for_beep: bool = False,
) -> tuple[Verdict, int]:
    """Return a verdict on events, each with its moment, and its own moment (milliseconds)."""
    machine = detector(thresholds or Thresholds(), start_ms, wait_for_beep=wait_for_beep)
    now_ms = start_ms
    for at_ms, event in [*heard, (start_ms + LATEST_MS, None)]:
        while (wake_ms := machine.wake_ms()) is not None and wake_ms < at_ms:
            now_ms = max(wake_ms, now_ms + STEP_MS)
            if (verdict := machine.hear(None, now_ms)) is not None:
                return verdict, now_ms
        now_ms = max(now_ms, at_ms)
        if (verdict := machine.hear(event, now_ms)) is not None:
            return verdict, now_ms
    return machine.give_up(now_ms), now_ms


def _beginnings(
    history: Sequence[ev.Event], asked: ev.MachineDetectionRequested
) -> Iterator[int]:
    # Where the flow began to listen for this, the detection began with the listening.
    started = {e.listening: e for e in history if isinstance(e, ev.ListeningStarted)}
    for event in history:
        if event.version > asked.version and isinstance(event, ev.ListenRequested):
            begun = started.get(event.listening)
            if begun is not None and event.caused_by == asked.caused_by:
                yield begun.media_ms or 0
    yield asked.media_ms or 0


def _heard(history: Sequence[ev.Event], after: int) -> Iterator[tuple[int, ev.Event]]:
    for event in history:
        ours = isinstance(event, _HEARD) and getattr(event, "track", "received") == "received"
        if ours and event.version > after and event.media_ms is not None:
            yield event.media_ms, event
