"""A history taken apart: what its flows heard, and what each of them decided."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from workbench import events as ev
from workbench.errors import InvalidInput
from workbench.flow import Flow

Flows = Flow | Iterable[Flow] | Mapping[str, Flow]


class Segment(msgspec.Struct):
    """The part of a call that one flow took."""

    number: int
    """Which flow of the call it was, from 1."""
    flow: str
    start: int
    """Version of the event on which it started."""
    pending: str | None
    """Keys that the flow before it left; None where it was the first."""
    decided: list[ev.Decision]
    lost: bool = False
    """Whether the workbench was lost before the flow came to its end."""


def heard(history: Sequence[ev.Event]) -> list[ev.Event]:
    """Return what a run hears: what was observed, and what others decided about the call."""
    inputs: list[ev.Event] = []
    for event in history:
        outside = isinstance(event, ev.Decision) and not event.flow
        if isinstance(event, ev.FlowFailed) and outside:
            break  # the workbench was lost
        if event.KIND is ev.Kind.OBSERVED or outside or type(event) is ev.FlowReplaceRequested:
            inputs.append(event)
    return inputs


def segments(history: Sequence[ev.Event]) -> list[Segment]:
    """Return the parts of a call, in order."""
    found: list[Segment] = []
    pending: str | None = None
    for event in history:
        if not isinstance(event, ev.Decision):
            continue
        if not event.flow:
            if isinstance(event, ev.FlowFailed):
                if found:
                    found[-1].lost = True
                break
            continue
        if isinstance(event, ev.FlowStarted) or not found:
            found.append(
                Segment(len(found) + 1, event.flow, event.caused_by, pending, decided=[])
            )
        found[-1].decided.append(event)
        if isinstance(event, ev.FlowReplaced):
            pending = event.digits
    return found


def chosen(parts: list[Segment], flow: Flows, call_id: str) -> list[tuple[Segment, Flow]]:
    """Return the parts to compare, each with the flow that takes it today.

    Raises:
        InvalidInput: no flow of these names took the call.
    """
    if isinstance(flow, Flow):
        own = [part for part in parts if part.flow == flow.name] or parts[:1]
        return [(part, flow) for part in own]
    by_name = flow if isinstance(flow, Mapping) else {each.name: each for each in flow}
    taken = [(part, by_name[part.flow]) for part in parts if part.flow in by_name]
    if parts and not taken:
        names = ", ".join(dict.fromkeys(part.flow for part in parts))
        message = f"Call {call_id} was taken by {names}, and by none of {', '.join(by_name)}."
        raise InvalidInput(message)
    return taken


def given_flows(flow: Flows) -> list[Flow]:
    """Return the flows that were given."""
    if isinstance(flow, Flow):
        return [flow]
    return list(flow.values() if isinstance(flow, Mapping) else flow)
