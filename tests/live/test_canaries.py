"""Card numbers as canaries in real calls: pressed and said, and then looked for everywhere."""

import io
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import numpy as np
import pytest
from rich.console import Console

from tests.acceptance.rtp import write_presses
from tests.acceptance.sipp import Counts, Sipp
from tests.conformance.script import DISMISSED, PLACED, pause, recv, request, write
from workbench import AudioFrame, CallControl, Redaction, Speech, Workbench, flow
from workbench import events as ev
from workbench.engine.pool import Pool
from workbench.engine.tones import FRAME, Detector
from workbench.narration import Narrator
from workbench.speech.scripted import Said, ScriptedEars
from workbench.vault import MARK

pytestmark = [pytest.mark.sip, pytest.mark.slow]

CARD = "4000056655665556"
SPOKEN = "five one oh five one oh five one oh five one oh five one double oh"
IN_WORDS = ("five one oh five one oh five", "one oh five one oh five one", "one double oh")
PIECES = [CARD[at : at + 8] for at in range(len(CARD) - 7)]
KEYS = f"7 {CARD}#  8"
WAY = {
    "rfc4733": {"events": True, "tones": False},
    "inband": {"events": False, "tones": True},
    "both": {"events": True, "tones": True},
}
CHARGED: list[str] = []
HEARD: list[AudioFrame] = []


def charge(card: str) -> str:
    CHARGED.append(card)
    return f"{card[:4]} {card[4:8]}-{card[8:]} is charged, which is {card}"


@flow
async def pay(call: CallControl) -> str:
    await call.answer()
    await call.record()
    await call.detect_digits()
    await call.fork("all of it", HEARD.extend, direction="received")
    await call.listen()
    choice = await call.gather(1, timeout=30)
    card = await call.gather(19, timeout=30, secret=True)
    receipt = await call.step("charge", charge, card.secret)
    again = await call.gather(1, timeout=30)
    await call.sleep(0.5)
    await call.hangup()
    return f"{choice.digits} {card.digits} {receipt} {again.digits}"


def pressing(folder: Path, method: str) -> list[str]:
    """Return the steps of a caller who presses the keys."""
    if method != "sip-info":
        seconds = write_presses(folder / "keys.pcap", KEYS, **WAY[method])
        play = f'<nop><action><exec play_pcap_audio="{folder}/keys.pcap"/></action></nop>'
        return [pause(2500), play, pause(round(seconds * 1000))]
    steps = [pause(2500)]
    for number, key in enumerate(KEYS, 2):
        body, kind = f"Signal={key}\nDuration=100\n", "application/dtmf-relay"
        if number % 2:
            body, kind = key, "application/dtmf"
        pressed = request("INFO", number, body=body, to="peer", kind=kind)
        steps += [pause(1000)] if key == " " else [pressed, recv(200), pause(100)]
    return steps


@pytest.mark.parametrize("method", ["rfc4733", "sip-info", "inband", "both"])
def test_they_are_found_nowhere(
    tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    CHARGED.clear()
    HEARD.clear()
    for name in ("logs", "temporary", "caller", "outputs"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    caplog.set_level("DEBUG")
    steps = pressing(tmp_path / "caller", method)
    told = io.StringIO()
    store = tmp_path / "store"
    with Workbench(store, engine=Pool(log_folder=tmp_path / "logs"), speech=SPEECH()) as bench:
        bench.subscribe(Narrator(Console(file=told, width=300)))
        began = threading.Event()
        bench.subscribe(lambda _event: began.set())
        peer = bench.answer(pay).removeprefix("sip:")
        scenario = write(tmp_path / "caller" / "own.xml", *PLACED, *steps, *DISMISSED)
        with Sipp(tmp_path / "caller", scenario, peer=peer) as sipp:
            assert sipp.finish() == Counts(successful=1, failed=0), sipp.errors
        assert began.wait(60)
        (call,) = bench.calls
        history = call.wait(60).history
        bench.check()
        assert bench.replay(call, pay).equal, str(bench.replay(call, pay))
        shown = [call.ladder(), history._repr_html_(), repr(list(history)), told.getvalue()]
        shown += [bench.frames.calls().to_csv(), repr(bench), repr(bench._operation)]
        samples, _ = call.audio()
        found_in_files = everything(tmp_path)  # the log of the store too, before it is folded
    assert [CARD] == CHARGED
    check_history(history)
    check_audio(samples, history, tones=method in ("inband", "both"))
    shown += outputs(tmp_path / "outputs", store)
    shown += [*capfd.readouterr(), caplog.text, found_in_files, everything(tmp_path)]
    for text in shown:
        assert [piece for piece in (*PIECES, *IN_WORDS) if piece in text] == []
        assert not re.search(r"Signal ?= ?[0-9]", text)
    assert "[card]" in "".join(shown)
    assert "INFO sip:" in found_in_files or method != "sip-info"


def SPEECH() -> Speech:  # noqa: N802 - a constant, but for its script
    ears = ScriptedEars(Said(at_ms=100, text=f"my card is {SPOKEN} thank you"))
    return Speech(ears=ears, redact=Redaction())


def check_history(history: Sequence[ev.Event]) -> None:
    pressed = "".join(event.digit for event in history if isinstance(event, ev.DigitReceived))
    assert pressed == f"7{MARK * 16}#8"
    let_go = {event.digit for event in history if isinstance(event, ev.DigitEnded)}
    assert let_go <= {"7", "8", "#", MARK}
    (returned,) = (event for event in history if isinstance(event, ev.FlowReturned))
    assert returned.value.startswith(f"7 {MARK * 16} {MARK}")
    (final,) = (event for event in history if isinstance(event, ev.TranscriptFinal))
    assert final.text == "my card is [card] thank you"


def check_audio(samples: Any, history: Sequence[ev.Event], *, tones: bool) -> None:
    """Look for tones in the recording and in the fork: those in the open, and no others."""
    (stored,) = (event for event in history if isinstance(event, ev.RecordingStored))
    hidden, shown = (
        next(event.media_ms for event in history if isinstance(event, kind))
        for kind in (ev.Concealed, ev.Revealed)
    )
    assert hidden is not None
    assert shown is not None
    recorded = np.round(samples[:, 0] * 32768).astype(np.int16)
    forked = np.concatenate([frame.received for frame in HEARD])
    for heard in (recorded, forked):
        # The event of a key comes before its tone, and the secret begins with the event.
        assert "".join(keys_in(heard)).removeprefix("7") == ("8" if tones else "")
    begin, end = (8 * (moment - stored.start_media_ms) for moment in (hidden, shown))
    assert np.abs(samples[begin + 800 : end - 800]).max() == 0
    assert abs(len(samples) / 8 - stored.duration_ms) < 2
    length = next(event.media_ms for event in history if isinstance(event, ev.Ended))
    assert abs(stored.duration_ms - ((length or 0) - stored.start_media_ms)) < 500


def keys_in(samples: Any) -> Iterator[str]:
    detector = Detector()
    for at in range(0, len(samples) - FRAME, FRAME):
        yield from (
            key for key, ms in detector.hear(samples[at : at + FRAME].tobytes()) if ms is None
        )


def everything(folder: Path) -> str:
    """Return all that was written, but for what the caller itself wrote."""
    parts = [folder / name for name in ("store", "logs", "temporary")]
    files = [path for part in parts for path in part.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" and path.stat().st_size for path in files)
    assert any(path.name.endswith(("-wal", ".db", ".sqlite")) for path in files)
    return "".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def outputs(folder: Path, store: Path) -> list[str]:
    """Return what a notebook shows of the call."""
    shows = (
        "bench.calls", "call = bench.calls[0]; call", "call.history", "print(call.ladder())",
        "call.waveform()", "bench.frames.calls()", "bench.frames.events()",
        "print(*call.history, sep='\\n')", "bench",
    )  # fmt: skip
    opened = (
        f"from workbench import Workbench\nbench = Workbench({str(store)!r}, read_only=True)"
    )
    cells = [nbformat.v4.new_code_cell(source) for source in (opened, *shows)]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(folder)}}
    ).execute(env={**os.environ})
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    assert MARK in text
    return [text, text.encode().decode("unicode_escape", "replace")]
