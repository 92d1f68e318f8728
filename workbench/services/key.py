"""The key of a service: used on the wire, shown to nobody."""

import os
from collections.abc import Callable

from workbench.errors import InvalidInput

ECHO = 8
"""So many characters in a row of a key, in what a service says, count as the key."""


class Key:
    """A secret text that no `repr`, error or record has."""

    __slots__ = ("_text", "_variable")

    def __init__(self, text: str) -> None:
        """Keep a key.

        Raises:
            InvalidInput: it is empty, or could not stand in a header.
        """
        text = text.strip()
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            message = "A key is one word of printable ASCII; this one is not."
            raise InvalidInput(message)
        self._text, self._variable = text, ""

    @classmethod
    def from_environment(cls, name: str) -> "Key":
        """Take the key from a variable of the environment.

        Raises:
            InvalidInput: there is no such variable, or no key in it.
        """
        if not (text := os.environ.get(name, "").strip()):
            message = f"There is no key in the environment: set {name}."
            raise InvalidInput(message)
        key = cls(text)
        key._variable = name
        return key

    def __reduce__(self) -> tuple[Callable[..., "Key"], tuple[str]]:
        # The process that is to use it has the same environment.
        if self._variable:
            return Key.from_environment, (self._variable,)
        return Key, (self._text,)

    def header(self) -> str:
        """Return the value of an Authorization header (RFC 6750, section 2.1)."""
        return f"Bearer {self._text}"

    def is_in(self, text: str) -> bool:
        """Tell whether a text repeats the key, or much of it."""
        size = min(ECHO, len(self._text))
        parts = (self._text[i : i + size] for i in range(len(self._text) - size + 1))
        return any(part in text for part in parts)

    def __repr__(self) -> str:
        return "Key(…)"
