"""What prompts are made of: their audio and their words, part by part."""

from typing import ClassVar, Literal

import msgspec

from workbench.events.event import Event, Kind


class PromptWord(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a prompt, in milliseconds from the prompt's begin."""

    text: str
    start_ms: int
    end_ms: int
    """Where it is said for certain: an estimated word ends rather late than early."""


class PromptPrepared(Event, frozen=True, kw_only=True):
    """The audio of a spoken prompt, or of a part of it, is there."""

    TOPIC: ClassVar[str] = "call.prompt_prepared"
    KIND: ClassVar[Kind] = Kind.NOTED
    prompt: str
    part: int = 1
    parts: int = 1
    """How many there are; 1 when all of it was there before it began."""
    text: str
    """What is said in it."""
    audio: str
    """SHA-256 of the prepared file."""
    start_ms: int = 0
    """Where in the prompt it begins."""
    duration_ms: int
    words: tuple[PromptWord, ...] = ()
    timing: Literal["synthesizer", "estimated", "mixed"] = "estimated"
    """Who says where the words are."""
    voice: str = ""
    """The provider and its voice."""
    voice_version: str = ""
