"""Models without a model: replies by rules or by a script, the same every time, offline.

They stand in for a chat model in tests, in examples, and where no network may be asked.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from workbench.chat import Message, Piece


class Use(msgspec.Struct, frozen=True):
    """Instead of a text: the model calls a tool."""

    tool: str
    arguments: dict[str, Any] = {}
    """By name; `{0}`, `{1}` … in a text stand for what the rule's pattern found."""


Answer = str | Use


class RuleModel:
    """Answers what the caller said by the first rule whose pattern is found in it."""

    name = "rules"

    def __init__(
        self,
        rules: Sequence[tuple[str, Answer]],
        *,
        otherwise: Answer = "I am sorry, I did not understand that.",
        results: Mapping[str, str] | None = None,
        failures: Mapping[str, str] | None = None,
    ) -> None:
        """Know the rules.

        Args:
            rules: regular expressions, found anywhere and whatever the case, and answers to
                them, in which `{1}` is what its first group found and `{0}` the whole.
            otherwise: the answer when no rule fits.
            results: by the names of tools, what to say of a result, in which `{0}` is the
                result itself, or `{name}` a field of it.
            failures: by the names of tools, what to say when one failed.
        """
        self._rules = [(re.compile(pattern, re.IGNORECASE), each) for pattern, each in rules]
        self._otherwise = otherwise
        self._results, self._failures = dict(results or {}), dict(failures or {})

    def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]
    ) -> Iterator[Piece]:
        """Yield the answer to the last message, word by word."""
        last = messages[-1]
        if last["role"] == "tool":
            yield from pieces_of(self._of_result(messages))
        else:
            yield from pieces_of(self._of_text(str(last["content"])), len(messages))

    def _of_text(self, text: str) -> Answer:
        for pattern, answer in self._rules:
            if found := pattern.search(text):
                return _filled(answer, [found[0], *(group or "" for group in found.groups())])
        return self._otherwise

    def _of_result(self, messages: Sequence[Message]) -> str:
        tool = _called(messages)
        result = msgspec.json.decode(messages[-1]["content"])
        if isinstance(result, dict) and "error" in result:
            return self._failures.get(tool, "I am sorry, that did not work.")
        fields = result if isinstance(result, dict) else {}
        return self._results.get(tool, "{0}").format(result, **fields)


class ScriptedModel:
    """Gives one reply after another, whatever it hears; the last one again and again."""

    name = "script"

    def __init__(self, *replies: Answer) -> None:
        """Know the replies."""
        self._replies = replies

    def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]
    ) -> Iterator[Piece]:
        """Yield the reply whose turn it is."""
        roles = [message["role"] for message in messages]
        given = roles[roles.index("user") :].count("assistant")  # a greeting is no reply
        yield from pieces_of(self._replies[min(given, len(self._replies) - 1)], len(messages))


def pieces_of(answer: Answer, number: int = 0) -> Iterator[Piece]:
    """Yield an answer as a model streams it: word by word, or the call of a tool."""
    if isinstance(answer, Use):
        arguments = msgspec.json.encode(answer.arguments).decode()
        yield {"tool": {"id": f"call-{number}", "name": answer.tool, "arguments": arguments}}
        yield {"end": {"reason": "tool_calls"}}
        return
    words = re.findall(r"\S+\s*", answer)
    for word in words:
        yield {"text": word}
    yield {"end": {"reason": "stop", "tokens_out": len(words)}}


def _filled(answer: Answer, found: Sequence[str]) -> Answer:
    if isinstance(answer, str):
        return answer.format(*found)
    arguments = {
        name: value.format(*found) if isinstance(value, str) else value
        for name, value in answer.arguments.items()
    }
    return Use(answer.tool, arguments)


def _called(messages: Sequence[Message]) -> str:
    """Return the name of the tool whose result the last message is."""
    wanted = messages[-1].get("tool_call_id")
    for message in reversed(messages):
        for call in message.get("tool_calls", ()):
            if call["id"] == wanted:
                return str(call["function"]["name"])
    return ""
