"""What a proxy changes in a message on its way (RFC 3261, sections 16.6, 16.7 and 18.2.1)."""

import re

from workbench.door import grammar
from workbench.door.message import Message, Via, canonical, split_commas

MOST_HOPS = 70
_SOURCE = re.compile(
    rf"{grammar.SWS};{grammar.SWS}(?P<name>{grammar.TOKEN})"
    rf"(?:{grammar.SWS}={grammar.SWS}{grammar.VALUE})?"
)


def mark_source(message: Message, host: str, port: int) -> None:
    """Write into the top Via where a request came from (RFC 3581, section 4)."""
    at, values = _top(message, "via")
    head, semicolon, rest = values[0].partition(";")
    kept = [
        match[0].strip()
        for match in _SOURCE.finditer(semicolon + rest)
        if match["name"].lower() not in ("received", "rport")
    ]
    marked = f"{head.rstrip()}{''.join(kept)};received={host};rport={port}"
    _put(message, at, ", ".join([marked, *values[1:]]))


def push_via(message: Message, transport: str, sent_by: str, branch: str) -> None:
    """Put our Via on top."""
    via = f"SIP/2.0/{transport.upper()} {sent_by};branch={branch};rport"
    message.prepend("Via", via)


def pop_via(message: Message) -> Via | None:
    """Take our Via away and return the next, which says where a response goes."""
    at, values = _top(message, "via")
    if len(values) > 1:
        _put(message, at, ", ".join(values[1:]))
    else:
        del message.headers[at]
        message.forget()
    below = message.values("Via")
    return Via.parse(below[0]) if below else None


def pop_route(message: Message) -> None:
    """Take the first Route away."""
    at, values = _top(message, "route")
    if len(values) > 1:
        _put(message, at, ", ".join(values[1:]))
    else:
        del message.headers[at]
        message.forget()


def count_hop(message: Message) -> None:
    """Take one from Max-Forwards, or add it (section 16.6, steps 3)."""
    hops = message.first("Max-Forwards")
    if hops is None:
        message.headers.append(("Max-Forwards", str(MOST_HOPS)))
        message.forget()
    else:
        at, _ = _top(message, "max-forwards")
        _put(message, at, str(max(0, int(hops) - 1)))


def _top(message: Message, name: str) -> tuple[int, list[str]]:
    for at, (known, value) in enumerate(message.headers):
        if canonical(known) == name:
            return at, split_commas(value)
    raise ValueError(f"no {name}")


def _put(message: Message, at: int, value: str) -> None:
    message.headers[at] = (message.headers[at][0], value)
    message.forget()
