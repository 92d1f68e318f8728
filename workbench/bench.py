"""`Workbench`: opens a store, an engine and the thread on which calls run.

It can be used from a plain script, from a notebook cell (`await bench.dial(...)`) and in
tests; the calls never run on the thread that asks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from workbench import events as ev
from workbench.arguments import (
    LOOPBACK,
    as_flow,
    as_policy,
    as_speech,
    call_limits,
    check_invite,
    folder,
    folders,
    own_address,
    own_terms,
    own_tls,
)
from workbench.asked_for import AskedFor
from workbench.clock import Clock, SystemClock
from workbench.door.tls import Tls
from workbench.engine import Engine
from workbench.engine.account import Account
from workbench.engine.pool import Pool
from workbench.engine.terms import CODECS, as_codecs, as_srtp
from workbench.errors import NotAllowedNow, WorkbenchError
from workbench.flow import Flow
from workbench.handle import CallHandle
from workbench.operation import Operation
from workbench.policy import Policy
from workbench.reading import Reading
from workbench.receiving import Receiving
from workbench.recovery import recover
from workbench.shipped import shipped
from workbench.showing import Showing
from workbench.speech.choice import Speech
from workbench.store import CallLog

MOST_FAILURES = 100
"""Of failed flows, kept for `check`."""
STORE = Path("workbench-store")
"""Where a bench keeps its calls when nothing else is said."""


class Workbench(Receiving, Reading, AskedFor, Showing):
    """A bench: place, take, watch, replay and query calls.

    Opening it ends on record what an earlier bench left open. Close it, or use it in a
    `with` statement: closing hangs up what is still up.
    """

    _operation: Operation | None = None
    recovered: list[str]
    """Ids of the calls that an earlier bench left open and this one ended on record."""

    def __init__(
        self,
        store: str | Path = STORE,
        *,
        engine: Engine | None = None,
        clock: Clock | None = None,
        sounds: str | Path | Sequence[str | Path] = (),
        read_only: bool = False,
        host: str = LOOPBACK,
        policy: Policy | None = None,
        accounts: Iterable[Account] = (),
        srtp: str = "off",
        codecs: Sequence[str] = CODECS,
        tls: Tls | None = None,
        rtp_from: str = "negotiated",
        speech: Speech | None = None,
    ) -> None:
        """Open the store, created when it is missing; `read_only` only looks at it.

        Args:
            store: the folder of the store.
            engine: what carries calls; by default real SIP and RTP in worker processes.
            clock: the only source of time; by default the machine's.
            sounds: folders (or one) where `play` looks, after the flow's and the working one.
            read_only: for queries and replays, also while another bench writes.
            host: the address that calls are placed from; by default only this one is in reach.
            policy: who may be called, how often and how long; by default only this machine.
            accounts: with PBXs and providers; each registers as soon as calls are taken.
            srtp: `off`, `optional` or `required`: whether audio is encrypted.
            codecs: what is offered and accepted, in the order of preference.
            tls: the certificate that is shown, and whose are believed.
            rtp_from: `negotiated`, or `anywhere` for far ends behind a NAT.
            speech: what listens and speaks; by default what comes with the installation.

        Raises:
            InvalidInput: an argument cannot be used.
            EngineError: `host` is no address of this machine.
            StoreError: the store cannot be opened; why, and what to do.
        """
        self._engine, self._clock = engine, clock or SystemClock()
        self._host = own_address(host)
        super().__init__(accounts, as_policy(policy))
        self._terms = own_terms(srtp, codecs, rtp_from, engine)
        self._tls, self._speech = own_tls(tls, engine), as_speech(speech)
        self._sounds = [*folders(sounds), shipped("recordings")]
        self._failures: list[ev.FlowFailed] = []
        self._closed, self._read_only = False, read_only
        self._log = CallLog.open(folder(store), writable=not read_only)
        self.recovered = [] if read_only else self._recover()

    # -- calls -----------------------------------------------------------------------------

    def dial(
        self,
        uri: str,
        *,
        flow: Flow | None = None,
        from_: str = "",
        account: Account | str = "",
        srtp: str = "",
        codecs: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        ring_timeout: float = 60.0,
        follow_redirects: int = 0,
        time_limit: float | None = None,
    ) -> CallHandle:
        """Place a call; the flow takes it when it is answered.

        Await the handle in a notebook, or `wait()` for it in a script. A call that the policy
        refuses has failed at once, with the reason on record.

        Args:
            uri: whom to call, `sip:user@host:port`.
            flow: what the call does; without one it stays up until it is hung up.
            from_: the SIP URI to show; by default the account's, or the engine's own.
            account: the account to call with, or its URI; `uri` may then be a bare number.
            srtp: whether its audio is encrypted; by default the account's or bench's way.
            codecs: what this call offers; by default the account's or bench's.
            headers: context headers of the INVITE (`X-*`, `User-to-User` …).
            ring_timeout: seconds to wait for an answer.
            follow_redirects: how many 3xx to follow, where the policy allows their targets.
            time_limit: seconds after the answer at which it is hung up.

        Raises:
            InvalidInput: the address, a header, the flow or a number cannot be used.
            StoreError: the call cannot be recorded; nobody is called.
        """
        used = self._enrolment.find(account) if account else None
        if used is not None:
            uri, from_ = used.callee(uri), from_ or used.uri
        check_invite(uri, from_, headers or {})
        if flow is not None:
            self._keep_source(flow)
        operation = self._running()
        place = operation.place(
            flow, from_=from_ or "", to=uri, headers=dict(headers or {}),
            account=used.uri if used else "", srtp=as_srtp(srtp) if srtp else "",
            codecs=as_codecs(codecs) if codecs else (),
            **call_limits(ring_timeout, follow_redirects, time_limit),
        )  # fmt: skip
        return CallHandle(operation.run(place), self)

    def subscribe(self, subscriber: Callable[[ev.Event], None]) -> Callable[[], None]:
        """Call `subscriber` with each event once it is stored, on the bench's thread.

        Returns:
            A function that ends the subscription.
        """
        return self._running().switchboard.subscribe(subscriber)

    def on_closed(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the id of each call that is over and on record, on that thread."""
        self._running().switchboard.on_closed(tell)

    # -- the state of things ---------------------------------------------------------------

    def check(self) -> None:
        """Raise what happened in the background, where no cell could show it.

        A flow that failed is told once; of many, the first hundred are kept.

        Raises:
            StoreError: events could no longer be written.
            WorkbenchError: a flow of this bench failed; the message has its traceback.
        """
        self.check_store()
        if self._failures:
            failed = self._failures.pop(0)
            message = f"The flow of call {failed.call_id} failed:\n{failed.traceback}"
            raise WorkbenchError(message)

    def check_store(self) -> None:
        """Raise why nothing can be recorded any more; does nothing while all is well.

        Raises:
            StoreError: events could no longer be written.
        """
        if self._operation is not None and (failure := self._operation.switchboard.failure):
            raise failure

    def close(self) -> None:
        """Hang up what is up, end the workers, and close the store."""
        if self._operation is not None:
            self._operation.close()
            self._operation = None
        self._closed = True
        self._log.close()

    def __enter__(self) -> Self:
        """Return the bench."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the bench."""
        self.close()

    def __repr__(self) -> str:
        """Say where the store is and how many calls it holds."""
        holds = "closed" if self._closed else f"{len(self._log.call_ids())} calls"
        return f"<Workbench {self._log.folder}: {holds}>"

    # -- for handles -----------------------------------------------------------------------

    @property
    def recordings(self) -> Path:
        """Where call audio is kept, by content hash."""
        return self._log.recordings

    @property
    def sources(self) -> Path:
        """Where the sources of flows are kept, by version."""
        return self._log.sources

    def closed(self, call_id: str) -> "Future[None]":
        """Return a future that is done when a call is over and all of it on record."""
        self._check_open()
        if self._operation is None:
            done: Future[None] = Future()
            done.set_result(None)
            return done
        return self._operation.closed(call_id)

    def hang_up(self, call_id: str) -> None:
        """End a call from outside of its flow."""
        self._check_open()
        if self._operation is not None:
            self._operation.request_hang_up(call_id)

    def replace_flow(self, call: CallHandle | str, flow: Flow) -> None:
        """Let another flow take a call over while it goes on; its flow is cut.

        Raises:
            InvalidInput: there is no such call, or the flow is none.
            NotAllowedNow: the call is over, or its flow is.
        """
        call_id, following = self._id(call), as_flow(flow)
        self._keep_source(following)
        operation = self._running()
        operation.run(operation.replace_flow(call_id, following))

    @property
    def _store(self) -> CallLog:
        self._check_open()
        return self._log

    def _check_open(self) -> None:
        if self._closed:
            message = "This workbench is closed: open another one with `Workbench(…)`."
            raise NotAllowedNow(message)

    def _running(self) -> Operation:
        self._check_open()
        if self._read_only:
            message = "This bench is open for reading only: open the store without `read_only`."
            raise NotAllowedNow(message)
        if self._operation is None:
            engine = self._engine or Pool(host=self._host, terms=self._terms, tls=self._tls)
            self._operation = Operation(
                self._log, engine, self._clock, self._sounds, self._policy, self._speech
            )
            self._operation.switchboard.subscribe(self._note_failure)
            self._operation.runner.keep = self._keep_source
            self._enrolment.open(self._operation)
        return self._operation

    def _recover(self) -> list[str]:
        try:
            return recover(self._log)
        except BaseException:
            # Or the next to open the store would find the lock of this one.
            self._log.close()
            raise

    def _note_failure(self, event: ev.Event) -> None:
        if isinstance(event, ev.FlowFailed) and len(self._failures) < MOST_FAILURES:
            self._failures.append(event)

    def _keep_source(self, flow: Flow) -> None:
        path = self._store.sources / f"{as_flow(flow).version}.py"
        if not self._read_only and not path.exists():
            path.write_text(flow.source)
