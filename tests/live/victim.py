"""A bench that takes calls, talks on them, and says what it has acknowledged, until killed."""

import sys
import threading
from contextlib import suppress
from pathlib import Path

from workbench import Workbench, flow
from workbench import events as ev
from workbench.control import CallControl
from workbench.errors import NotAllowedNow
from workbench.extension import Extension


@flow
async def chatter(call: CallControl) -> None:
    """Keep as much going on as a flow can, for as long as the caller stays."""
    await call.ring()
    await call.answer()
    await call.record()
    while True:
        await call.gather(1, play="one-moment.wav", timeout=0.3)
        await call.step("count", int)


def main(store: str) -> None:
    """Take calls; write a line for each event once it is stored."""
    lock = threading.Lock()

    def acknowledge(event: ev.Event) -> None:
        with lock:
            sys.stdout.write(f"stored {event.call_id} {event.version}\n")
            sys.stdout.flush()

    bench = Workbench(Path(store))
    talks: list[Extension] = []

    def talk(call_id: str) -> None:
        with suppress(NotAllowedNow):  # it is over
            talks.append(bench.call(call_id).talk())

    def join_in(event: ev.Event) -> None:
        if isinstance(event, ev.Answered):
            threading.Thread(target=talk, args=(event.call_id,), daemon=True).start()

    bench.subscribe(acknowledge)
    bench.subscribe(join_in)
    sys.stdout.write(f"listening {bench.answer(chatter)}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
