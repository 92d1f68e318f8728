"""A microphone that plays a file, what is heard in the page, and a far end to talk to."""

import base64
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Locator, Page, expect

from workbench import CallControl, CallHandle, Workbench, flow

RECORDINGS = Path(__file__).parent.parent.parent / "recordings"
SPOKEN = RECORDINGS / "caller-long.wav"
SAID = (
    "and mr john dashwood had then leisure to consider how much there might be prudently in his"
)
"""Most of what is said in it."""
DEVICE = "--use-fake-device-for-media-stream"
FILE = f"--use-file-for-fake-audio-capture={SPOKEN}%noloop"
ALLOWED = "--use-fake-ui-for-media-stream"
RECORDER = Path(__file__).with_name("recorder.js")
"""Records what talk.js's nodes take and give, in `window.recorded`."""
TAKE = "() => window.recorded.take()"
SECONDS = "() => window.recorded.seconds()"
RATE = 8000
STEP_MS = 10
CLEAR = 0.5
"""How alike what was said and heard must be, to tell by how much one is behind."""


@flow
async def listener(call: CallControl) -> None:
    await call.answer()
    await call.record()
    await call.sleep(600)


def cells(store: Path, address: str) -> list[str]:
    opened = f"from workbench import Workbench\nbench = Workbench({str(store)!r})\n"
    phone = f"bench.softphone({{'Reception': {address!r}}})"
    return [opened + phone, "bench.close()"]


def button(out: Locator, name: str) -> Locator:
    return out.get_by_role("button", name=name, exact=True)


def call(out: Locator) -> None:
    """Call the far end, and wait until it has answered."""
    button(out, "Reception").click()
    button(out, "Call").click()
    expect(out.locator(".wb-words")).to_have_text("connected")


def talk(out: Locator, text: str = "Talking") -> None:
    """Click Talk, and wait until one talks."""
    button(out, "Talk").click()
    expect(out.locator(".wb-spoken")).to_contain_text(text)
    expect(button(out, "Talk")).to_have_attribute("aria-pressed", "true")


class FarEnd:
    """Whoever is called: says nothing at first."""

    def __init__(self, call: CallHandle) -> None:
        self._extension = call.talk("far end")
        self._tone, self._echoes = bytes(320), False
        self.loudest = 0
        """Of what was heard, as int16."""
        threading.Thread(target=self._run, daemon=True).start()

    def echo(self) -> None:
        """Say back what is heard, from now on."""
        self._echoes = True

    def hum(self) -> None:
        """Say a tone of 1 kHz from now on."""
        self._echoes = False
        steps = np.arange(RATE // 50)
        self._tone = (8000 * np.sin(2 * np.pi * steps / 8)).astype("<i2").tobytes()

    def _run(self) -> None:
        with suppress(OSError), self._extension:  # until the call is over
            while frame := self._extension.socket.recv(320):
                samples = np.frombuffer(frame, np.int16)
                self.loudest = max(self.loudest, int(np.abs(samples.astype(int)).max()))
                self._extension.socket.send(frame if self._echoes else self._tone)


def far_end(bench: Workbench) -> FarEnd:
    """Let the far end of the last call speak."""
    return FarEnd(bench.calls[-1].wait_answered(20))


class Tape(NamedTuple):
    """What one page said and heard, sample by sample on the same clock."""

    rate: int
    mic: npt.NDArray[np.int16]
    ear: npt.NDArray[np.int16]

    def lags_ms(self) -> list[float]:
        """Return by how much the ear is behind the mouth, each second where that is clear."""
        starts = range(0, len(self.ear) - 2 * self.rate, self.rate)
        found = [self._lag(self.mic[at : at + self.rate], self.ear[at:]) for at in starts]
        return [1000 * lag / self.rate for lag, alike in found if alike > CLEAR]

    def _lag(self, ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> tuple[int, float]:
        mouth, ear = ours.astype(float), theirs[: 2 * self.rate].astype(float)
        size = 1 << (3 * self.rate).bit_length()
        spectrum = np.fft.rfft(ear, size) * np.conj(np.fft.rfft(mouth, size))
        lag = int(np.fft.irfft(spectrum, size)[: self.rate].argmax())
        part = ear[lag : lag + len(mouth)]
        whole = np.sqrt((mouth**2).sum() * (part**2).sum())
        return lag, float(mouth @ part / whole) if whole else 0.0

    def silences_ms(self, seconds: float) -> list[int]:
        """Return how long the ear heard nothing, each time, in the last so many seconds."""
        step = self.rate * STEP_MS // 1000
        last = self.ear[-round(seconds * self.rate / step) * step :].reshape(-1, step)
        quiet = np.abs(last.astype(float)).mean(1) < 500
        edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet, [0]])))
        return [STEP_MS * int(end - begin) for begin, end in edges.reshape(-1, 2)]


def taken(page: Page) -> Tape:
    """Return what the page's microphone gave and its speaker played since Talk was clicked."""
    rate, *both = page.evaluate(TAKE)
    mic, ear = (np.frombuffer(base64.b64decode(text), np.int16) for text in both)
    return Tape(int(rate), mic, ear)


def listen_for(page: Page, seconds: float) -> None:
    """Wait until the page has heard so many seconds more; its audio is the clock."""
    until = page.evaluate(SECONDS) + seconds
    page.wait_for_function(f"() => ({SECONDS})() > {until}", timeout=10_000 * (10 + seconds))


def understood(text: str) -> int:
    """Return how many words of what was said are in a text."""
    heard = text.lower().replace(".", " ").replace(",", " ").split()
    return len(set(SAID.split()) & set(heard))
