"""Processes that listen: audio goes there, findings come back, and their death is told."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.speech.parts import SPEECH, Deadly, Loudness, audio, told
from workbench import events as ev
from workbench.engine.slices import Slice
from workbench.errors import InvalidInput
from workbench.speech import process
from workbench.speech.choice import Speech
from workbench.speech.ears import Ear, Finding, Order
from workbench.speech.listeners import Listeners
from workbench.speech.offline import hear_again, slices
from workbench.speech.wire import Audio, Begin, FromListener, Heard, Setup

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LOUD = 2000
ORDER = Order(call_id="CA01", listening="listening-1")
HELLO = audio((0.5, 0), (1.5, LOUD), (1.0, 0))
PATIENCE_S = 60.0


class Attended:
    """A listening, and what is told of it."""

    def __init__(self, listeners: Listeners) -> None:
        self.findings: list[Finding] = []
        self._news = asyncio.Event()
        self.ear: Ear = listeners.begin(ORDER, self._take)

    def _take(self, finding: Finding) -> None:
        self.findings.append(finding)
        self._news.set()

    def put(self, sound: Any, *, from_ms: int = 0, last: bool = False) -> None:
        for piece in slices(sound, ORDER, from_ms):
            if piece.frames or last:
                self.ear.put(piece)

    async def until(self, done: Callable[[list[str]], bool]) -> list[str]:
        async with asyncio.timeout(PATIENCE_S):
            while not done(told(self.findings)):
                self._news.clear()
                await self._news.wait()
        return told(self.findings)


@asynccontextmanager
async def listening(speech: Speech = SPEECH) -> AsyncIterator[Listeners]:
    listeners = Listeners(speech)
    try:
        yield listeners
    finally:
        await listeners.close()


async def test_a_process_finds_what_is_found_offline() -> None:
    async with listening() as listeners:
        attended = Attended(listeners)
        attended.put(HELLO, last=True)
        await attended.until(lambda heard: "listening_finished" in heard)
    kept = [f for f in attended.findings if f.kind is not ev.RecognitionDelayed]
    wanted = [f for f in hear_again(HELLO, ORDER, SPEECH) if f.kind is not ev.TranscriptUpdated]
    live = [f for f in kept if f.kind is not ev.TranscriptUpdated]
    assert told(live) == told(wanted)
    assert live[-3].fields["text"] == wanted[-3].fields["text"] != ""


async def test_a_process_that_is_killed_is_replaced_and_the_rest_is_heard() -> None:
    async with listening() as listeners:
        attended = Attended(listeners)
        attended.put(audio((0.5, 0), (0.5, LOUD)))
        await attended.until(lambda heard: "speech_started" in heard)
        (pid,) = listeners.pids
        os.kill(pid, signal.SIGKILL)
        await attended.until(lambda heard: "recognition_failed" in heard)
        attended.put(HELLO, from_ms=1000, last=True)
        heard = await attended.until(lambda heard: "listening_finished" in heard)
    at = heard.index("recognition_failed")
    assert heard[at - 1] == "speech_ended"
    assert heard.count("listening_started") == 1
    failed = attended.findings[at].fields
    assert failed["utterance"] == "1"
    assert "signal 9" in failed["error"]
    finals = [f.fields for f in attended.findings if f.kind is ev.TranscriptFinal]
    assert [final["utterance"] for final in finals] == ["2"]
    assert abs(len(finals[0]["text"].split()) - 15) <= 1
    assert attended.findings[-1].fields["reason"] == ""


async def test_a_recogniser_that_takes_the_process_with_it_spoils_only_its_utterance() -> None:
    speech = Speech(recognizer=Deadly(), voice_activity=Loudness(), tones="none")
    async with listening(speech) as listeners:
        attended = Attended(listeners)
        attended.put(audio((4.0, LOUD), (1.0, 0)))
        await attended.until(lambda heard: "recognition_failed" in heard)
        attended.put(HELLO, from_ms=5000, last=True)
        await attended.until(lambda heard: "listening_finished" in heard)
    finals = [f.fields for f in attended.findings if f.kind is ev.TranscriptFinal]
    assert finals[-1]["start_ms"] == 5500


async def test_a_process_that_hangs_is_killed_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workbench.speech.listeners.PING_S", 0.1)
    monkeypatch.setattr("workbench.speech.listeners.SILENT_S", 2.0)
    async with listening() as listeners:
        attended = Attended(listeners)
        attended.put(audio((0.5, 0), (0.5, LOUD)))
        await attended.until(lambda heard: "speech_started" in heard)
        os.kill(listeners.pids[0], signal.SIGSTOP)
        await attended.until(lambda heard: "recognition_failed" in heard)
        attended.put(HELLO, from_ms=1000, last=True)
        await attended.until(lambda heard: "listening_finished" in heard)
    failures = [f.fields for f in attended.findings if f.kind is ev.RecognitionFailed]
    assert "said nothing for 2 s" in failures[0]["error"]
    assert [f for f in attended.findings if f.kind is ev.TranscriptFinal]


async def test_how_far_the_words_are_behind_is_told() -> None:
    sent: list[FromListener] = []
    news = asyncio.Event()

    def send(message: FromListener) -> None:
        sent.append(message)
        news.set()

    listener = process.Listener(send)
    listener.take(Setup(choices=SPEECH.choices))
    listener.take(Begin(key=1, order=ORDER))
    sound = audio((0.5, 0), (1.5, LOUD), (4.0, 0))
    whole = Slice(
        leg="", fork="listening-1", sequence=0, media_ms=0, last=True,
        received=sound[:, 0].tobytes(),
    )  # fmt: skip
    listener.take(Audio(key=1, audio=whole))  # all at once, as after a long wait

    def topics() -> list[str]:
        return told([message.finding for message in sent if isinstance(message, Heard)])

    async with asyncio.timeout(PATIENCE_S):
        while "listening_finished" not in topics():
            news.clear()
            await news.wait()
    assert "recognition_delayed" in topics()
    assert "transcript_final" in topics()


async def test_models_that_cannot_be_loaded_end_the_listening_with_the_reason() -> None:
    speech = Speech(recognizer="tests.speech.parts:cannot_be_made", tones="none")
    async with listening(speech) as listeners:
        attended = Attended(listeners)
        attended.put(HELLO)
        await attended.until(lambda heard: "listening_finished" in heard)
    assert "no such model" in attended.findings[-1].fields["reason"]


async def test_an_unknown_recogniser_is_refused_at_once() -> None:
    async with listening() as listeners:
        order = Order(call_id="CA01", listening="listening-1", recognizer="whisper")
        with pytest.raises(InvalidInput, match="no recogniser 'whisper'"):
            listeners.begin(order, lambda finding: None)
        assert not listeners.pids
