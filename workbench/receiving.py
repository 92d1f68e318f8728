"""How a bench takes calls: where it listens, which flow takes which call, and its accounts."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from workbench.arguments import seconds
from workbench.engine.account import Account, Registration
from workbench.enrolment import Enrolment, Thread
from workbench.flow import Flow
from workbench.policy import Policy
from workbench.routes import ANY, Routes
from workbench.runner import Runner
from workbench.sip import Transport, parse_surface


class Operation(Thread, Protocol):
    """What the bench's thread has for calls that come in."""

    runner: Runner

    async def listen(self, host: str, port: int, transport: str = "udp") -> tuple[str, int]:
        """Take calls at an address; return where."""


class Receiving(Protocol):
    """The part of a bench that calls come in by."""

    _policy: Policy
    _enrolment: Enrolment
    _routes: Routes
    _listening: dict[tuple[str, int, Transport], tuple[str, int]]

    def __init__(self, accounts: Iterable[Account], policy: Policy) -> None:
        """Begin with some accounts, and no address to listen at."""
        self._policy = policy
        self._enrolment = Enrolment(accounts)
        self._routes = Routes(policy.region, self._enrolment.belongs)
        self._listening = {}

    def _running(self) -> Operation:
        """Return what is alive while the bench is open."""

    def _keep_source(self, flow: Flow) -> None:
        """Keep the source of a flow by its version."""

    def answer(self, flow: Flow, listen: str = "127.0.0.1:0") -> str:
        """Let a flow take every call that no route takes, at an address; return its SIP URI.

        The same as `listen`, then `route` for "any". A later `answer` replaces the flow for
        later calls, also at the same address, as when a cell is run again.

        Args:
            flow: what the calls do.
            listen: HOST:PORT, with `;transport=tcp` or `tls` where it is not UDP; port 0
                picks a free one.

        Raises:
            InvalidInput: the flow or the address cannot be used.
            AddressInUse: something else listens there.
        """
        parse_surface(listen)
        self._keep_source(flow)
        address = self.listen(listen)
        self.take_calls(flow)
        return address

    def listen(self, address: str = "127.0.0.1:0") -> str:
        """Take calls at HOST:PORT or HOST:PORT;transport=tls; return its SIP URI.

        Raises:
            InvalidInput: the address cannot be used.
            AddressInUse: something else listens there.
        """
        asked = parse_surface(address)
        host, port = self._listening.get(asked) or self._listen(*asked)
        transport = "" if asked[2] == "udp" else f";transport={asked[2]}"
        return f"sip:{host}:{port}{transport}"

    @property
    def addresses(self) -> list[str]:
        """The SIP URIs at which calls are taken."""
        return [
            f"sip:{host}:{port}" + ("" if transport == "udp" else f";transport={transport}")
            for host, port, transport in dict.fromkeys(
                (*at, transport) for (*_, transport), at in self._listening.items()
            )
        ]

    def _listen(self, host: str, port: int, transport: Transport) -> tuple[str, int]:
        operation = self._running()
        at = operation.run(operation.listen(host, port, transport))
        # Not at port 0, which asks for another one each time.
        self._listening |= {(*at, transport): at, (host, at[1], transport): at}
        self._register_all()
        return at

    def take_calls(self, flow: Flow) -> None:
        """Let a flow take every later inbound call that no route takes."""
        self.route(ANY, flow)

    def route(self, pattern: str, flow: Flow, *, account: Account | str = "") -> None:
        """Let a flow take the calls to a number; the most specific route takes a call.

        A call that no route takes is refused with 480, whether there is such a number or not.

        Args:
            pattern: a number or name (`+4930123456`, `100`, `sales`), numbers that begin alike
                (`+4930*`), or `any`. It is compared with the callee of To and of the INVITE
                itself, as written and as E.164.
            flow: what the calls do; given again for the same pattern, it replaces the first.
            account: only calls that come in for this account.

        Raises:
            InvalidInput: the pattern, the flow or the account cannot be used.
        """
        self._keep_source(flow)
        self._routes.add(pattern, flow, self._enrolment.find(account).uri if account else "")
        self._running().runner.route = self._routes.flow_for
        self._register_all()

    def _register_all(self) -> None:
        """Register the accounts as soon as there is somebody to take their calls."""
        if self._listening and any(self._routes):
            self._enrolment.register_all(self._running())

    # -- accounts --------------------------------------------------------------------------

    def register(self, account: Account | str, timeout: float = 10.0) -> Registration:
        """Register an account now; return how that went, or stands after `timeout` seconds.

        The registrar is told the address where this bench takes calls; without one, a free
        port of `host` is opened. It is asked again before the registration ends, and after
        a failure, until the bench is closed.

        Raises:
            InvalidInput: it is no account.
            EngineError: no address can be opened.
        """
        used = self._enrolment.add(account) if isinstance(account, Account) else account
        found, operation = self._enrolment.find(used), self._running()
        return self._enrolment.register(found, operation, seconds("timeout", timeout))

    def unregister(self, account: Account | str) -> None:
        """Take a registration back.

        Raises:
            InvalidInput: it is no account of this bench.
        """
        self._enrolment.unregister(self._enrolment.find(account).uri, self._running())

    @property
    def accounts(self) -> Mapping[str, Registration]:
        """How each account stands, by its URI: until when it is registered, or why not."""
        return self._enrolment.standings
