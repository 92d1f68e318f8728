"""Sounds of the line that are not speech, each the same for the same seed: int16 at 8 kHz."""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from workbench.engine.tones import KEYS, tone

RATE = 8000
FRAME = 160

Samples = npt.NDArray[np.int16]
Sound = npt.NDArray[np.float64]


def silence(milliseconds: int) -> Sound:
    return np.zeros(RATE * milliseconds // 1000)


def sine(frequencies: tuple[float, ...], milliseconds: int, amplitude: float = 6000) -> Sound:
    """Return tones together, each of this amplitude."""
    at = np.arange(RATE * milliseconds // 1000) / RATE
    tones = [np.sin(2 * np.pi * f * at) for f in frequencies]
    return np.asarray(amplitude * np.sum(tones, axis=0))


def cadence(*parts: tuple[tuple[float, ...], int]) -> Sound:
    """Return tones and pauses (no frequency), one after the other."""
    return np.concatenate([sine(tones, ms) if tones else silence(ms) for tones, ms in parts])


def pink(seconds: float, rms: float, seed: int) -> Sound:
    """Return noise whose power falls by 3 dB an octave."""
    count = round(RATE * seconds)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise * rms / np.sqrt(np.mean(noise**2)))


def hold_music(seconds: float, rms: float, seed: int) -> Sound:
    """Return slow plucked chords over a bass, as on hold."""
    random = np.random.default_rng(seed)
    sound = np.zeros(round(RATE * seconds) + 3 * RATE)
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    for beat in range(int(seconds / 0.4)):
        root = int(random.integers(0, 5))
        notes = [scale[root], scale[(root + 2) % 8], scale[(root + 4) % 8], scale[root] / 2]
        for frequency in notes if beat % 2 == 0 else [random.choice(scale) * 2]:
            note = _pluck(float(frequency))
            sound[beat * 3200 : beat * 3200 + len(note)] += note
    sound = sound[: round(RATE * seconds)]
    return np.asarray(sound * rms / np.sqrt(np.mean(sound**2)))


def _pluck(frequency: float) -> Sound:
    at = np.arange(2 * RATE) / RATE
    harmonics = (np.sin(2 * np.pi * k * frequency * at) / k**1.5 for k in range(1, 6))
    return np.asarray(sum(harmonics, np.zeros(len(at))) * np.exp(-1.5 * at))


def keyboard(seconds: float, peak: float, seed: int) -> Sound:
    """Return keys of a keyboard: clicks of a few milliseconds, four to eight a second."""
    random = np.random.default_rng(seed)
    sound = np.zeros(round(RATE * seconds) + RATE)
    at = 0
    while at < RATE * seconds:
        click = random.standard_normal(120) * np.exp(-np.arange(120) / 20)
        sound[at : at + 120] += click * peak * random.uniform(0.3, 1) / np.abs(click).max()
        at += int(random.integers(RATE // 8, RATE // 4))
    return sound[: round(RATE * seconds)]


def ringback(seconds: float) -> Sound:
    """Return North American ringback: 2 s of tone, 4 s of silence."""
    rings = itertools.repeat(cadence(((440.0, 480.0), 2000), ((), 4000)), int(seconds / 6) + 1)
    return np.concatenate(list(rings))[: round(RATE * seconds)]


def digits(seconds: float, seed: int) -> Sound:
    """Return keys pressed now and then."""
    random = np.random.default_rng(seed)
    keys = random.choice(list("".join(KEYS)), int(seconds / 0.5))
    pressed = [_key(str(key), int(random.integers(80, 200))) for key in keys]
    return np.concatenate([np.pad(key, (0, 4000 - len(key))) for key in pressed])


def _key(key: str, milliseconds: int) -> Sound:
    return np.frombuffer(b"".join(tone(key, milliseconds)), "<i2").astype(np.float64)


def mixed(*sounds: Sound) -> Samples:
    """Return sounds that begin together as one, as loud as a line carries."""
    whole = np.zeros(max(map(len, sounds)))
    for sound in sounds:
        whole[: len(sound)] += sound
    return np.clip(whole, -32768, 32767).astype(np.int16)


def frames(samples: Samples) -> Iterator[Samples]:
    """Give the frames of 20 ms, the last one filled up with silence."""
    filled = np.pad(samples, (0, -len(samples) % FRAME))
    yield from filled.reshape(-1, FRAME)
