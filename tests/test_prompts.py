"""Prompts in the form that engines play, from files."""

import hashlib
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from workbench import prompts
from workbench.errors import InvalidAudio, StoreError
from workbench.prompts import PreparedPrompt, PromptShelf

Mono = npt.NDArray[np.float32]


def tone(rate: int, seconds: float = 0.5, level: float = 0.5, hz: float = 440) -> Mono:
    at = np.arange(round(rate * seconds)) / rate
    return (level * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def played(prompt: PreparedPrompt) -> npt.NDArray[np.int16]:
    info = soundfile.info(prompt.path)
    assert (info.samplerate, info.channels, info.subtype) == (8000, 1, "PCM_16")
    samples: npt.NDArray[np.int16] = soundfile.read(prompt.path, dtype="int16")[0]
    return samples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    folder.mkdir()
    return folder


@pytest.fixture
def shelf(folder: Path) -> PromptShelf:
    return PromptShelf(folder)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "menu.wav"


def test_what_is_in_form_already_stays_bit_for_bit(shelf: PromptShelf, source: Path) -> None:
    samples = np.random.default_rng(1).integers(-32768, 32768, 4001).astype(np.int16)
    soundfile.write(source, samples, 8000)
    prompt = shelf.from_file(str(source), [])
    assert np.array_equal(played(prompt), samples)
    assert prompt.duration_ms == 500
    assert prompt.audio == hashlib.sha256(prompt.path.read_bytes()).hexdigest()


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_any_channels_sound_the_same(
    rate: int, channels: int, shelf: PromptShelf, source: Path
) -> None:
    soundfile.write(source, np.column_stack([tone(rate)] * channels), rate)
    samples = played(shelf.from_file(str(source), []))
    wanted = tone(8000) * 32768
    assert len(samples) == len(wanted)  # no padding in front or behind
    middle = slice(200, -200)
    assert np.abs(samples[middle] - wanted[middle]).max() < 0.01 * 32768


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [
        ("wav", "ULAW"),
        ("wav", "PCM_24"),
        ("wav", "FLOAT"),
        ("flac", "PCM_16"),
        ("ogg", "VORBIS"),
        ("aiff", "PCM_16"),
        ("mp3", "MPEG_LAYER_III"),
    ],
)
def test_any_format_is_read(
    suffix: str, subtype: str, shelf: PromptShelf, tmp_path: Path
) -> None:
    source = tmp_path / f"menu.{suffix}"
    soundfile.write(source, tone(16_000), 16_000, subtype=subtype)
    prompt = shelf.from_file(str(source), [])
    assert prompt.duration_ms == pytest.approx(500, abs=100)  # MP3 has frames of 36 ms
    assert np.abs(played(prompt)).max() == pytest.approx(0.5 * 32768, rel=0.1)


def test_prompts_follow_each_other_from_an_offset_so_many_times(
    shelf: PromptShelf, tmp_path: Path
) -> None:
    chance = np.random.default_rng(2)
    samples = [chance.integers(-32768, 32768, 800).astype(np.int16) for _ in range(2)]
    for name, each in zip("ab", samples, strict=True):
        soundfile.write(tmp_path / f"{name}.wav", each, 8000)
    files = [shelf.from_file(f"{name}.wav", [tmp_path]) for name in "ab"]
    arranged = shelf.arranged(files, offset_s=0.05, times=3)
    assert np.array_equal(played(arranged), np.tile(np.concatenate(samples)[400:], 3))
    assert arranged.duration_ms == 450
    assert shelf.arranged(files[:1]) == files[0], "one whole file stays as it is"


@pytest.mark.parametrize(("offset_s", "times"), [(0.5, 1), (9.0, 1), (0.0, 100_000)])
def test_what_cannot_be_arranged_is_told(
    shelf: PromptShelf, source: Path, offset_s: float, times: int
) -> None:
    soundfile.write(source, tone(8000), 8000)
    with pytest.raises(InvalidAudio):
        shelf.arranged([shelf.from_file(str(source), [])], offset_s=offset_s, times=times)


def test_a_prompt_goes_on_where_it_was_interrupted(shelf: PromptShelf, source: Path) -> None:
    samples = np.random.default_rng(1).integers(-30_000, 30_000, 4000).astype(np.int16)
    soundfile.write(source, samples, 8000)
    whole = shelf.from_file(str(source), [])
    assert shelf.going_on(whole, 0) == whole
    assert np.array_equal(played(shelf.going_on(whole, 100)), samples[800:])
    assert np.array_equal(played(shelf.going_on(whole, 9000)), samples[-160:])
    endless = played(shelf.going_on(whole, 600, endless=True))
    assert np.array_equal(endless, np.roll(samples, -800)), "it had begun again once"


def test_of_all_that_went_on_only_the_newest_are_kept(
    shelf: PromptShelf, source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts, "MOST_RESTS", 3)
    soundfile.write(source, tone(8000), 8000)
    whole = shelf.from_file(str(source), [])
    rests = [shelf.going_on(whole, skip_ms).path for skip_ms in range(20, 140, 20)]
    assert sorted(folder.glob("rest-*")) == sorted(rests[-3:])
    assert whole.path.exists()


def test_what_would_clip_is_made_quieter(shelf: PromptShelf, source: Path) -> None:
    loud = tone(16_000, level=2.0)
    soundfile.write(source, loud, 16_000, subtype="FLOAT")
    samples = played(shelf.from_file(str(source), []))
    whole = tone(8000, level=1.0) * 32767
    middle = slice(200, -200)
    assert np.abs(samples[middle] - whole[middle]).max() < 0.01 * 32768  # no plateau


def test_a_square_wave_does_not_clip_in_resampling(shelf: PromptShelf, source: Path) -> None:
    square = np.sign(tone(44_100, hz=300)).astype(np.float32)
    soundfile.write(source, square, 44_100, subtype="FLOAT")
    samples = played(shelf.from_file(str(source), [])).astype(int)
    assert (np.abs(samples) >= 32767).sum() < 5


def test_a_prompt_is_prepared_once(shelf: PromptShelf, source: Path, folder: Path) -> None:
    soundfile.write(source, tone(16_000), 16_000)
    first = shelf.from_file(str(source), [])
    written = first.path.stat().st_mtime_ns
    copy = source.with_name("copy.wav")
    copy.write_bytes(source.read_bytes())
    assert shelf.from_file(str(copy), []) == first
    assert first.path.stat().st_mtime_ns == written
    assert list(folder.iterdir()) == [first.path]


def test_a_changed_source_is_prepared_again(shelf: PromptShelf, source: Path) -> None:
    soundfile.write(source, tone(16_000), 16_000)
    before = shelf.from_file(str(source), [])
    soundfile.write(source, tone(16_000, hz=500), 16_000)
    after = shelf.from_file(str(source), [])
    assert after.path != before.path
    assert after.audio != before.audio


def test_a_relative_source_is_looked_for_in_order(shelf: PromptShelf, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, seconds in ((first, 0.1), (second, 0.2)):
        (folder / "sub").mkdir(parents=True)
        soundfile.write(folder / "sub" / "menu.wav", tone(8000, seconds), 8000)
    assert shelf.from_file("sub/menu.wav", [first, second]).duration_ms == 100
    assert shelf.from_file("sub/menu.wav", [second, first]).duration_ms == 200
    assert shelf.from_file(str(second / "sub/menu.wav"), [first]).duration_ms == 200


def test_a_missing_source_says_where_it_was_looked_for(
    shelf: PromptShelf, tmp_path: Path
) -> None:
    search = [tmp_path / "first", tmp_path / "second"]
    with pytest.raises(InvalidAudio, match=r"'menu\.wav' was not found; looked in .*first, .*"):
        shelf.from_file("menu.wav", search)
    with pytest.raises(InvalidAudio, match=f"looked in {tmp_path}. Give"):
        shelf.from_file(str(tmp_path / "menu.wav"), search)


@pytest.mark.parametrize("content", [b"", b"no audio at all", b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_audio_is_told(content: bytes, shelf: PromptShelf, source: Path) -> None:
    source.write_bytes(content)
    with pytest.raises(InvalidAudio, match=r"menu\.wav cannot be read as audio"):
        shelf.from_file(str(source), [])


def test_no_samples_are_told(shelf: PromptShelf, source: Path, folder: Path) -> None:
    soundfile.write(source, np.zeros(0, np.int16), 8000)
    with pytest.raises(InvalidAudio, match="holds no audio"):
        shelf.from_file(str(source), [])
    soundfile.write(source, np.full(100, np.nan), 8000, subtype="FLOAT")
    with pytest.raises(InvalidAudio, match="no numbers"):
        shelf.from_file(str(source), [])
    assert list(folder.iterdir()) == []


def test_many_threads_prepare_one_prompt(folder: Path, source: Path) -> None:
    soundfile.write(source, tone(8000), 8000)
    shelf, start = PromptShelf(folder), threading.Barrier(8)
    prepared: list[PreparedPrompt] = []

    def prepare() -> None:
        start.wait(10)
        prepared.append(shelf.from_file(str(source), []))

    threads = [threading.Thread(target=prepare) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(prepared) == 8
    assert len(set(prepared)) == 1
    assert list(folder.iterdir()) == [prepared[0].path]


def test_a_folder_that_is_gone_is_told(shelf: PromptShelf, source: Path, folder: Path) -> None:
    soundfile.write(source, tone(8000), 8000)
    folder.rmdir()
    with pytest.raises(StoreError, match="cannot be kept: No such file"):
        shelf.from_file(str(source), [])
