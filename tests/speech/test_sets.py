import pytest

from tests.speech.sets import HERE, RATE, lines_of, prompts, word_errors, words


def test_every_prompt_has_its_words_and_is_speech() -> None:
    known = prompts()
    assert len(known) == 61
    files = {path.name for path in (HERE / "prompts").glob("*.flac")}
    assert files == {prompt.name for prompt in known}
    for prompt in known:
        seconds = len(prompt.samples) / RATE
        assert 0.15 < seconds / len(words(prompt.text)) < 0.8, prompt.name
        assert abs(prompt.samples.astype(int)).max() > 3000, prompt.name


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("Press one, now!", "press one now", 0),
        ("press one now", "", 3),
        ("press one now", "press won now", 1),
        ("press one now", "press now", 1),
        ("press one now", "oh press the one now", 2),
        ("re-entered", "re entered", 0),
    ],
)
def test_errors_are_counted_in_words(said: str, heard: str, errors: int) -> None:
    assert word_errors(said, heard) == (errors, len(words(said)))


def test_every_greeting_is_labelled_once() -> None:
    folder = HERE / "greetings"
    rows = [*lines_of(folder / "greetings.jsonl"), *lines_of(folder / "held-out.jsonl")]
    assert sorted(row["file"] for row in rows) == [
        path.name for path in sorted(folder.glob("*.flac"))
    ]
    kinds = {"human", "machine-vm", "machine-ivr", "machine-unavailable", "music"}
    assert {row["answered_by"] for row in rows} == kinds
    assert all(row["text"] for row in rows if row["answered_by"] != "music")
    assert "Allison Smith" in {row["voice"] for row in rows}
