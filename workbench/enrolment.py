"""The accounts of a bench: known to its engine, registered, and what became of that."""

import threading
from collections.abc import Coroutine, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from workbench import events as ev
from workbench.engine import Engine
from workbench.engine.account import Account, Registration
from workbench.errors import InvalidInput
from workbench.sip import user_of

T = TypeVar("T")
SETTLED = frozenset({"registered", "failed", "unregistered"})


class Thread(Protocol):
    """What runs work on the bench's thread: an `Operation`."""

    engine: Engine

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for it."""


class Enrolment:
    """Which accounts a bench has, and how their registrations stand."""

    def __init__(self, accounts: Iterable[Any] = ()) -> None:
        """Begin with some accounts, none of them registered.

        Raises:
            InvalidInput: one is no account, or two have the same URI.
        """
        self._accounts: dict[str, Account] = {}
        self._standings: dict[str, Registration] = {}
        self._news = threading.Condition()
        for count, account in enumerate(accounts, 1):
            self.add(account)
            if len(self._accounts) < count:
                message = f"The account {account.uri} is given twice."
                raise InvalidInput(message)

    @property
    def standings(self) -> Mapping[str, Registration]:
        """Return how each account stands, by its URI."""
        with self._news:
            return MappingProxyType(dict(self._standings))

    def add(self, account: Any) -> Account:
        """Take an account, in place of one with its URI.

        Raises:
            InvalidInput: it is none.
        """
        if not isinstance(account, Account):
            message = f"An account is an Account, such as `Account(uri=…)`, not {account!r}."
            raise InvalidInput(message)
        self._accounts[account.uri] = account
        with self._news:
            self._standings.setdefault(account.uri, Registration(uri=account.uri))
        return account

    def find(self, account: Any) -> Account:
        """Return an account by its URI, or by itself.

        Raises:
            InvalidInput: there is none.
        """
        uri = account.uri if isinstance(account, Account) else account
        if uri in self._accounts:
            return self._accounts[uri]
        known = ", ".join(self._accounts) or "none"
        message = (
            f"{uri!r} is no account of this bench, which has {known}: give it to the bench."
        )
        raise InvalidInput(message)

    def open(self, thread: Thread) -> None:
        """Let the engine know all accounts."""
        for account in self._accounts.values():
            thread.run(thread.engine.use_account(account))

    def register_all(self, thread: Thread) -> None:
        """Register what asks for it and is not registered yet; waits for nobody."""
        for account in tuple(self._accounts.values()):
            if account.register and self._standings[account.uri].state == "known":
                thread.run(thread.engine.register(account, self._tell))

    def register(self, account: Account, thread: Thread, patience_s: float) -> Registration:
        """Register an account; return how it stands when that is known, or time is up."""
        with self._news:
            self._standings[account.uri] = Registration(uri=account.uri)
        thread.run(thread.engine.register(account, self._tell))
        return self._settled(account.uri, patience_s)

    def unregister(self, uri: str, thread: Thread) -> None:
        """Take a registration back; nobody waits for the registrar."""
        thread.run(thread.engine.unregister(uri))

    def belongs(self, uri: str, offered: ev.Offered) -> bool:
        """Tell whether a call came in for an account.

        It names the account in To, or as we told the registrar; with `peers`, only when it
        comes from one of them.
        """
        account = self._accounts[uri]
        if account.peers and not account.is_peer(offered.remote.rpartition(":")[0]):
            return False
        asked = user_of(offered.request_uri)
        return not account.register or account.user in (asked, user_of(offered.to))

    def _settled(self, uri: str, patience_s: float) -> Registration:
        def done() -> bool:
            return self._standings[uri].state in SETTLED

        with self._news:
            self._news.wait_for(done, patience_s)
            return self._standings[uri]

    def _tell(self, registration: Registration) -> None:
        with self._news:
            self._standings[registration.uri] = registration
            self._news.notify_all()
