"""A second leg on its way: what is known of it, and what became of it in one word."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from workbench import events as ev


@dataclass
class Dialling:
    """A second leg on its way, as its events tell."""

    parent: str
    dial: str
    whisper: str
    asks: bool
    """Whether a flow asks the callee first."""
    rang: bool = False
    answered_at: datetime | None = None
    refused: bool = False
    cancelled: bool = False
    bridged: bool = False
    failure: str = ""
    """Why the two could not be bridged."""


@dataclass
class Obeyed:
    """A REFER that is being obeyed."""

    call_id: str
    """The call that it came in on."""
    refer: str
    rang: bool = False
    partners: list[str] = field(default_factory=list)
    """The calls that are to talk to the target instead."""


def child_id(parent: str, dial: str) -> str:
    """Return the id of a second leg, which follows from who dialled it."""
    return f"CA{hashlib.sha256(f'{parent} {dial}'.encode()).hexdigest()[:32]}"


def outcome(dialling: Dialling, ended: ev.Ended) -> str:
    """Say in one word what became of a second leg."""
    if dialling.bridged:
        return "answered"
    if dialling.refused:
        return "refused"
    if dialling.cancelled:
        return "cancelled"
    if dialling.failure:
        return "failed"
    if dialling.answered_at is not None:
        return "declined"
    named = {"busy": "busy", "no-answer": "no-answer", "canceled": "cancelled"}
    return "declined" if ended.sip_code == 603 else named.get(ended.status, "failed")
