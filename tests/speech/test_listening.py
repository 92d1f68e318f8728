"""What is found in audio, without models: beginnings, ends, words, turns, in their places."""

from typing import Any

import numpy as np
import pytest

from tests.speech.parts import ORDER, SPEECH, Failing, Loudness, audio, told
from workbench import events as ev
from workbench.speech.choice import Speech
from workbench.speech.ears import Finding, Order
from workbench.speech.endpoint import Endpointer
from workbench.speech.expected import Expected
from workbench.speech.offline import hear_again

LOUD = 2000


def only(findings: list[Finding], kind: type[ev.Event]) -> list[dict[str, Any]]:
    return [finding.fields for finding in findings if finding.kind is kind]


def test_an_utterance_begins_and_ends_where_the_sound_does() -> None:
    findings = hear_again(audio((1.0, 0), (2.0, LOUD), (1.0, 0)), ORDER, SPEECH, from_ms=100)
    assert told(findings) == [
        "listening_started", "speech_started", *["transcript_updated"] * 5, "speech_ended",
        "transcript_final", "turn_ended", "listening_finished",
    ]  # fmt: skip
    (final,) = only(findings, ev.TranscriptFinal)
    assert (final["start_ms"], final["end_ms"], final["provider"]) == (1100, 3100, "counter")
    assert abs(len(final["text"].split()) - 20) <= 1
    assert [finding.media_ms for finding in findings][1:3] == [1160, 1500]
    assert findings[7].media_ms == 3600
    (turn,) = only(findings, ev.TurnEnded)
    assert (turn["utterances"], turn["text"]) == (("u-1",), final["text"])


def test_a_click_is_no_speech_and_a_pause_no_end() -> None:
    findings = hear_again(
        audio((0.5, 0), (0.04, LOUD), (0.5, 0), (1.0, LOUD), (0.4, 0), (1.0, LOUD), (1.0, 0)),
        ORDER, SPEECH,
    )  # fmt: skip
    (final,) = only(findings, ev.TranscriptFinal)
    assert (final["start_ms"], final["end_ms"]) == (1040, 3440)


def test_the_order_says_how_much_silence_ends_an_utterance() -> None:
    order = Order(call_id="CA01", listening="listening-1", silence_ms=300)
    sound = audio((1.0, LOUD), (0.4, 0), (1.0, LOUD), (1.0, 0))
    finals = only(hear_again(sound, order, SPEECH), ev.TranscriptFinal)
    assert [(final["utterance"], final["end_ms"]) for final in finals] == [
        ("u-1", 1000), ("u-2", 2400),
    ]  # fmt: skip


def test_a_long_utterance_is_recognised_in_pieces_with_all_of_it() -> None:
    sound = audio((13.0, LOUD), (0.2, 0), (13.0, LOUD), (1.0, 0))
    (final,) = only(hear_again(sound, ORDER, SPEECH), ev.TranscriptFinal)
    assert abs(len(final["text"].split()) - 260) <= 2
    assert (final["start_ms"], final["end_ms"]) == (0, 26_200)


def test_what_is_said_at_the_end_of_a_call_is_told() -> None:
    findings = hear_again(audio((0.5, 0), (1.0, LOUD)), ORDER, SPEECH)
    assert told(findings)[-4:] == [
        "speech_ended", "transcript_final", "turn_ended", "listening_finished",
    ]  # fmt: skip


def test_a_recogniser_that_fails_is_told_and_the_call_goes_on() -> None:
    speech = Speech(recognizer=Failing(), voice_activity=Loudness(), tones="none")
    findings = hear_again(audio((1.0, LOUD), (1.0, 0), (1.0, LOUD), (1.0, 0)), ORDER, speech)
    failures = only(findings, ev.RecognitionFailed)
    assert [failure["utterance"] for failure in failures] == ["u-1", "u-2"]
    assert failures[0]["error_type"] == "TimeoutError"
    assert [final["text"] for final in only(findings, ev.TranscriptFinal)] == ["", ""]
    assert not only(findings, ev.TurnEnded)


def test_a_turn_waits_for_more_after_an_unfinished_sentence() -> None:
    options = {"end_of_turn": {"after_ms": 700}}
    speech = Speech(
        recognizer=SPEECH.recognizer, voice_activity=Loudness(), tones="none", options=options
    )
    sound = audio((1.0, LOUD), (0.8, 0), (1.0, LOUD), (2.0, 0))
    findings = hear_again(sound, ORDER, speech)
    (turn,) = only(findings, ev.TurnEnded)
    assert turn["utterances"] == ("u-1", "u-2")
    assert next(f.media_ms for f in findings if f.kind is ev.TurnEnded) == 2800 + 1200


def test_both_directions_have_names_of_one_count() -> None:
    one = audio((0.5, 0), (1.0, LOUD), (2.0, 0))
    both = np.stack([one[:, 0], np.roll(one[:, 0], 4000)], axis=1)
    order = Order(call_id="CA01", listening="listening-1", direction="both")
    starts = only(hear_again(both, order, SPEECH), ev.SpeechStarted)
    assert [(start["utterance"], start["track"], start["start_ms"]) for start in starts] == [
        ("u-1", "received", 500), ("u-2", "sent", 1000),
    ]  # fmt: skip


def test_the_same_audio_gives_the_same_findings() -> None:
    sound = audio((0.5, 0), (3.0, LOUD), (1.0, 0), (0.7, LOUD), (1.0, 0))
    assert hear_again(sound, ORDER, SPEECH) == hear_again(sound, ORDER, SPEECH)


def test_what_a_flow_expects_ends_an_utterance_sooner_and_tells_that_it_lasts() -> None:
    expected = Expected(silence_ms=240, lasting_ms=700)
    sound = audio((0.5, 0), (1.0, LOUD), (1.0, 0))
    findings = hear_again(sound, ORDER, SPEECH, expected=[(0, expected)])
    (lasted,) = only(findings, ev.SpeechLasted)
    assert (lasted["lasted_ms"], lasted["start_ms"]) == (700, 500)
    ended = next(finding for finding in findings if finding.kind is ev.SpeechEnded)
    assert ended.media_ms - ended.fields["end_ms"] == 240


@pytest.mark.parametrize("likely", [2, 3])
def test_speech_begins_with_three_likely_frames(likely: int) -> None:
    endpointer = Endpointer(500)
    changes = [endpointer.hear(0.9, 20 * number) for number in range(likely)]
    assert ("start" in changes) == (likely == 3)
    assert endpointer.start_ms == 0
