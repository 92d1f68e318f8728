"""Sounds to send and to find again: noise that is like nothing but itself."""

import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
RATE = 8000


class Found(NamedTuple):
    """Where a sound lies in another, and which share of its samples is the same there."""

    at: int
    equal: float


def noise(seconds: float, seed: int) -> Samples:
    """Return white noise, the same for each seed."""
    loud = np.random.default_rng(seed).normal(0, 3000, int(seconds * RATE))
    return loud.clip(-20_000, 20_000).astype(np.int16)


def write(path: Path, samples: Samples) -> str:
    """Write a WAV file; return its path as text."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return str(path)


def read(path: str | Path) -> Samples:
    """Read a WAV file."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def alike(sought: Samples, among: Samples, piece: int = 1600) -> float:
    """Return the share of pieces of a sound that are found, each nearly sample for sample.

    A jitter buffer may leave out or repeat a frame between them when the machine is busy.
    """
    whole = [sought[at : at + piece] for at in range(0, len(sought) - piece + 1, piece)]
    found = [find(each, among, piece).equal > 0.95 for each in whole]
    return sum(found) / len(found)


def find(sought: Samples, among: Samples, probe: int = 800) -> Found:
    """Find `sought` by the likeness of its first samples, and compare all of it there."""
    head = sought[:probe].astype(np.float64)
    heard = among.astype(np.float64)
    power = np.cumsum(np.concatenate(([0.0], heard**2)))
    loudness = np.sqrt(np.maximum(0.0, power[probe:] - power[:-probe]))
    scores = np.correlate(heard, head, "valid") / (loudness + 1.0)
    at = int(scores.argmax())
    there = among[at : at + len(sought)]
    equal = np.count_nonzero(there == sought[: len(there)]) / len(sought)
    return Found(at, float(equal))
