"""What is accepted as an answer: a function, choices, or phrases and keys for each choice."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.control.desk import is_text
from workbench.errors import InvalidInput
from workbench.spoken import chosen

Accept = Callable[[str], Any] | Mapping[str, Sequence[str]] | Sequence[str]
"""A function of the digits or words, choices, or the phrases and keys of each choice."""


def as_judge(accept: Any) -> Callable[[str], Any] | None:
    """Return the function that `accept` stands for; None takes any answer.

    Raises:
        InvalidInput: it is none of what it may be.
    """
    if accept is None or callable(accept):
        judge: Callable[[str], Any] | None = accept
        return judge
    phrases = _phrases(accept)
    if not phrases or not all(map(_are_texts, (list(phrases), *phrases.values()))):
        message = f"`accept` is a function, choices, or phrases by choice, not {accept!r}."
        raise InvalidInput(message)
    return lambda answer: chosen(answer, phrases)


def _phrases(accept: Any) -> dict[Any, Any]:
    if isinstance(accept, Mapping):
        return dict(accept)
    listed = isinstance(accept, Sequence) and not is_text(accept)
    return {choice: [choice] for choice in accept} if listed else {}


def _are_texts(phrases: Any) -> bool:
    listed = isinstance(phrases, Sequence) and not is_text(phrases)
    return listed and bool(phrases) and all(map(is_text, phrases))
