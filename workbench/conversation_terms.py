"""The terms of a conversation: how far it may go, what it says by itself, how it ends."""

from typing import Literal

import msgspec

Outcome = Literal["goodbye", "handed-off", "silent", "limit", "failed"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How far a conversation may go, and how long anything in it may take."""

    turns: int = 30
    """Of the caller."""
    seconds: float = 600.0
    """Of the whole, looked at between two turns."""
    tokens: int = 8_000
    """Of all replies, as the model counts them, or in pieces where it does not."""
    silences: int = 2
    """How often in a row the caller is asked again when nothing was heard."""
    listen_s: float = 8.0
    """Until the caller begins to speak."""
    first_s: float = 8.0
    """Until the first piece of a reply."""
    reply_s: float = 30.0
    """For the rest of a reply."""
    tools: int = 5
    """Rounds of tools within one turn."""
    tool_s: float = 15.0
    """For one tool."""


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """What the conversation says by itself."""

    silence: str = "Are you still there?"
    unclear: str = "I did not understand that. Please say it again."
    """When somebody spoke and nobody could make out what."""
    moment: str = "One moment, please."
    """When the model failed, before it is asked once more."""
    sorry: str = "I am sorry, I cannot help you at the moment."
    """When nothing else is left, or a limit is reached."""
    recorded: str = ""
    """A file to play in place of `sorry` when the voice fails; empty for none."""


class Conversed(msgspec.Struct, frozen=True, kw_only=True):
    """How a conversation ended."""

    outcome: Outcome
    reason: str = ""
    """More words: who was dialled, which limit, what failed."""
    turns: int = 0
    tokens: int = 0
