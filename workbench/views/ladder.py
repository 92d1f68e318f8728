"""The SIP ladder: the messages of a call between two lines, top to bottom."""

from collections.abc import Sequence

from workbench import events as ev
from workbench.views.wording import legible

WIDTH = 44


def ladder(history: Sequence[ev.Event], us: str = "workbench", them: str = "far end") -> str:
    """Draw the traced SIP messages of one call as text."""
    messages = [event for event in history if isinstance(event, ev.SipMessageTraced)]
    start = history[0].at
    lines = [f"{'':>9}  {us:<{WIDTH}}{them}"]
    for event in messages:
        seconds = (event.at - start).total_seconds()
        lines.append(f"{seconds:8.3f}s  |{_arrow(event)}|")
    return "\n".join(lines)


def _arrow(event: ev.SipMessageTraced) -> str:
    label = f" {_label(event.message)} "[: WIDTH - 4]
    line = label.center(WIDTH - 3, "-")
    return f"{line}->" if event.direction == "sent" else f"<-{line}"


def _label(message: str) -> str:
    first = legible(message.partition("\r\n")[0])
    if first.startswith("SIP/2.0 "):
        return first.removeprefix("SIP/2.0 ")
    return first.split(" ")[0]
