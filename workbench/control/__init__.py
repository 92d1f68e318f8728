"""`CallControl`: the verbs of a flow, and what they return.

A verb records a decision and waits for the events that answer it. It knows no engine, no
clock and no store, so that the same flow runs on a live call and in every replay.
Siblings: `desk` (what verbs stand on), `course`, `audio`, `digits`, `fork`, `listen`,
`machine`, `hold`, `transfer`, `step` (the verbs by subject).
"""

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime

from workbench.control.barge_in import BargeIn, Played
from workbench.control.course import CourseVerbs
from workbench.control.desk import Desk
from workbench.control.dial import Dialled
from workbench.control.digits import Gathered
from workbench.control.floor import Floor, Turn
from workbench.control.fork import ForkVerbs
from workbench.control.hold import HoldVerbs
from workbench.control.machine import Answerer, MachineVerbs
from workbench.control.refer import Referral, Referred, ReferVerbs
from workbench.control.rooms import Parked, RoomVerbs
from workbench.control.step import StepVerbs
from workbench.control.transfer import Transferred, TransferVerbs
from workbench.control.turns import Reprompt, TurnVerbs
from workbench.spoken import YES_OR_NO, spoken_digits

__all__ = [
    "YES_OR_NO",
    "Answerer",
    "BargeIn",
    "CallControl",
    "Desk",
    "Dialled",
    "Floor",
    "Gathered",
    "Parked",
    "Played",
    "Referral",
    "Referred",
    "Reprompt",
    "Transferred",
    "Turn",
    "spoken_digits",
]


class CallControl(
    CourseVerbs,
    TurnVerbs,
    ForkVerbs,
    MachineVerbs,
    HoldVerbs,
    RoomVerbs,
    TransferVerbs,
    ReferVerbs,
    StepVerbs,
):
    """The verbs of a flow, on one call.

    Every verb that needs the call raises `CallEnded` once it is over. `step`, `stream`,
    `sleep`, `now` and `random` go on working, so that a `finally` can tidy up.
    """

    def __init__(self, desk: Desk) -> None:
        """Belong to one run of one flow."""
        super().__init__(desk)
        seed = desk.call.id if desk.number == 1 else f"{desk.call.id} {desk.number}"
        self.random = random.Random(seed)
        """Randomness that is the same in every replay."""

    @property
    def direction(self) -> str:
        """`inbound` or `outbound`."""
        return self._desk.call.direction

    @property
    def from_(self) -> str:
        """The SIP URI of the caller."""
        return self._desk.call.from_

    @property
    def to(self) -> str:
        """The SIP URI that was called."""
        return self._desk.call.to

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the INVITE that carry context (`X-*`, `User-to-User`, `Diversion` …)."""
        return self._desk.call.headers

    @property
    def heard(self) -> tuple[str, ...]:
        """What the far end heard of each spoken prompt that is over: words that left whole."""
        return tuple(self._desk.call.ledger.heard)

    def now(self) -> datetime:
        """Return the call's time (UTC): the time of the event that woke the flow."""
        return self._desk.now()

    async def sleep(self, seconds: float) -> None:
        """Wait; the same as `asyncio.sleep` in a flow."""
        await asyncio.sleep(seconds)
