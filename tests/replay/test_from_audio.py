"""A recording is heard again: the same findings every time, in the places on record."""

from pathlib import Path

import pytest

from tests.effects.test_listening import listens, story
from tests.hostile import check_harmless
from tests.speech.parts import SPEECH, audio
from workbench import events as ev
from workbench.errors import NotAllowedNow
from workbench.replay import listen_again
from workbench.speech.scripted import Said, ScriptedEars

pytestmark = pytest.mark.anyio

LOUD = 2000
SAID = Said(at_ms=400, text="tick tick tick", duration_ms=1000)


def stored(history: list[ev.Event], start_media_ms: int) -> ev.RecordingStored:
    last = history[-1]
    return ev.RecordingStored(
        call_id=last.call_id, version=last.version + 1, at=last.at, media_ms=last.media_ms,
        recording="recording-1", audio="0" * 64, duration_ms=4000,
        start_media_ms=start_media_ms,
    )  # fmt: skip


async def test_what_was_heard_is_found_again_where_it_was(tmp_path: Path) -> None:
    history = await story(tmp_path, listens, ScriptedEars(SAID))
    began = next(e.from_ms for e in history if isinstance(e, ev.ListeningStarted))
    # The recording began 200 ms before the listening, and so does its sound lie later in it.
    recording = stored(history, began - 200)
    sound = audio((0.6, 0), (1.0, LOUD), (2.0, 0))
    (first,), (second,) = (listen_again(history, recording, sound, SPEECH) for _ in "12")
    assert first == second
    assert first.recorded_texts == [SAID.text]
    (final,) = (f.fields for f in first.findings if f.kind is ev.TranscriptFinal)
    assert final["start_ms"] == first.recorded[0].start_ms == began + 400
    # 700 ms of silence end an utterance, as the flow had asked for.
    ended = next(f for f in first.findings if f.kind is ev.SpeechEnded)
    assert ended.media_ms == ended.fields["end_ms"] + 700
    assert set(first.texts[0].split()) == {"tick"}
    said = check_harmless(first._repr_html_())
    assert f"then{SAID.text}now{first.texts[0]}" in said
    assert repr(first).splitlines()[2].split(maxsplit=1) == ["then", SAID.text]


async def test_a_call_that_nobody_listened_to_is_refused(tmp_path: Path) -> None:
    history = await story(tmp_path, listens, ScriptedEars())
    unheard = [event for event in history if not isinstance(event, ev.ListenRequested)]
    with pytest.raises(NotAllowedNow, match="was not listened to"):
        listen_again(unheard, stored(history, 0), audio((1.0, 0)), SPEECH)
