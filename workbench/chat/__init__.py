"""Chat models behind one interface: messages in, pieces of a reply out.

Messages and tools have the form of OpenAI's chat interface, which nearly every model and local
server takes. Siblings: `tools` (what a model may call), `rules` (models without a model, for
tests and offline use); `services/chat.py` reaches models over HTTP.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Protocol

Message = dict[str, Any]
"""`{"role": "system" | "user" | "assistant" | "tool", "content": …}`."""

Piece = dict[str, Any]
"""One of: `{"text": "Hel"}`; `{"tool": {"id", "name", "arguments"}}`, the arguments as the
model's JSON text; at the end `{"end": {"reason", "model", "tokens_in", "tokens_out"}}`, without
what the model does not tell."""


class ChatModel(Protocol):
    """What answers messages; has no memory of its own."""

    @property
    def name(self) -> str:
        """The provider and its model, for the record."""

    def reply(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]
    ) -> AsyncIterator[Piece] | Iterator[Piece]:
        """Yield the pieces of a reply; a generator function, `async` or not.

        Raises:
            ServiceFailed: the model cannot answer. Any other exception counts as that, too.
        """
