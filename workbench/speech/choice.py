"""Which speech a bench uses: a provider by its name, by `module:Class` with options, or made.

A recogniser lives in another process: an object reaches it by `pickle`, and so must be
picklable; a name is looked up there.
"""

import importlib
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from workbench.errors import InvalidInput
from workbench.redaction import Redaction, as_redaction
from workbench.speech import Synthesizer, default_synthesizer
from workbench.speech.ears import Ears

NAMES: dict[str, dict[str, str]] = {
    "recognizer": {
        "moonshine": "workbench.speech.moonshine:MoonshineRecognizer",
        "none": "workbench.speech.silent:SilentRecognizer",
    },
    "voice_activity": {
        "silero": "workbench.speech.silero:SileroActivity",
        "none": "workbench.speech.silent:NoVoice",
    },
    "end_of_turn": {"rules": "workbench.speech.turn:RuleOfSilence"},
    "tones": {
        "machines": "workbench.speech.tones:Tones",
        "none": "workbench.speech.silent:NoTones",
    },
}
"""The providers that come along, by what they are for and their names."""


VOICES = {"piper": "workbench.speech.piper:PiperSynthesizer"}
"""The voices that have a name, beside the one that comes along."""
MOST_PROCESSES = 64


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """How to make a provider, in whatever process."""

    path: str = ""
    """`module:name` of a class or function that makes it."""
    options: dict[str, Any] = {}
    pickled: bytes = b""
    """The provider itself, in place of a path."""

    def __repr__(self) -> str:
        # Options and objects may hold the key of a service.
        return f"Choice({self.path or 'an object'!r})"

    def make(self) -> Any:
        """Return the provider."""
        if self.pickled:
            return pickle.loads(self.pickled)  # our own bench made these bytes
        return _find(self.path)(**self.options)


def choose(what: str, provider: Any, options: Mapping[str, Any] | None = None) -> Choice:
    """Return how to make a provider of this kind, from its name, its path or itself.

    Raises:
        InvalidInput: there is none of this name, or the object cannot reach a process.
    """
    if isinstance(provider, Choice):
        return provider
    if isinstance(provider, str):
        path = NAMES[what].get(provider, provider)
        if ":" not in path:
            known = ", ".join(sorted(NAMES[what]))
            message = (
                f"There is no {what} called {provider!r}: give one of {known}, "
                "`module:Class`, or an object."
            )
            raise InvalidInput(message)
        _find(path)
        return Choice(path=path, options=dict(options or {}))
    try:
        return Choice(pickled=pickle.dumps(provider))
    except Exception as error:
        message = (
            f"{provider!r} cannot be sent to the process that listens ({error}): "
            "give `module:Class` in its place."
        )
        raise InvalidInput(message) from error


def _find(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidInput(f"{path!r} names nothing that can be used: {error}.") from error
    return found


@dataclass(frozen=True, kw_only=True)
class Speech:
    """What listens and speaks for a bench, each by name or as an object.

    A name may be `module:Class`; `options` has what such a class is called with, by the name
    of the field: `options={"recognizer": {"model": "large"}}`.
    """

    recognizer: Any = "moonshine"
    """Speech to text."""
    synthesizer: str | Synthesizer = "hibari"
    """Text to speech."""
    voice_activity: Any = "silero"
    """Where there is speech."""
    end_of_turn: Any = "rules"
    """When somebody has said what they wanted to say."""
    tones: Any = "machines"
    """The tones of machines."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    redact: Redaction | None = None
    """What is hidden of what is said, before it is stored."""
    processes: int = 1
    """How many processes listen, between which calls are spread."""
    early: bool = False
    """Whether they start with the bench, and not with the first call that is listened to."""
    ears: Ears | None = None
    """Whoever listens, in place of processes: `ScriptedEars` in a test."""

    def __post_init__(self) -> None:
        """Find out now what cannot be used.

        Raises:
            InvalidInput: which, and what to give instead.
        """
        if not 1 <= self.processes <= MOST_PROCESSES:
            message = f"`processes` is a number from 1 to 64, not {self.processes!r}."
            raise InvalidInput(message)
        if self.redact is not None:
            as_redaction(self.redact)
        if self.ears is None:
            _ = self.choices
        _ = self.voice

    @cached_property
    def choices(self) -> dict[str, Choice]:
        """How a listener makes each of its parts."""
        return {
            what: choose(what, getattr(self, what), self.options.get(what)) for what in NAMES
        }

    @cached_property
    def voice(self) -> Synthesizer:
        """The synthesizer."""
        if not isinstance(self.synthesizer, str):
            return self.synthesizer
        if self.synthesizer == "hibari":
            return default_synthesizer()
        options = self.options.get("synthesizer", {})
        path = VOICES.get(self.synthesizer, self.synthesizer)
        voice: Synthesizer = _find(path)(**options)
        return voice
