"""Calls for the tests of widgets: a scripted one with a recording, and what a panel sends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.control import CallControl
from workbench.flow import flow

AUDIO = "a" * 64
RATE = 8000
BEGINS_MS = 500
"""Where on the audio clock the recording begins."""


@flow
async def greet(call: CallControl) -> str:
    await call.answer()
    await call.record()
    await call.play("greeting.wav")
    return "greeted"


@flow(name="greet")
async def greet_otherwise(call: CallControl) -> str:
    await call.answer()
    await call.record()
    await call.play("hold.wav")
    return "greeted"


def greeted(recordings: Path, seconds: float = 2.0) -> ScriptedCall:
    """Return a call that is over, with a recording that has a click in its middle."""
    samples = np.zeros((round(seconds * RATE), 2), np.int16)
    samples[len(samples) // 2] = 16384, -16384
    soundfile.write(recordings / f"{AUDIO}.wav", samples, RATE, subtype="PCM_16")
    script = ScriptedCall(greet).answered()
    script.hear(ev.SipMessageTraced, direction="sent", message="BYE sip:a SIP/2.0\r\nTo: \x1b")
    script.hear(ev.RecordingStarted, recording="recording-1", media_ms=BEGINS_MS)
    script.hear(ev.PromptStarted, prompt="prompt-1", media_ms=700)
    script.prompt_ends("prompt-1")
    script.hang_up()
    script.hear(
        ev.RecordingStored, recording="recording-1", audio=AUDIO,
        duration_ms=round(seconds * 1000), start_media_ms=BEGINS_MS,
    )  # fmt: skip
    return script


class Sent:
    """Takes what a panel sends, in place of a browser."""

    def __init__(self, panel: Any) -> None:
        self.items: list[tuple[Any, list[bytes]]] = []
        panel.send = self.take
        self._panel = panel

    def take(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """Take a batch apart, and say that it has come."""
        left = list(buffers or [])
        for value, count in content.get("items", []):
            buffers, left = left[:count], left[count:]
            listed = {"items": json.loads(buffers[0])} if value["kind"] == "items" else {}
            self.items.append(({**value, **listed}, buffers))
        if content["kind"] == "batch":
            self._panel._receive(self._panel, {"kind": "ack", "seq": content["seq"]}, [])

    def greet(self) -> None:
        """Let a view appear."""
        self._panel._receive(self._panel, {"kind": "hello"}, [])

    def of(self, kind: str) -> list[tuple[Any, list[bytes]]]:
        """Return what was sent of one kind."""
        return [(value, buffers) for value, buffers in self.items if value["kind"] == kind]


Subscriber = Callable[[ev.Event], None]


class Bench:
    """A bench with one call, that tells what happens in it."""

    id = "CA00"

    def __init__(self, script: ScriptedCall) -> None:
        self.script = script
        self.subscribers: list[Subscriber] = []
        self.consumers: list[Any] = []
        self.stopped: list[str] = []

    @property
    def history(self) -> list[ev.Event]:
        return list(self.script.history)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        self.subscribers.append(subscriber)
        return lambda: self.subscribers.remove(subscriber)

    def fork(self, consumer: Any, name: str = "", direction: str = "both") -> str:
        self.consumers.append(consumer)
        return f"listener-{len(self.consumers)}"

    def stop_fork(self, fork: str) -> None:
        self.stopped.append(fork)

    def hear(self, kind: type[ev.Event], **fields: Any) -> None:
        """Let something happen, and tell it."""
        known = len(self.script.history)
        self.script.hear(kind, **fields)
        for event in self.script.history[known:]:
            for subscriber in self.subscribers:
                subscriber(event)
