"""Calls that come in: the door asks for a line, the crew has it, the worker offers a leg."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workbench.door import wire
from workbench.engine.crew import Crew, Want
from workbench.engine.process import WorkerProcess
from workbench.engine.wire import LineVacated
from workbench.signals import Offered

RESERVED_S = 5.0
"""How long a line is kept for a call that was let in and never offered."""
RETRY_AFTER_S = 5
"""When a caller who finds all lines taken may try again (RFC 3261, section 20.33)."""


@dataclass
class Admitted:
    """A call that the door was given a line for."""

    call_id: str
    tag: str
    worker: WorkerProcess
    leg: str = ""
    """Empty until the worker offers it."""

    @property
    def line(self) -> str:
        """Return what its line is called until its leg has a name."""
        return f"{self.call_id} {self.tag}"

    @property
    def given(self) -> wire.LineGiven:
        """Return what the door has to know of it."""
        return wire.LineGiven(call_id=self.call_id, tag=self.tag, worker=self.worker.name)


class Admissions:
    """The calls that are let in, from the door's question to the end of their line."""

    def __init__(self, crew: Crew, tell: Callable[[wire.AnyOrder], None]) -> None:
        """Take lines of `crew`; answer the door by `tell`."""
        self._crew, self._tell = crew, tell
        self._admitted: dict[tuple[str, str], Admitted] = {}

    def admit(self, note: wire.LineWanted) -> None:
        """Find a line for a call, or have it refused."""
        denied = wire.LineDenied(
            call_id=note.call_id, tag=note.tag, retry_after_s=RETRY_AFTER_S
        )
        want = Want(
            host=note.host, streams=note.streams, beside=note.instead_of, apart=note.placed_by,
            granted=lambda worker: self._let_in(note, worker), ready=True,
            refused=lambda _: self._tell(denied),
        )  # fmt: skip
        self._crew.want(want)

    def turn_away(self, call_id: str, tag: str) -> None:
        """Take back the line of a call that never became a leg."""
        admitted = self._admitted.get((call_id, tag))
        if admitted is not None and not admitted.leg:
            del self._admitted[call_id, tag]
            self._tell(wire.CallOver(call_id=call_id, worker=admitted.worker.name))
            self._crew.vacate(admitted.worker, admitted.line)

    def offered(self, worker: WorkerProcess, offered: Offered) -> None:
        """Let the leg of a call that came in have the line that was kept for it."""
        for admitted in self._admitted.values():
            ours = admitted.worker is worker and admitted.call_id == offered.sip_call_id
            if ours and not admitted.leg:
                admitted.leg = offered.leg
                self._crew.rename(worker, admitted.line, offered.leg)
                return

    def vacated(self, worker: WorkerProcess, vacated: LineVacated) -> None:
        """Take the line of any leg back."""
        self._keep(lambda admitted: admitted.leg != vacated.leg)
        self._tell(wire.CallOver(call_id=vacated.sip_call_id, worker=worker.name))
        self._crew.vacate(worker, vacated.leg)

    def lost(self, worker: WorkerProcess) -> None:
        """Forget the calls of a worker that has ended."""
        self._tell(wire.WorkerDown(worker=worker.name))
        self._keep(lambda admitted: admitted.worker is not worker)

    def known(self) -> Iterator[wire.AnyOrder]:
        """Give what a door has to know that begins while there are calls."""
        for worker in self._crew.workers:
            if worker.was_ready:
                yield up(worker)
        yield from (admitted.given for admitted in self._admitted.values())

    def _let_in(self, note: wire.LineWanted, worker: WorkerProcess) -> None:
        admitted = Admitted(note.call_id, note.tag, worker)
        self._admitted[note.call_id, note.tag] = admitted
        self._crew.take(worker, admitted.line, note.streams)
        self._tell(admitted.given)
        asyncio.get_running_loop().call_later(RESERVED_S, self._expire, admitted)

    def _expire(self, admitted: Admitted) -> None:
        if self._admitted.get((admitted.call_id, admitted.tag)) is admitted:
            self.turn_away(admitted.call_id, admitted.tag)

    def _keep(self, wanted: Callable[[Admitted], bool]) -> None:
        self._admitted = {key: each for key, each in self._admitted.items() if wanted(each)}


def up(worker: WorkerProcess) -> wire.WorkerUp:
    """Return what the door has to know of a worker."""
    return wire.WorkerUp(worker=worker.name, port=worker.port, pid=worker.pid)
