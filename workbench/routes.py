"""Which flow takes an inbound call: a number, numbers that begin alike, or any."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from workbench import events as ev
from workbench.errors import InvalidInput
from workbench.flow import Flow
from workbench.numbers import e164
from workbench.sip import user_of

ANY = "any"
FORMS = "a number or name (+4930123456, 100, sales), a beginning (+4930*, 1*) or any"
# `*` is a key too, with which numbers begin: at the end it stands for the rest.
_PATTERN = re.compile(r"\*?[^\s*?@:;<>\"]+\*?")
_SEPARATED = re.compile(r"\+?[0-9\-.()]+\*?")
_SEPARATORS = re.compile(r"[\-.()]")

Belongs = Callable[[str, ev.Offered], bool]
"""Tells whether a call came in for the account of this URI."""


class Rank(NamedTuple):
    """How specific a route is; the greatest wins."""

    exact: bool
    length: int
    account: bool


@dataclass(frozen=True, kw_only=True)
class Route:
    """One pattern and the flow that takes what it matches."""

    pattern: str
    account: str
    flow: Flow

    @property
    def rank(self) -> Rank:
        """Return how specific it is: exact first, then the longest, then with an account."""
        exact = self.pattern != ANY and not self.pattern.endswith("*")
        length = 0 if self.pattern == ANY else len(self.pattern)
        return Rank(exact, length, bool(self.account))

    def matches(self, called: frozenset[str]) -> bool:
        """Tell whether one of the names of the callee is meant."""
        if self.pattern == ANY:
            return True
        beginning = self.pattern.removesuffix("*")
        if beginning != self.pattern:
            return any(name.startswith(beginning) for name in called)
        return self.pattern in called


class Routes:
    """The routes of a bench; the most specific that matches takes a call."""

    def __init__(
        self, region: str = "", belongs: Belongs = lambda _account, _offered: False
    ) -> None:
        """Read numbers without + as of `region`; ask `belongs` about accounts."""
        self._region, self._belongs = region, belongs
        self._routes: tuple[Route, ...] = ()

    def __iter__(self) -> Iterator[Route]:
        """Yield the routes, the most specific first."""
        return iter(self._routes)

    def add(self, pattern: str, flow: Flow, account: str = "") -> None:
        """Add a route, or replace the one of this pattern and account.

        Raises:
            InvalidInput: the pattern cannot be used.
        """
        pattern = check_pattern(pattern)
        route = Route(pattern=pattern, account=account, flow=flow)
        others = [each for each in self if (each.pattern, each.account) != (pattern, account)]
        # Replaced in one go: the bench's thread may be reading.
        self._routes = tuple(sorted([*others, route], key=lambda each: each.rank, reverse=True))

    def flow_for(self, offered: ev.Offered) -> Flow | None:
        """Return the flow that takes a call, None when none does."""
        called = callee_names(offered, self._region)
        for route in self:
            if route.matches(called) and self._is_for(route.account, offered):
                return route.flow
        return None

    def _is_for(self, account: str, offered: ev.Offered) -> bool:
        return not account or self._belongs(account, offered)


def check_pattern(pattern: Any) -> str:
    """Return a pattern as it is compared: a number without visual separators.

    Raises:
        InvalidInput: it is no pattern.
    """
    if not isinstance(pattern, str) or not pattern:
        message = f"A route is {FORMS}, as text, not {pattern!r}."
        raise InvalidInput(message)
    if pattern == "*":
        message = 'A route for every call is written "any", not "*".'
        raise InvalidInput(message)
    if _PATTERN.fullmatch(pattern) is None:
        message = (
            f"The route {pattern!r} cannot be used: write {FORMS}; only the user part of an "
            "address is compared, and only a * at the end stands for anything."
        )
        raise InvalidInput(message)
    return _SEPARATORS.sub("", pattern) if _SEPARATED.fullmatch(pattern) else pattern


def callee_names(offered: ev.Offered, region: str = "") -> frozenset[str]:
    """Return by which names a call's callee may be meant: users, digits and numbers."""
    users = {unquote(user_of(uri)) for uri in (offered.to, offered.request_uri)} - {""}
    digits = {_SEPARATORS.sub("", user) for user in users if _SEPARATED.fullmatch(user)}
    numbers = {e164(user, region) for user in users} | {offered.called_number}
    return frozenset((users | digits | numbers) - {""})
