"""Chat models over HTTP: `POST /v1/chat/completions` of OpenAI and all who speak like it."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from workbench.chat import Message, Piece
from workbench.errors import ServiceFailed, ServiceGarbled
from workbench.services.endpoint import Endpoint
from workbench.services.sse import SseReader

DONE = "[DONE]"
MOST_TOOLS = 32
"""Calls of tools in one reply."""


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function = msgspec.field(default_factory=_Function)


class _Said(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    model: str | None = None
    usage: _Usage | None = None
    error: Any = None


class HttpChat:
    """A chat model of a service (a `ChatModel`)."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        *,
        most_tokens: int = 400,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Ask this model of a service.

        Args:
            endpoint: where it is.
            model: its name there.
            most_tokens: of a reply; what is spoken should be short.
            options: more fields of the request, as `{"temperature": 0, "seed": 7}`.
        """
        self._endpoint = endpoint
        self._model = model
        self._options = {"max_tokens": most_tokens, **(options or {})}

    @property
    def name(self) -> str:
        """The host and the model."""
        return f"{self._endpoint.host}/{self._model}"

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]
    ) -> AsyncIterator[Piece]:
        """Yield the pieces of a reply as the service sends them.

        Raises:
            ServiceFailed: it did not answer, or not as it should.
        """
        asked = {"model": self._model, "messages": list(messages), "stream": True}
        if tools:
            asked["tools"] = list(tools)
        reading = _Reply(self._endpoint)
        async for chunk in self._endpoint.chunks(
            "/chat/completions", json=asked | self._options
        ):
            for piece in reading.read(chunk):
                yield piece
        for piece in reading.finish():
            yield piece


class _Reply:
    """Makes pieces of what a service sends, as events or, where it cannot stream, at once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._events: SseReader | None = None
        self._begun = self._done = False
        self._body = b""
        self._calls: dict[int, dict[str, str]] = {}
        self._end: dict[str, Any] = {}

    def read(self, chunk: bytes) -> Iterator[Piece]:
        """Take a chunk; the first is the media type."""
        if not self._begun:
            self._begun = True
            self._events = None if chunk.strip() == b"application/json" else SseReader()
        elif self._events is None:
            self._body += chunk
        else:
            for event in self._events.read(chunk):
                yield from self._take(event)

    def finish(self) -> Iterator[Piece]:
        """Take the end of the answer, which must be one."""
        if self._events is None:
            yield from self._take(self._body)
        if not self._done and "reason" not in self._end:
            raise ServiceGarbled(f"{self._endpoint.host} broke off its reply.")
        for call in self._calls.values():
            yield {"tool": call}
        yield {"end": self._end}

    def _take(self, event: str | bytes) -> Iterator[Piece]:
        if event == DONE:
            self._done = True
            return
        try:
            chunk = msgspec.json.decode(event, type=_Chunk)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            message = f"{self._endpoint.host} sends what is no reply of a chat model."
            raise ServiceGarbled(message) from None
        if chunk.error is not None:
            explained = self._endpoint.explained(msgspec.json.encode({"error": chunk.error}))
            raise ServiceFailed(f"{self._endpoint.host} gave up its reply: {explained}")
        self._note(chunk)
        for choice in chunk.choices[:1]:
            yield from self._take_choice(choice)

    def _note(self, chunk: _Chunk) -> None:
        if chunk.model:
            self._end["model"] = chunk.model
        if chunk.usage is not None:
            told = (
                ("tokens_in", chunk.usage.prompt_tokens),
                ("tokens_out", chunk.usage.completion_tokens),
            )
            self._end |= {name: count for name, count in told if count is not None}

    def _take_choice(self, choice: _Choice) -> Iterator[Piece]:
        said = choice.delta or choice.message or _Said()
        if said.content:
            yield {"text": said.content}
        for place, call in enumerate(said.tool_calls or ()):
            self._add(place if call.index is None else call.index, call)
        if choice.finish_reason:
            self._end["reason"] = choice.finish_reason

    def _add(self, index: int, part: _ToolCall) -> None:
        # The name comes first and whole, the arguments bit by bit.
        fresh = {"id": part.id or f"call-{index}", "name": "", "arguments": ""}
        call = self._calls.setdefault(index, fresh)
        if len(self._calls) > MOST_TOOLS:
            raise ServiceGarbled(
                f"{self._endpoint.host} calls over {MOST_TOOLS} tools at once."
            )
        call["name"] = call["name"] or part.function.name or ""
        call["arguments"] += part.function.arguments or ""
