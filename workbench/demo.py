"""`workbench demo`: one real call, and everything that can be had of it afterwards."""

from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from workbench import events as ev
from workbench.bench import Workbench
from workbench.demo_flows import caller, reception, reception_tomorrow
from workbench.handle import CallHandle
from workbench.narration import Narrator, event_table, verdict

LIMIT_S = 120.0
"""Seconds after which the demo's call, which takes about 25, is taken to hang."""


def run(store: Path, console: Console) -> None:
    """Place the demo's call and show its log, ladder, picture and replays."""
    with Workbench(store) as bench:
        taken, placed = _call(bench, console)
        _show(taken, placed, store, console)
        _replay(bench, taken, console)
        bench.check()


def _call(bench: Workbench, console: Console) -> tuple[CallHandle, CallHandle]:
    console.rule("A call over loopback SIP and RTP, as it happens")
    before = {call.id for call in bench.calls}
    address = bench.answer(reception)
    console.print(f"The reception takes calls at {address}.", highlight=False)
    with _progress(console) as progress:
        progress.add_task("The call goes on", total=None)
        bench.subscribe(Narrator(progress.console, quiet=(ev.QualitySampled,)))
        placed = bench.dial(address, flow=caller, headers={"X-Demo": "first call"})
        placed.wait(LIMIT_S)
        (taken,) = (call for call in bench.calls if call.id not in {*before, placed.id})
        taken.wait(LIMIT_S)
    return taken, placed


def _progress(console: Console) -> Progress:
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    return Progress(*columns, console=console, transient=True)


def _show(taken: CallHandle, placed: CallHandle, store: Path, console: Console) -> None:
    console.rule("The SIP ladder of the caller's leg")
    console.print(placed.ladder(), highlight=False, markup=False)
    console.rule("The event log of the answering leg")
    console.print(event_table(taken.history))
    console.rule("What was heard")
    picture = store / "pictures" / f"{taken.id}.png"
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(taken.waveform())
    console.print(f"Recording: {taken.audio_path()}", highlight=False, soft_wrap=True)
    console.print(f"Waveform:  {picture}", highlight=False, soft_wrap=True)


def _replay(bench: Workbench, taken: CallHandle, console: Console) -> None:
    console.rule("Replayed exactly")
    console.print(verdict(bench.replay(taken, reception)))
    console.rule("Replayed against a flow that was changed")
    console.print(verdict(bench.replay(taken, reception_tomorrow)))
    console.rule("Asked with pandas")
    calls = bench.frames.calls()
    columns = ["direction", "status", "billsec", "flow", "outcome", "digits"]
    frame = calls[columns].tail(2).round(1).fillna("")
    console.print(frame.to_string(index=False), highlight=False, markup=False)
