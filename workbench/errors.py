"""The error tree: what went wrong, in which call, whose doing it was and what to do.

    WorkbenchError
    ├── InvalidInput (also a ValueError)   what the caller of our API gave cannot be used
    │   ├── InvalidAddress                 a SIP URI or HOST:PORT
    │   ├── InvalidHeader                  a SIP header's name or value
    │   ├── InvalidFlow                    a flow that cannot be found or is not a flow
    │   └── InvalidAudio                   a prompt that cannot be read
    ├── CallNotFound (also a LookupError)  no such call in the store
    ├── NotAllowedNow                      a verb that the call's state does not allow
    ├── StepFailed                         the function of a step raised
    ├── ServiceFailed                      a service could not do what it was asked
    │   ├── ServiceBusy                    it has too much to do, or we asked too often
    │   ├── ServiceTimedOut                it did not answer in time, or fell silent
    │   └── ServiceGarbled                 what it said is not what the protocol says
    ├── EngineError                        the engine could not do what it was asked
    │   ├── AddressInUse                   something listens there already
    │   └── EngineLost                     a worker process died
    └── StoreError                         the log cannot be read or written
        ├── StoreLocked                    another workbench writes it
        ├── StoreReadOnly                  no permission to write
        ├── StoreFull                      no space left
        ├── StoreTooNew                    written by a newer version
        └── StoreUnreadable                not a store, or damaged

`CallEnded` stands apart: it is how a flow learns that its call is over, and so an
`asyncio.CancelledError`, which `except Exception` does not swallow.
"""

import asyncio


class WorkbenchError(Exception):
    """The root of every error that Workbench raises on purpose."""


class InvalidInput(WorkbenchError, ValueError):
    """What the caller of our API gave cannot be used; nothing was done."""


class InvalidAddress(InvalidInput):
    """A SIP URI or a HOST:PORT that cannot be used."""


class InvalidHeader(InvalidInput):
    """A SIP header that may not go onto the wire."""


class InvalidFlow(InvalidInput):
    """A flow that cannot be found, or that is not a flow."""


class InvalidAudio(InvalidInput):
    """A prompt that is missing or that libsndfile cannot read."""


class CallNotFound(WorkbenchError, LookupError):
    """No call in the store has this id."""


class NotAllowedNow(WorkbenchError):
    """The state of the call does not allow this verb."""


class StepFailed(WorkbenchError):
    """The function of a step raised; `kind` and `message` are on record."""

    def __init__(self, name: str, kind: str, message: str) -> None:
        """Say which step failed, with the recorded error's type and text."""
        super().__init__(f"Step {name!r} failed with {kind}: {message}")
        self.name, self.kind, self.message = name, kind, message


class ServiceFailed(WorkbenchError):
    """A service of the network could not do what it was asked."""


class ServiceBusy(ServiceFailed):
    """It has too much to do, or we asked too often."""


class ServiceTimedOut(ServiceFailed):
    """It did not answer in time, or fell silent in the middle of its answer."""


class ServiceGarbled(ServiceFailed):
    """What it said is not what the protocol says: cut off, too long, or no such thing."""


class EngineError(WorkbenchError):
    """The engine could not do what it was asked."""


class AddressInUse(EngineError):
    """Something listens already at the address that was asked for."""


class EngineLost(EngineError):
    """A worker process of the engine died."""


class StoreError(WorkbenchError):
    """The log of calls cannot be read or written."""


class StoreLocked(StoreError):
    """Another workbench has this store open for writing."""


class StoreReadOnly(StoreError):
    """The store may not be written."""


class StoreFull(StoreError):
    """No space is left where the store is."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of Workbench."""


class StoreUnreadable(StoreError):
    """The file is not a store, or it is damaged."""


class CallEnded(asyncio.CancelledError):
    """The call of this flow is over: the flow is cancelled, its cleanup still runs."""

    def __init__(self, by: str = "", reason: str = "") -> None:
        """Say who ended the call (`caller callee app engine`) and why."""
        super().__init__(f"The call was ended by {by or 'somebody'}: {reason or 'no reason'}")
        self.by, self.reason = by, reason
