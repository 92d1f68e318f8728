"""What Tab offers in a notebook, asked of a shell of IPython."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from workbench import Workbench, load_ipython_extension
from workbench.clock import SystemClock
from workbench.completion import WORDS
from workbench.engine.loopback import FarEnd, Loopback

VERBS = {"answer", "gather", "hangup", "play"}
FLOW = "@flow\nasync def desk({call}):\n    await {call}.answer()\n    await "


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # of another one it would warn
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    shell.Completer.use_jedi = False  # what others know is theirs to test
    for _ in range(2):
        load_ipython_extension(shell)
    engine = Loopback(SystemClock(), {"bob": FarEnd()})
    with Workbench("a-store", engine=engine) as bench:
        bench.dial("sip:bob@loopback")
        bench.dial("sip:bob@loopback")
        shell.user_ns["bench"] = bench
        yield shell


def tab(shell: InteractiveShell, text: str) -> list[str]:
    """Return what is offered at the end of a text, as it would stand there."""
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, len(text)))
    assert all(text[each.start : each.end] == text[each.start :] for each in found)
    return [each.text for each in found]


@pytest.mark.parametrize(
    "typed", ['bench.call("', "bench.calls['CA", 'bench.replay( "CA', 'x = bench.calls["CA']
)
def test_ids_of_calls_are_offered(shell: InteractiveShell, typed: str) -> None:
    ids = [call.id for call in shell.user_ns["bench"].calls]
    assert tab(shell, typed) == sorted(ids)
    assert tab(shell, "bench.calls[") == tab(shell, "bench.call( ") == sorted(map(repr, ids))


def test_only_a_bench_that_is_open_has_calls(shell: InteractiveShell) -> None:
    shell.user_ns["other"] = 5
    assert tab(shell, 'other.call("CA') == []
    shell.user_ns["bench"].close()
    assert tab(shell, 'bench.call("CA') == []


def test_members_of_a_call_among_calls_are_offered(shell: InteractiveShell) -> None:
    assert {"history", "ladder", "player"} <= set(tab(shell, "bench.calls[-1]."))


def test_topics_are_offered(shell: InteractiveShell) -> None:
    assert tab(shell, "events[events.topic == 'call.answered") == ["call.answered"]
    assert "call.ended" in tab(shell, 'events[events.topic != "')


@pytest.mark.parametrize("call", ["call", "leg"])
@pytest.mark.parametrize("before", ["", "%%flow\n", "x = 1\n"])
def test_verbs_are_offered_in_a_flow(shell: InteractiveShell, call: str, before: str) -> None:
    source = before + FLOW.format(call=call)
    assert set(tab(shell, f"{source}{call}.")) >= VERBS
    assert tab(shell, f"{source}{call}.hang") == ["hangup"]
    assert not VERBS & set(tab(shell, f"{source}other."))
    assert not VERBS & set(tab(shell, f"{source}x()\n\n{call}."))
    assert not VERBS & set(tab(shell, f"{source.replace('@flow', '@other')}{call}."))


def test_words_of_the_magics_are_offered(shell: InteractiveShell) -> None:
    assert tab(shell, "%bench ") == ["--read-only", "a-store"]
    assert tab(shell, "%bench --read-only a") == ["a-store"]
    assert tab(shell, "%%flow --route 100 --c") == ["--calls"]
    magics: Any = shell.find_magic
    for magic, words in WORDS.items():
        kind = "cell" if magic.startswith("%%") else "line"
        parser = magics(magic.strip("%"), kind).parser
        options = {name for name in parser._option_string_actions if name.startswith("--")}
        assert options == set(words)
