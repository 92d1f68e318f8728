"""What a bench shows of itself: the calls in progress, and its widgets.

The widgets are loaded when one is asked for: scripts and tests need none of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from workbench.at_the_desk import at_the_desk
from workbench.engine import Occupancy
from workbench.engine.account import Registration
from workbench.errors import InvalidInput
from workbench.flow import Flow
from workbench.operation import Operation
from workbench.policy import Policy
from workbench.routes import Routes
from workbench.store import CallLog
from workbench.tables import facts_table
from workbench.views.calls import SHORT, Calls

if TYPE_CHECKING:
    from workbench.widgets.followed import Bench
    from workbench.widgets.softphone import Softphone
    from workbench.widgets.wallboard import Wallboard


class Showing(Protocol):
    """The part of a bench that is seen."""

    _operation: Operation | None
    _closed: bool
    _read_only: bool
    _log: CallLog
    _policy: Policy
    _routes: Routes

    @property
    def _store(self) -> CallLog:
        """The log, while the bench is open."""

    def answer(self, flow: Flow, listen: str = "127.0.0.1:0") -> str:
        """Let a flow take calls at an address; `Receiving` does."""

    @property
    def addresses(self) -> list[str]:
        """The SIP URIs at which calls are taken; `Receiving` knows them."""

    @property
    def accounts(self) -> Mapping[str, Registration]:
        """How each account stands; `Receiving` knows it."""

    @property
    def calls(self) -> Calls[Any]:
        """All calls of the store; `Reading` reads them."""

    def _repr_html_(self) -> str:
        if self._closed:
            return facts_table([("store", self._log.folder), ("open", False)])
        return facts_table(self._facts()) + self.calls._repr_html_()

    def _facts(self) -> Iterator[tuple[str, object]]:
        yield "store", f"{self._log.folder}{', to be read only' if self._read_only else ''}"
        yield "in progress", _named(call_id[:SHORT] for call_id in self.in_progress)
        yield "takes calls at", _named(self.addresses)
        yield "routes", _named(f"{each.pattern} to {each.flow.name}" for each in self._routes)
        accounts = self.accounts.values()
        yield "accounts", _named(f"{each.uri} is {each.state}" for each in accounts)
        yield "may call", _named(self._policy.allow)

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def is_read_only(self) -> bool:
        """Whether it only looks at its store."""
        return self._read_only

    @property
    def folder(self) -> Path:
        """Where its store lies."""
        return self._log.folder

    @property
    def in_progress(self) -> list[str]:
        """Ids of the calls that are not over, oldest first."""
        if self._operation is None:
            return []
        calls = self._operation.switchboard.calls
        return [call.id for call in list(calls.values()) if call.ended is None]

    def last_calls(self, most: int) -> list[str]:
        """Return the ids of the last calls of the store, so many at most, oldest first."""
        return self._store.call_ids()[-most:]

    @property
    def occupancy(self) -> Occupancy | None:
        """How the engine stands; None before there is one, and when it is simulated."""
        return getattr(self._operation and self._operation.engine, "occupancy", None)

    def wallboard(self) -> "Wallboard":
        """Show all calls at a glance: in progress, counts, the pool, problems, and a search.

        A click on a call opens it below, live or in the player.
        """
        from workbench.widgets.wallboard import Wallboard  # noqa: PLC0415 - slow to load

        return Wallboard(cast("Bench", self))

    def softphone(
        self,
        destinations: Mapping[str, str] | None = None,
        *,
        listen: str = "",
        domain: str = "",
        flow: Flow | None = None,
        account: str = "",
        from_: str = "",
        origin: str = "",
    ) -> "Softphone":
        """Show a telephone: dial, answer, talk, press keys, hold, hand on, record, hang up.

        It works while a cell runs. Every call in progress is shown, whoever placed it.

        Args:
            destinations: names, and the addresses to call.
            listen: HOST:PORT at which calls ring here until somebody answers them; a later
                `answer` or `softphone` takes their place.
            domain: where a bare number is called, as `127.0.0.1:5060`.
            flow: what the calls do that are placed here; without one they are left to you.
            account: the account that they are placed with.
            from_: the SIP URI that they show.
            origin: of a page elsewhere that may come to this machine's audio by a websocket,
                as `https://lab.example`; pages of this machine may anyway.

        Raises:
            InvalidInput: an argument cannot be used.
            AddressInUse: something else listens there.
        """
        from workbench.widgets.softphone import Softphone  # noqa: PLC0415 - slow to load

        named = _names(destinations or {})
        address = self.answer(at_the_desk, listen) if listen else ""
        options = {"flow": flow, "account": account, "from_": from_}
        bench = cast("Bench", self)
        return Softphone(
            bench, destinations=named, domain=domain, address=address, origin=origin, **options
        )


def _named(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _names(destinations: Any) -> dict[str, str]:
    if isinstance(destinations, Mapping):
        names = dict(destinations)
        if all(isinstance(text, str) and text for pair in names.items() for text in pair):
            return names
    message = f"Destinations are names and addresses, {{'Bob': 'sip:…'}}, not {destinations!r}."
    raise InvalidInput(message)
