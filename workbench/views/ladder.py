"""The SIP ladder: the messages of a call between two lines, top to bottom."""

from collections.abc import Sequence
from html import escape

from workbench import events as ev
from workbench.tables import legible

WIDTH = 44


class Ladder(str):
    """A ladder as text, which can also be had as a diagram."""

    messages: Sequence[ev.SipMessageTraced]
    ends: tuple[str, str]

    def __repr__(self) -> str:
        """Show the ladder as it is, and not on one line."""
        return str(self)

    def _repr_html_(self) -> str:
        # A page that nbconvert makes has another font even for this.
        return f'<pre style="font-family:monospace">{escape(self)}</pre>'

    def to_mermaid(self) -> str:
        """Return it as a sequence diagram in the language of Mermaid."""
        us, them = (_entities(end) for end in self.ends)
        lines = [
            "sequenceDiagram",
            f"    participant us as {us}",
            f"    participant them as {them}",
        ]
        for event in self.messages:
            arrow = "us->>them" if event.direction == "sent" else "them->>us"
            lines.append(f"    {arrow}: {_entities(label(event.message))}")
        return "\n".join(lines)


def ladder(history: Sequence[ev.Event], us: str = "workbench", them: str = "far end") -> Ladder:
    """Draw the traced SIP messages of one call as text."""
    messages = [event for event in history if isinstance(event, ev.SipMessageTraced)]
    lines = [f"{'':>9}  {us:<{WIDTH}}{them}"]
    for event in messages:
        seconds = (event.at - history[0].at).total_seconds()
        lines.append(f"{seconds:8.3f}s  |{_arrow(event)}|")
    drawn = Ladder("\n".join(lines))
    drawn.messages, drawn.ends = messages, (us, them)
    return drawn


def _arrow(event: ev.SipMessageTraced) -> str:
    line = f" {label(event.message)} "[: WIDTH - 4].center(WIDTH - 3, "-")
    return f"{line}->" if event.direction == "sent" else f"<-{line}"


def label(message: str) -> str:
    """Return what a ladder calls a message: its method, or its status code and reason."""
    first = legible(message.partition("\r\n")[0])
    if first.startswith("SIP/2.0 "):
        return first.removeprefix("SIP/2.0 ")
    return first.split(" ")[0]


def _entities(text: str) -> str:
    """Write all that could mean something to Mermaid, or to HTML, by its number."""
    return (
        "".join(
            c if c.isascii() and (c.isalnum() or c in " .-") else f"#{ord(c)};" for c in text
        )
        or "#32;"
    )
