"""What Tab offers in a notebook: ids of calls, topics, verbs of a flow, words of the magics.

IPython asks only what it can without running a property; whether `bench.calls["` or an argument
without a type can be completed, only we know.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from glob import escape, iglob
from pathlib import Path
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher
from IPython.core.interactiveshell import InteractiveShell

from workbench import events as ev
from workbench.bench import Workbench
from workbench.control import CallControl
from workbench.handle import CallHandle

MOST_CALLS = 1000
"""Calls of a store, the last ones, whose ids are offered."""
WORDS = {"%bench": ("--read-only",), "%%flow": ("--calls", "--route")}
"""The options of the magics."""

_CALL = re.compile(
    r"""(?P<bench>\w+)\.(?:(?:call|replay|replace_flow)\(|calls\[)\s*["'](?P<typed>\w*)$"""
)
_KEY = re.compile(r"(?P<bench>\w+)\.(?:call\(|calls\[)\s*(?P<typed>)$")
_OF_CALL = re.compile(r"(?P<bench>\w+)\.calls\[[^\[\]:]+\]\.(?P<typed>\w*)$")
_TOPIC = re.compile(r"""\btopic\s*[=!]=\s*["'](?P<typed>[\w.]*)$""")
_MAGIC = re.compile(r"^(?P<magic>%bench|%%flow)\s(?:.*\s)?(?P<typed>[^\s\"']*)$")
_VERB = re.compile(r"(?<![\w.])(?P<name>\w+)\.(?P<typed>\w*)$")
_DEF = re.compile(r"^(?P<indent>\s*)async def \w+\(\s*(?P<name>\w+)\s*[,)]")

Place = tuple[re.Pattern[str], Callable[[re.Match[str], CompletionContext], Iterable[str]]]


def complete(shell: InteractiveShell) -> None:
    """Let Tab offer what a shell cannot know; does nothing the second time."""
    matchers: Any = shell.Completer.custom_matchers
    if any(getattr(each, "of_workbench", False) for each in matchers):
        return

    def workbench_matcher(context: CompletionContext) -> Any:
        return matched(shell.user_ns, context)

    of_ipython: Any = context_matcher()  # is not annotated
    matcher = of_ipython(workbench_matcher)
    matcher.of_workbench = True
    matchers.append(matcher)


def matched(names: dict[str, Any], context: CompletionContext) -> Any:
    """Return what is offered at a place, and no more than that where something is."""
    places: tuple[Place, ...] = (
        (_CALL, lambda found, _: _call_ids(names.get(found["bench"]))),
        (_KEY, lambda found, _: map(repr, _call_ids(names.get(found["bench"])))),
        (_OF_CALL, lambda found, _: _members(CallHandle, names.get(found["bench"]))),
        (_TOPIC, lambda _found, _context: (kind.TOPIC for kind in ev.EVENTS)),
        (_MAGIC, lambda found, _: _magic_words(found["magic"], found["typed"])),
        (_VERB, lambda found, context: _verbs(found["name"], context)),
    )
    for pattern, candidates in places:
        if found := pattern.search(context.text_until_cursor):
            typed = found["typed"]
            fitting = (each for each in candidates(found, context) if each.startswith(typed))
            texts = sorted(fitting)
            if texts:
                offered = [SimpleCompletion(text, type="workbench") for text in texts]
                return {"completions": offered, "suppress": True, "matched_fragment": typed}
    return {"completions": [], "suppress": False}


def _call_ids(bench: Any) -> list[str]:
    if isinstance(bench, Workbench) and not bench.is_closed:
        return bench.last_calls(MOST_CALLS)
    return []


def _members(kind: type, bench: Any) -> list[str]:
    return _public(kind) if isinstance(bench, Workbench) else []


def _public(kind: type) -> list[str]:
    return [name for name in dir(kind) if not name.startswith("_")]


def _magic_words(magic: str, typed: str) -> Iterator[str]:
    yield from WORDS[magic]
    if magic == "%bench":
        yield from (str(Path(found).parent) for found in iglob(f"{escape(typed)}*/calls.db"))


def _verbs(name: str, context: CompletionContext) -> list[str]:
    lines = context.full_text.split("\n")[: context.cursor_line + 1]
    return _public(CallControl) if name == _call_of_flow(lines) else []


def _call_of_flow(lines: list[str]) -> str:
    """Return what a flow names its call in whose body the last line is; empty for none."""
    indent = len(lines[-1]) - len(lines[-1].lstrip())
    for at in range(len(lines) - 2, 0, -1):
        begins = _DEF.match(lines[at])
        if begins and len(begins["indent"]) < indent:
            decorated = lines[at - 1].strip().startswith("@flow")
            return begins["name"] if decorated else ""
    return ""
