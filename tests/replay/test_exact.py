"""Exact replay: equal for the same decisions, and the right line for each of ten edits."""

import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import Mock

import pytest

from tests.scripted import ScriptedCall
from workbench import events as ev
from workbench.flow import Flow, load_flow
from workbench.replay import exact, replay

SOURCE = """\
from workbench import flow

@flow
async def desk(call):
    await call.ring()
    await call.answer()
    await call.record()
    await call.play("greeting.wav")
    choice = await call.gather(1, play="menu.wav", timeout=8)
    if choice.digits == "1":
        await call.play("sales.wav")
    else:
        await call.say("Please hold.")
    account = await call.gather(4, timeout=6, finish_on="#")
    found = await call.step("look up", dict)
    await call.sleep(2)
    await call.send_digits("99")
    await call.hangup()
    return found
"""

EDITS: list[tuple[int, str, str]] = [
    (5, "    await call.ring()", "    await call.answer()"),
    (7, "    await call.record()", '    await call.play("recording-notice.wav")'),
    (8, '"greeting.wav"', '"welcome.wav"'),
    (9, "timeout=8", "timeout=9"),
    (11, '"sales.wav"', '"support.wav"'),
    (14, "gather(4", "gather(5"),
    (14, 'finish_on="#"', 'finish_on="*"'),
    (15, '"look up"', '"find"'),
    (16, "sleep(2)", "sleep(3)"),
    (17, '"99"', '"98"'),
]
"""Line, what stands there, what stands there after the edit."""


def load(folder: Path, source: str) -> Flow:
    path = folder / "desk_flow.py"
    path.write_text(source)
    return load_flow(f"{path}:desk")


@pytest.fixture
def history(tmp_path: Path) -> Sequence[ev.Event]:
    script = ScriptedCall(load(tmp_path, SOURCE)).answered()
    script.hear(ev.RecordingStarted, recording="recording-1")
    script.prompt_ends("prompt-1")
    script.press("1")
    script.prompt_ends("prompt-2", "interrupted")
    script.prompt_ends("prompt-3")
    script.press("4711")
    script.hear(ev.StepReturned, step="step-1", value={})
    timers = [event for event in script.history if isinstance(event, ev.TimerRequested)]
    script.hear(ev.TimerFired, timer=timers[-1].timer)
    script.hear(ev.DigitsSent, sending="sending-1", outcome="completed")
    script.hang_up()
    return script.history


def test_the_same_flow_decides_the_same(history: Sequence[ev.Event], tmp_path: Path) -> None:
    result = replay(history, load(tmp_path, SOURCE))
    assert result.equal
    assert result.decisions == sum(isinstance(event, ev.Decision) for event in history)


def test_lines_that_only_moved_are_no_divergence(
    history: Sequence[ev.Event], tmp_path: Path
) -> None:
    assert replay(history, load(tmp_path, f"# A comment.\n\n{SOURCE}")).equal


@pytest.mark.parametrize(("line", "was", "becomes"), EDITS)
def test_an_edit_is_reported_at_its_line(
    history: Sequence[ev.Event], tmp_path: Path, line: int, was: str, becomes: str
) -> None:
    lines = SOURCE.splitlines()
    assert was in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(was, becomes)
    divergence = replay(history, load(tmp_path, "\n".join(lines) + "\n")).divergence
    assert divergence is not None
    assert divergence.where == f"desk_flow.py:{line}"


def test_a_divergence_is_understood_at_once(
    history: Sequence[ev.Event], tmp_path: Path
) -> None:
    changed = load(tmp_path, SOURCE.replace('"sales.wav"', '"support.wav"'))
    text = str(replay(history, changed))
    assert "diverges after event" in text
    assert "digit '1' received" in text
    assert "s into the audio" in text
    assert "then: play 'sales.wav'  (desk_flow.py:11)" in text
    assert "now:  play 'support.wav'  (desk_flow.py:11)" in text


def test_a_flow_that_stops_early_decides_nothing_where_something_was(
    history: Sequence[ev.Event], tmp_path: Path
) -> None:
    cut = SOURCE.replace('    await call.play("greeting.wav")\n', "    return\n")
    divergence = replay(history, load(tmp_path, cut)).divergence
    assert divergence is not None
    assert divergence.then.words == "play 'greeting.wav'"
    assert divergence.now.words == "flow returned None"


def test_a_flow_that_fails_today_says_where(
    history: Sequence[ev.Event], tmp_path: Path
) -> None:
    broken = SOURCE.replace('    await call.play("greeting.wav")\n', "    1 / 0\n")
    divergence = replay(history, load(tmp_path, broken)).divergence
    assert divergence is not None
    assert divergence.where == "desk_flow.py:8"
    assert "ZeroDivisionError" in divergence.now.words


def test_a_replay_that_breaks_off_lets_its_flow_tidy_up(
    tmp_path: Path, history: Sequence[ev.Event],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    body = SOURCE.partition("async def desk(call):\n")[2].replace('"menu.wav"', '"other.wav"')
    guarded = "".join(f"    {line}\n" for line in body.splitlines())
    flow = load(
        tmp_path,
        "import asyncio\nfrom workbench import flow\n\n@flow\nasync def desk(call):\n"
        f"    try:\n{guarded}"
        "    finally:\n        print(asyncio.get_running_loop())\n",
    )
    monkeypatch.setattr(exact, "_diverge", Mock(side_effect=KeyError("a defect of ours")))
    with pytest.raises(KeyError):
        replay(history, flow)
    assert capsys.readouterr().out.startswith("<workbench.flow_loop.FlowLoop")


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Let an interrupt be heard: a test in the background may have been told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


@pytest.mark.usefixtures("interrupts")
@pytest.mark.parametrize("swallowed", [False, True])
def test_an_interrupt_ends_the_replay_and_is_no_failure_of_the_flow(
    history: Sequence[ev.Event], tmp_path: Path, swallowed: bool
) -> None:
    body = "    signal.raise_signal(signal.SIGINT)\n"
    if swallowed:
        body = f"    try:\n    {body}    except BaseException:\n        pass\n"
    greeting = '    await call.play("greeting.wav")\n'
    flow = load(tmp_path, "import signal\n" + SOURCE.replace(greeting, body + greeting))
    with pytest.raises(KeyboardInterrupt):
        replay(history, flow)
