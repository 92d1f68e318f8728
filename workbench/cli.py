"""The command line: place, take, list, look into and replay calls.

Exit codes: 0 it went well, 1 it did not (a call that was not completed, a replay that
diverges), 2 it was asked wrongly, with one sentence that says why.
"""

import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from workbench import events as ev
from workbench.cli_accounts import (
    account_of,
    as_somebody,
    check_callee,
    check_caller,
    parse_headers,
    tell_standing,
)
from workbench.errors import WorkbenchError
from workbench.sip import parse_listen

STORE = click.option(
    "--store", default="workbench-store", envvar="WORKBENCH_STORE", show_default=True,
    metavar="DIR", help="The folder of the calls.",
)  # fmt: skip
ALLOW = click.option(
    "--allow", multiple=True, metavar="PATTERN",
    help="A host, user@host or prefix (+49…) that may be called besides this machine;"
    " may be repeated.",
)  # fmt: skip


class _Commands(click.Group):
    """Turns the error tree into one sentence and exit code 2."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; nothing of ours reaches the user as a traceback."""
        try:
            return super().invoke(context)
        except WorkbenchError as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(2) from None
        except BrokenPipeError:
            # Somebody closed the pipe, as `| head` does; there is nobody left to tell.
            sys.stderr.close()
            raise SystemExit(0) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="callflow-workbench")
def main() -> None:
    """Phone calls as programs you can record, replay, query and change."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@main.command()
@STORE
def demo(store: str) -> None:
    """Place a real call over loopback SIP and RTP and show all that comes of it.

    \b
    Example:
      workbench demo
    """
    from workbench.demo import run

    run(Path(store), Console())


@main.command()
@click.argument("flow")
@click.option("--listen", default="127.0.0.1:5060", show_default=True, metavar="HOST:PORT",
              help="Where to take calls (UDP); port 0 picks a free one.")  # fmt: skip
@click.option("--calls", type=click.IntRange(min=1), metavar="N", help="End after N calls.")
@as_somebody
@ALLOW
@STORE
def answer(
    flow: str, listen: str, calls: int | None, allow: tuple[str, ...], store: str, srtp: str,
    **account: str,
) -> None:  # fmt: skip
    """Let FLOW (path.py:name or module:name) take every call, until Ctrl-C.

    \b
    Examples:
      workbench answer ivr.py:reception
      workbench answer ivr.py:reception --listen 127.0.0.1:5080 --calls 10
      workbench answer ivr.py:reception --listen 192.0.2.2:5060 --account sip:100@pbx.example
    """
    from workbench.flow import load_flow
    from workbench.narration import Narrator

    taker = load_flow(flow)
    console = Console()
    enough, policy, (host, _) = _Count(calls), _policy(allow), parse_listen(listen)
    somebody = account_of(**account)
    own = {"host": host} if somebody else {}
    with (
        _bench(store, policy=policy, srtp=srtp, **own) as bench,
        suppress(KeyboardInterrupt),
    ):
        _tell_recovered(bench, console)
        bench.on_closed(enough)
        bench.subscribe(Narrator(console))
        address = bench.answer(taker, listen)
        console.print(
            f"{taker.name} takes calls at {address} (Ctrl-C ends it)", highlight=False
        )
        if somebody is not None:
            tell_standing(console, bench.register(somebody))
        # A wait without a limit cannot be interrupted on every platform.
        while not enough.reached.wait(1.0):
            bench.check_store()


class _Count:
    """Counts calls that are over and done with."""

    def __init__(self, most: int | None) -> None:
        self.reached = threading.Event()
        self._left = most

    def __call__(self, _call_id: str) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.reached.set()


@main.command()
@click.argument("uri", callback=check_callee)
@click.option("--flow", required=True, help="What the call does: path.py:name or module:name.")
@click.option(
    "--from",
    "from_",
    default="",
    callback=check_caller,
    metavar="URI",
    help="The SIP URI to show.",
)
@click.option("--header", "headers", multiple=True, callback=parse_headers,
              metavar="'NAME: VALUE'",
              help="A context header, such as X-Customer; may be repeated.")  # fmt: skip
@click.option("--timeout", default=60.0, show_default=True, metavar="SECONDS",
              help="How long to wait for an answer.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="The address of this machine to call from.")  # fmt: skip
@as_somebody
@ALLOW
@STORE
def dial(
    uri: str, flow: str, from_: str, headers: dict[str, str], timeout: float, host: str,
    allow: tuple[str, ...], store: str, srtp: str, **account: str,
) -> None:  # fmt: skip
    """Call URI and let FLOW take the call once it is answered.

    The exit code is 0 when the call was completed, 1 when it was busy, not answered or
    failed, and 2 when nobody could be called.

    \b
    Examples:
      workbench dial sip:bob@127.0.0.1:5080 --flow ivr.py:caller
      workbench dial sip:127.0.0.1:5080 --flow ivr.py:caller --header "X-Customer: 42"
      workbench dial sip:bob@192.0.2.7 --flow ivr.py:caller --host 192.0.2.2 --allow 192.0.2.7
      workbench dial 100 --flow ivr.py:caller --account sip:200@pbx.example --allow pbx.example
    """
    from workbench.flow import load_flow
    from workbench.narration import Narrator

    caller = load_flow(flow)
    console, policy = Console(), _policy(allow)
    somebody = account_of(**account)
    accounts = [somebody] if somebody else []
    with _bench(store, host=host, policy=policy, accounts=accounts, srtp=srtp) as bench:
        _tell_recovered(bench, console)
        bench.subscribe(Narrator(console))
        call = bench.dial(
            uri, flow=caller, from_=from_, headers=headers,
            ring_timeout=timeout, account=somebody or "",
        )  # fmt: skip
        try:
            call.wait()
        except KeyboardInterrupt:
            call.hangup()
        ended = call.wait().ended
        refused = any(isinstance(event, ev.Refused) for event in call.history)
    raise SystemExit(_tell_end(console, call.id, ended, nobody=refused))


def _tell_end(console: Console, call_id: str, ended: ev.Ended, *, nobody: bool = False) -> int:
    from workbench.tables import legible

    reason = legible(f": {ended.reason}" if ended.reason else "")
    console.print(
        f"Call {call_id} {ended.status} ({ended.sip_code} {ended.hangup_cause}){reason}",
        highlight=False, markup=False,
    )  # fmt: skip
    if ended.by == "engine" or nobody:
        click.echo(f"Error: The call could not be carried{reason}.", err=True)
        return 2
    return 0 if ended.status == "completed" else 1


@main.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@STORE
def calls(form: str, store: str) -> None:
    """List the calls of a store, with the columns of a call detail record.

    \b
    Examples:
      workbench calls
      workbench calls --format json | jq '.[].status'
    """
    from workbench.narration import call_table

    with _bench(store, read_only=True) as bench:
        frame = bench.frames.calls()
    if form == "json":
        click.echo(frame.reset_index().to_json(orient="records", date_format="iso", indent=2))
    else:
        Console().print(call_table(frame))


@main.command()
@click.argument("call")
@click.option("--format", "form", type=click.Choice(["table", "jsonl"]), default="table")
@STORE
def events(call: str, form: str, store: str) -> None:
    """Show the events of CALL, an id or the beginning of one.

    \b
    Examples:
      workbench events CA3f2a
      workbench events CA3f2a --format jsonl | jq .topic
    """
    from workbench.analysis.frames import event_lines
    from workbench.narration import event_table

    with _bench(store, read_only=True) as bench:
        history = bench.call(call).history
    if form == "table":
        Console().print(event_table(history))
        return
    for line in event_lines(history):
        click.echo(msgspec.json.encode(line))


@main.command()
@click.argument("call", required=False)
@click.option("--all", "every", is_flag=True, help="Every call that a flow of this name took.")
@click.option("--flow", required=True, help="The flow to replay: path.py:name or module:name.")
@STORE
def replay(call: str | None, every: bool, flow: str, store: str) -> None:
    """Compare what FLOW decides on recorded calls with what was decided then.

    The exit code is 0 when every call is equal and 1 when one diverges.

    \b
    Examples:
      workbench replay CA3f2a --flow ivr.py:reception
      workbench replay --all --flow ivr.py:reception
    """
    from workbench.flow import load_flow

    if every == (call is not None):
        message = "Give either a call or --all."
        raise click.UsageError(message)
    today = load_flow(flow)
    with _bench(store, read_only=True) as bench:
        if call is None:
            raise SystemExit(_replay_all(bench, today, Console()))
        result = bench.replay(call, today)
    from workbench.narration import verdict

    Console().print(verdict(result))
    raise SystemExit(0 if result.equal else 1)


def _replay_all(bench: Any, flow: Any, console: Console) -> int:
    from workbench.narration import verdict
    from workbench.replay import summary

    replays = bench.replay_all(flow)
    try:
        for result in replays:
            if not result.equal:
                console.print(verdict(result))
    finally:
        # Also after an interrupt: what was compared until then is known.
        console.print(summary(flow.name, replays.made))
    return max((0 if each.equal else 1 for each in replays.made), default=2)


@main.command()
@click.option("--folder", default="workbench-notebooks", show_default=True, metavar="DIR",
              help="Your folder; what you changed in it is left alone.")  # fmt: skip
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@STORE
def lab(folder: str, options: tuple[str, ...], store: str) -> None:
    """Copy the notebooks to a folder of yours and open it in JupyterLab.

    \b
    Examples:
      workbench lab
      workbench lab --folder ~/calls -- --no-browser
    """
    from workbench.lab import copy_notebooks, open_lab

    for told in copy_notebooks(Path(folder)):
        click.echo(told)
    open_lab(Path(folder), Path(store), options)


def _bench(store: str, **options: Any) -> Any:
    from workbench.bench import Workbench

    return Workbench(store, **options)


def _policy(allow: tuple[str, ...]) -> Any:
    from workbench.policy import LOOPBACK, Policy

    return Policy(allow=(*LOOPBACK, *allow))


def _tell_recovered(bench: Any, console: Console) -> None:
    if bench.recovered:
        console.print(f"{len(bench.recovered)} calls that an earlier run left open are ended.")


if __name__ == "__main__":
    main()
