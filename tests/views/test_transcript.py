"""What was said in a call, as lines and as a frame."""

import asyncio
from pathlib import Path

import pytest

from tests.effects.test_listening import HELLO, listens, story
from tests.hostile import check_harmless
from workbench import events as ev
from workbench.analysis.frames import Frames
from workbench.speech.scripted import Said, ScriptedEars
from workbench.views.transcript import COLUMNS, Transcript


@pytest.fixture
def history(tmp_path: Path) -> list[ev.Event]:
    script = (HELLO, Said(at_ms=3000, text="<b>please</b>", track="sent"))
    return asyncio.run(story(tmp_path, listens, ScriptedEars(*script)))


def test_a_transcript_has_a_line_an_utterance(history: list[ev.Event]) -> None:
    transcript = Transcript(history)
    assert [(line.utterance, line.track, line.final) for line in transcript] == [
        ("u-1", "received", True), ("u-2", "sent", True),
    ]  # fmt: skip
    assert transcript.text("received") == HELLO.text
    assert "far end: hello my name is Ann" in str(transcript)
    assert "<b>please</b>" in check_harmless(transcript._repr_html_())


def test_silence_is_said_to_be_silence() -> None:
    assert check_harmless(Transcript([])._repr_html_()) == str(Transcript([]))
    assert "Nothing was said" in str(Transcript([]))


def test_it_grows_while_somebody_speaks(history: list[ev.Event]) -> None:
    updates = [at for at, e in enumerate(history) if isinstance(e, ev.TranscriptUpdated)]
    (line,) = Transcript(history[: updates[1] + 1])
    assert (line.text, line.final, line.end_ms) == ("hello my", False, None)
    assert str(line).endswith("…")
    assert not Transcript(history[: updates[0]])


def test_the_frame_has_a_row_an_utterance(history: list[ev.Event]) -> None:
    frame = Frames(lambda: [(history[0].call_id, history)]).transcripts()
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["text"]) == [HELLO.text, "<b>please</b>"]
    assert str(frame["start_ms"].dtype) == "Int64"
    assert Frames(list).transcripts().empty
