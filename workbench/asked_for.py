"""What a handle asks of its bench: verbs of a call from outside of its flow, and its audio."""

import socket
from collections.abc import Callable
from typing import Any, Protocol

from workbench.control.fork import check
from workbench.extension import Extension
from workbench.feed import Feed
from workbench.operation import Operation
from workbench.talking.desk import Entrance


class AskedFor(Protocol):
    """The part of a bench that lets others act on its calls."""

    _operation: Operation | None

    def _running(self) -> Operation:
        """Return what is alive while the bench is open."""

    def ask(self, call_id: str, verb: str, *args: Any, wait: bool, **options: Any) -> Any:
        """Let a verb be carried out from outside of the call's flow."""
        operation = self._running()
        return operation.run(operation.ask(call_id, verb, args, options, wait=wait))

    def fork(
        self, call_id: str, name: str, consumer: Callable[[Feed], Any], direction: str
    ) -> str:
        """Give the raw audio of a call to a consumer, from outside of its flow."""
        check(consumer, direction)
        operation = self._running()
        return operation.run(operation.fork(call_id, name, consumer, direction))

    def stop_fork(self, call_id: str, fork: str) -> None:
        """End a fork from outside of the flow."""
        operation = self._running()
        operation.run(operation.stop_fork(call_id, fork))

    def talk(self, call_id: str, name: str) -> Extension:
        """Let somebody talk on a call, by a socket."""
        operation = self._running()
        return operation.run(operation.talk(call_id, name))

    def let_in(self, end: socket.socket, origin: str, over: Callable[[str], None]) -> Entrance:
        """Let one page of an origin speak through a socket, by messages of one frame each.

        Raises:
            EngineError: the process for pages cannot open a way.
            NotAllowedNow: the bench is closed.
        """
        operation = self._running()
        return operation.run(operation.booths.open(end, origin, over))

    def show_out(self, talk: str) -> None:
        """Let a page speak no more, from any thread; does not wait."""
        if (operation := self._operation) is not None:
            operation.show_out(talk)
