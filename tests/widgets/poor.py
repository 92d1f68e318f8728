"""Calls of which something is missing, broken or far too much, for the tests of the player."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.scripted import ScriptedCall
from tests.widgets.calls import RATE, greet
from workbench import events as ev
from workbench.call import Call
from workbench.clock import ManualClock
from workbench.store import CallLog

MANY = 20_000
Histories = dict[str, Callable[[Path, str], list[ev.Event]]]


def call_of(folder: Path, call_id: str, *tapes: tuple[str, int, float]) -> list[ev.Event]:
    """Return a call with recordings: what holds each, where it begins, how long it is."""
    script = ScriptedCall(greet, call_id).answered()
    script.hear(ev.PromptStarted, prompt="prompt-1", media_ms=700)
    script.prompt_ends("prompt-1")
    script.hang_up()
    for number, (content, start_ms, seconds) in enumerate(tapes, 1):
        audio = f"{number}{call_id[2:]:0>63}"
        write(folder / "recordings" / f"{audio}.wav", content, seconds)
        script.hear(
            ev.RecordingStored, recording=f"recording-{number}", audio=audio,
            duration_ms=round(seconds * 1000), start_media_ms=start_ms,
        )  # fmt: skip
    return script.history


def write(path: Path, content: str, seconds: float) -> None:
    """Write a recording: `whole`, `cut` to a half, `damaged`; `gone` writes none."""
    noise = np.random.default_rng(1).integers(-9000, 9000, (round(seconds * RATE), 2))
    whole = noise.astype(np.int16)
    if content == "damaged":
        path.write_bytes(b"RIFF\x00\x00 this is no audio")
    elif content != "gone":
        share = 2 if content == "cut" else 1
        soundfile.write(path, whole[: len(whole) // share], RATE, subtype="PCM_16")


def refused(_folder: Path, call_id: str) -> list[ev.Event]:
    """Return a call that the policy refused."""
    clock, call = ManualClock(), Call(call_id)
    to = "sip:premium@example.org"
    said: dict[str, Any] = {
        "way": "dial",
        "to": to,
        "rule": "numbers",
        "reason": "premium is not allowed",
    }
    ended: dict[str, Any] = {"by": "app", "status": "failed", "sip_code": 403, "q850_cause": 21}
    return [
        call.next(ev.Placed, clock.now(), leg="leg-1", from_="", to=to),
        call.next(ev.Refused, clock.now(), **said),
        call.next(ev.Ended, clock.now(), hangup_cause="CALL_REJECTED", **ended),
    ]


def busy(_folder: Path, call_id: str) -> list[ev.Event]:
    """Return a call of very many events: a key and a SIP message in turn."""
    script = ScriptedCall(greet, call_id).answered()
    info: dict[str, Any] = {"direction": "received", "message": "INFO sip:a SIP/2.0"}
    while len(script.history) < MANY - 3:
        script.clock.advance(0.1)
        now, digit = script.clock.now(), str(len(script.history) % 10)
        script.history.append(script.call.next(ev.SipMessageTraced, now, **info))
        script.history.append(script.call.next(ev.DigitReceived, now, digit=digit))
    script.hang_up()
    return script.history


HISTORIES: Histories = {
    "no recording": call_of,
    "gone": lambda folder, call_id: call_of(folder, call_id, ("gone", 500, 2)),
    "damaged": lambda folder, call_id: call_of(
        folder, call_id, ("damaged", 500, 1), ("whole", 1700, 1)
    ),
    "cut": lambda folder, call_id: call_of(folder, call_id, ("cut", 500, 2)),
    "no time": lambda folder, call_id: call_of(folder, call_id, ("whole", 500, 0)),
    "three": lambda folder, call_id: call_of(
        folder, call_id, ("whole", 500, 0.5), ("whole", 1500, 0.5), ("whole", 2500, 0.5)
    ),
    "refused": refused,
    "many events": busy,
}


def poor_call(name: str, folder: Path, call_id: str = "CA1") -> list[ev.Event]:
    """Return one of them, with its recordings in a store's folder."""
    (folder / "recordings").mkdir(exist_ok=True)
    return HISTORIES[name](folder, call_id)


def poor_store(store: Path) -> dict[str, str]:
    """Keep a call of each sort; return their ids. The source of no flow is kept."""
    log = CallLog.open(store)
    ids = {name: f"CA{number:032x}" for number, name in enumerate(HISTORIES, 1)}
    for name, call_id in ids.items():
        log.put(poor_call(name, store, call_id))
    log.close()
    return ids
