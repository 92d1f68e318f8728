"""A person who talks on a real call: heard, recorded, understood, and silenced like others."""

import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests.engine import sound
from tests.speech.sets import prompts, word_errors
from workbench import CallControl, Workbench, flow
from workbench import events as ev
from workbench.extension import Extension
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow]

SENTENCE = prompts()[3]
FAR, NEAR, MUTED, HELD, OTHER = range(1, 6)
"""Seeds of noises: of the far end, and of the person at each moment."""
SECONDS = 0.6
PIECE = 400
FRAME = 160
Samples = npt.NDArray[np.int16]


@flow
async def attentive(call: CallControl) -> None:
    await call.answer()
    await call.record()
    await call.listen(direction="sent")
    await call.sleep(300)


@flow
async def caller(call: CallControl) -> None:
    await call.record()
    await call.gather(1, timeout=60)
    await call.play("far.wav")
    await call.sleep(300)


class Person:
    """Says a frame for each that comes: the call is the clock."""

    def __init__(self, extension: Extension) -> None:
        self._end = extension.socket
        self._end.settimeout(20)
        self._heard: list[bytes] = []

    @property
    def heard(self) -> Samples:
        return np.frombuffer(b"".join(self._heard), np.int16)

    def hear(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            self._heard.append(self._end.recv(1000))

    def say(self, samples: Samples) -> None:
        self._catch_up()
        for at in range(0, len(samples) // FRAME * FRAME, FRAME):
            self.hear(0.02)
            self._end.send(samples[at : at + FRAME].tobytes())

    def _catch_up(self) -> None:
        self._end.setblocking(False)
        try:
            while True:
                self._heard.append(self._end.recv(1000))
        except BlockingIOError:
            self._end.settimeout(20)


def share(seed: int, among: Samples) -> float:
    """Return which share of a noise is in other audio, through whatever codec."""
    noise = sound.noise(SECONDS, seed)
    pieces = [noise[at : at + PIECE] for at in range(0, len(noise) - PIECE + 1, PIECE)]
    return sum(likeness(piece, among) > 0.9 for piece in pieces) / len(pieces)


def likeness(piece: Samples, among: Samples) -> float:
    sought, there = piece.astype(np.float64), among.astype(np.float64)
    power = np.cumsum(np.concatenate(([0.0], there**2)))
    loudness = np.sqrt(np.maximum(0.0, power[PIECE:] - power[:-PIECE])) + 1.0
    return float(
        (np.correlate(there, sought, "valid") / loudness).max() / np.linalg.norm(sought)
    )


def test_a_person_is_heard_recorded_understood_and_silenced(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "far.wav", sound.noise(SECONDS, FAR), 8000)
    understood = threading.Event()
    with Workbench(tmp_path / "store", sounds=tmp_path) as bench:
        placed = bench.dial(bench.answer(attentive), flow=caller).wait_answered(60)
        (taken,) = (call for call in bench.calls if call.id != placed.id)
        bench.subscribe(
            lambda event: understood.set() if isinstance(event, ev.TranscriptFinal) else None
        )
        taken.wait_answered(60)
        extension, second = taken.talk(), taken.talk("second")
        person, other = Person(extension), Person(second)
        person.say(SENTENCE.samples)
        person.hear(1.0)
        assert understood.wait(60)
        taken.send_digits("1")
        person.hear(SECONDS + 1.0)
        person.say(sound.noise(SECONDS, NEAR))
        other.say(sound.noise(SECONDS, OTHER))
        taken.mute()
        person.say(sound.noise(SECONDS, MUTED))
        taken.unmute()
        taken.hold(None)
        person.say(sound.noise(SECONDS, HELD))
        extension.close()
        taken.hangup()
        placed.wait(60)
        history = taken.wait(60).history
        second.close()
        bench.check()
        understood_as = taken.transcript.text("sent")
        sent = np.round(taken.audio()[0][:, 1] * 32768).astype(np.int16)
        arrived = np.round(placed.audio()[0][:, 0] * 32768).astype(np.int16)
    wrong, words = word_errors(SENTENCE.text, understood_as)
    assert wrong <= words / 4, understood_as
    assert share(FAR, person.heard) >= 0.6
    for audio in (sent, arrived):
        assert share(NEAR, audio) >= 0.6
        assert share(OTHER, audio) >= 0.6
        assert share(MUTED, audio) == share(HELD, audio) == 0.0
    ends = [event.talk for event in history if isinstance(event, ev.TalkFinished)]
    assert sorted(ends) == ["talk-1", "talk-2"]
    assert replay(history, attentive).equal
