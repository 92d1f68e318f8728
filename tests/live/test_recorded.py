"""A recording of a real call: its audio lies where the events say, to a frame."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from workbench import CallHandle, Workbench
from workbench import events as ev
from workbench.demo_flows import caller, reception
from workbench.prompts import PromptShelf
from workbench.shipped import shipped

pytestmark = [pytest.mark.sip, pytest.mark.slow, pytest.mark.quiet]

FRAME_MS = 20.0
Samples = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> CallHandle:
    bench = Workbench(tmp_path_factory.mktemp("recorded"))
    with bench:
        placed = bench.dial(bench.answer(reception), flow=caller).wait(120)
        (taken,) = (call for call in bench.calls if call.id != placed.id)
        taken.wait(120)
        bench.check()
    return Workbench(bench.recordings.parent, read_only=True).call(taken.id)


def prepared(folder: Path, name: str) -> Samples:
    """Return a prompt as the engine was given it."""
    path = PromptShelf(folder).from_file(name, [shipped("recordings")]).path
    samples: Samples = soundfile.read(path, dtype="float32")[0]
    return samples


def found_at_ms(samples: Samples, prompt: Samples, expected_ms: float) -> float:
    """Return where a prompt lies in a recording, looked for half a second around."""
    first = max(0, round((expected_ms - 500) * 8))
    part = samples[first : first + len(prompt) + 8000]
    return float(first + np.correlate(part, prompt, "valid").argmax()) / 8


def test_prompts_lie_in_the_recording_where_the_log_says(
    taken: CallHandle, tmp_path: Path
) -> None:
    samples, rate = taken.audio()
    assert rate == 8000
    (start,) = (event for event in taken.history if isinstance(event, ev.RecordingStored))
    names = {e.prompt: e.source for e in taken.history if isinstance(e, ev.PromptRequested)}
    off = []
    for event in taken.history:
        if isinstance(event, ev.PromptStarted) and names[event.prompt] != "menu.wav":
            assert event.media_ms is not None
            expected = event.media_ms - start.start_media_ms
            prompt = prepared(tmp_path, names[event.prompt])
            off.append(abs(found_at_ms(samples[:, 1], prompt, expected) - expected))
    assert len(off) == 4
    assert np.median(off) <= FRAME_MS, off


def test_what_the_caller_said_is_in_the_other_channel(
    taken: CallHandle, tmp_path: Path
) -> None:
    samples, _ = taken.audio()
    spoken = prepared(tmp_path, "caller-short.wav")
    at = round(found_at_ms(samples[:, 0], spoken, 300) * 8)
    received = [likeness(samples[:, 0], part, at + first) for first, part in voiced(spoken)]
    # A jitter buffer may insert or drop a frame, which spoils the one piece that holds it.
    assert sum(alike > 0.95 for alike in received) >= len(received) - 1, received
    sent = samples[at : at + len(spoken), 1]
    assert abs(np.corrcoef(sent, spoken[: len(sent)])[0, 1]) < 0.2


def voiced(spoken: Samples) -> list[tuple[int, Samples]]:
    """Cut speech into pieces of 200 ms, pauses left out."""
    pieces = [(first, spoken[first : first + 1600]) for first in range(1600, 19_200, 1600)]
    loud = np.std(spoken) / 4
    return [(first, piece) for first, piece in pieces if np.std(piece) > loud]


def likeness(samples: Samples, piece: Samples, at: int) -> float:
    """Return the best normalised correlation within two frames of a place."""
    around = samples[max(0, at - 320) : at + len(piece) + 320]
    first = int(np.correlate(around, piece, "valid").argmax())
    heard = around[first : first + len(piece)]
    power = np.linalg.norm(heard) * np.linalg.norm(piece)
    return float(np.dot(heard, piece) / power) if power else 0.0


def test_both_channels_are_as_long_as_the_call(taken: CallHandle) -> None:
    samples, rate = taken.audio()
    (stored,) = (event for event in taken.history if isinstance(event, ev.RecordingStored))
    ended = taken.ended
    assert ended is not None
    assert ended.media_ms is not None
    assert abs(len(samples) / rate * 1000 - stored.duration_ms) < 1
    assert abs(ended.media_ms - stored.start_media_ms - stored.duration_ms) < 10 * FRAME_MS
