"""Parts of a listener that are told what to find, and audio in which frames are numbers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.speech import Recognized
from workbench.speech.choice import Speech
from workbench.speech.ears import Finding, Order

Samples = npt.NDArray[np.int16]


class Loudness:
    """Takes for speech what is loud."""

    name, version = "loudness", "1"

    def hear(self, frame: Samples) -> float:
        return float(np.abs(frame.astype(int)).mean() > 500)


class Counter:
    """A recogniser that says how many tenths of a second of sound there are in the audio."""

    name, version = "counter", "1"

    def recognize(
        self, audio: npt.NDArray[np.float32], hints: Sequence[str] = ()
    ) -> Recognized:
        loud = np.abs(audio).reshape(-1, 160).mean(axis=1) > 0.015
        return Recognized(text=" ".join(["tick"] * int(loud.sum() // 10)))


class Failing(Counter):
    """One that fails."""

    name = "failing"

    def recognize(
        self, audio: npt.NDArray[np.float32], hints: Sequence[str] = ()
    ) -> Recognized:
        raise TimeoutError("no answer")


class Deadly(Counter):
    """One that takes its process with it when it hears more than three seconds."""

    name = "deadly"

    def recognize(
        self, audio: npt.NDArray[np.float32], hints: Sequence[str] = ()
    ) -> Recognized:
        import os  # noqa: PLC0415

        if len(audio) > 3 * 16_000:
            os.abort()
        return super().recognize(audio, hints)


SPEECH = Speech(recognizer=Counter(), voice_activity=Loudness(), tones="none")
ORDER = Order(call_id="CA01", listening="listening-1")


def audio(*parts: tuple[float, int]) -> Samples:
    """Return seconds of sound, each of an amplitude, as received; nothing is sent."""
    rng = np.random.default_rng(7)
    received = np.concatenate(
        [rng.choice([-level, level], round(seconds * 8000)) for seconds, level in parts]
    ).astype(np.int16)
    return np.stack([received, np.zeros_like(received)], axis=1)


def told(findings: Sequence[Finding]) -> list[str]:
    """Return what was found, by topic."""
    return [finding.topic.removeprefix("call.") for finding in findings]


def cannot_be_made() -> Counter:
    """Fail as a provider does whose model is missing."""
    raise FileNotFoundError("no such model")
