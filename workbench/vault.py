"""Secret digits of the calls that are open: in memory only, and in no event.

The switchboard keeps them here and records a mark for each; a step is given them in place of
the token that the flow holds.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from workbench.errors import NotAllowedNow

MARK = "•"
"""What is on record for a key that was pressed in secret."""
SHORT = 4
"""Digits below which a secret is looked for only where it stands alone."""


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """Stands for digits that were gathered in secret; only a step is given them."""

    call_id: str
    first: int
    """Which of the call's secret keys it begins with, from 0."""
    length: int

    @property
    def numbers(self) -> range:
        """Which of the call's secret keys it is made of."""
        return range(self.first, self.first + self.length)

    def __len__(self) -> int:
        """Return how many digits it stands for."""
        return self.length

    def __repr__(self) -> str:
        """Say how long it is, which is all that is known of it here."""
        return f"<secret of {self.length} digits>"

    __str__ = __repr__


class Vault:
    """The keys that were pressed in secret, by call and number."""

    def __init__(self) -> None:
        """Begin with nothing to keep."""
        self._kept: dict[str, dict[int, str]] = {}

    def __repr__(self) -> str:
        """Say nothing of what is kept."""
        return f"<Vault of {len(self._kept)} calls>"

    def keep(self, call_id: str, number: int, key: str) -> None:
        """Keep the key that has this number among the secret ones of its call."""
        self._kept.setdefault(call_id, {})[number] = key

    def forget(self, call_id: str) -> None:
        """Forget the keys of a call."""
        self._kept.pop(call_id, None)

    def knows(self, secret: Secret) -> bool:
        """Tell whether all digits of a secret are known."""
        kept = self._kept.get(secret.call_id, {})
        return all(number in kept for number in secret.numbers)

    def clear(self, secret: Secret) -> str:
        """Return the digits that a secret stands for.

        Raises:
            NotAllowedNow: they are not known any more.
        """
        if not self.knows(secret):
            message = (
                f"The secret digits of call {secret.call_id} are gone: they were in memory, "
                "to the end of the call. Gather them again."
            )
            raise NotAllowedNow(message)
        kept = self._kept.get(secret.call_id, {})
        return "".join(kept[number] for number in secret.numbers)

    def opened(self, value: Any) -> Any:
        """Return a value with digits in place of secrets, in lists, tuples and mappings too.

        Raises:
            NotAllowedNow: digits are not known any more.
        """
        return _replaced(value, lambda each: self.clear(each) if _is_secret(each) else each)

    def hidden(self, value: Any, secrets: Iterable[Secret]) -> Any:
        """Return what JSON holds with marks in place of the digits of these secrets."""
        known = [secret for secret in secrets if secret.length and self.knows(secret)]
        clear = map(self.clear, known)
        patterns = [_pattern(digits) for digits in sorted(clear, key=len, reverse=True)]
        return _replaced(value, lambda each: _marked(each, patterns)) if patterns else value


def secrets_in(value: Any) -> list[Secret]:
    """Return the secrets in a value, in its lists, tuples and mappings too."""
    found: list[Secret] = []

    def look(each: Any) -> Any:
        if _is_secret(each):
            found.append(each)
        return each

    _replaced(value, look)
    return found


def _is_secret(value: Any) -> bool:
    return isinstance(value, Secret)


def _replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {change(key): _replaced(each, change) for key, each in value.items()}
    if isinstance(value, list | tuple):
        each_replaced = [_replaced(each, change) for each in value]
        return tuple(each_replaced) if isinstance(value, tuple) else each_replaced
    return change(value)


def _pattern(digits: str) -> "re.Pattern[str]":
    apart = r"[\s.\-]?".join(map(re.escape, digits))
    return re.compile(apart if len(digits) >= SHORT else rf"(?<!\d){apart}(?!\d)")


def _marked(value: Any, patterns: "list[re.Pattern[str]]") -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    text = str(value)
    for pattern in patterns:
        text = pattern.sub(lambda found: MARK * len(found[0]), text)
    return value if text == str(value) else text
