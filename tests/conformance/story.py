"""One call between a flow of ours and SIPp: its history, which must replay exactly."""

import threading
from collections.abc import Sequence
from pathlib import Path

from tests.acceptance.sipp import Counts, Sipp
from tests.conformance.script import write
from workbench import Flow, Policy, Workbench
from workbench import events as ev
from workbench.replay import replay

PATIENCE_S = 120
SUCCESS = Counts(successful=1, failed=0)


def placed(
    folder: Path, ours: Flow, *steps: str, policy: Policy | None = None,
    options: Sequence[str] = (), ring_timeout: float = 60.0,
) -> Sequence[ev.Event]:  # fmt: skip
    """Let a flow of ours call SIPp; return the call's history, which replays exactly."""
    with (
        Workbench(folder / "store", policy=policy) as bench,
        Sipp(folder, write(folder / "own.xml", *steps), options=options) as sipp,
    ):
        call = bench.dial(sipp.address, flow=ours, ring_timeout=ring_timeout)
        history = call.wait(PATIENCE_S).history
        assert sipp.finish() == SUCCESS, sipp.errors + sipp.messages
        bench.check()
    return replayed(history, ours)


def taken(
    folder: Path, ours: Flow, *steps: str, policy: Policy | None = None,
    options: Sequence[str] = (),
) -> Sequence[ev.Event]:  # fmt: skip
    """Let SIPp call a flow of ours; return the call's history, which replays exactly."""
    with Workbench(folder / "store", policy=policy) as bench:
        heard = threading.Event()
        bench.subscribe(lambda _event: heard.set())
        peer = bench.answer(ours).removeprefix("sip:")
        scenario = write(folder / "own.xml", *steps)
        with Sipp(folder, scenario, peer=peer, options=options) as sipp:
            assert sipp.finish() == SUCCESS, sipp.errors + sipp.messages
        # SIPp may be done before its call is on record.
        assert heard.wait(PATIENCE_S)
        (call,) = bench.calls
        history = call.wait(PATIENCE_S).history
        bench.check()
    return replayed(history, ours)


def turned_away(folder: Path, ours: Flow, *steps: str) -> None:
    """Let SIPp call; what it sends is refused before it becomes a call on record."""
    with Workbench(folder / "store") as bench:
        peer = bench.answer(ours).removeprefix("sip:")
        with Sipp(folder, write(folder / "own.xml", *steps), peer=peer) as sipp:
            assert sipp.finish() == SUCCESS, sipp.errors + sipp.messages
        bench.check()
        assert bench.calls == []


def replayed(history: Sequence[ev.Event], ours: Flow) -> Sequence[ev.Event]:
    if any(isinstance(event, ev.FlowStarted) for event in history):
        assert replay(history, ours).equal, str(replay(history, ours))
    return history


def topics(history: Sequence[ev.Event]) -> list[str]:
    """Return what was observed and decided, without `call.`."""
    return [e.TOPIC.removeprefix("call.") for e in history if e.KIND is not ev.Kind.NOTED]


def ended(history: Sequence[ev.Event]) -> ev.Ended:
    (found,) = (event for event in history if isinstance(event, ev.Ended))
    return found
