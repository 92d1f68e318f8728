"""Which codecs a session description offers (RFC 3264, RFC 3551)."""

import re
from collections.abc import Iterable

_AUDIO = re.compile(r"^m=audio [1-9]\d* \S+ ([\d ]+)", re.MULTILINE)
_NAMED = re.compile(r"^a=rtpmap:(\d+)[ \t]+([^/\s]+)", re.MULTILINE)
_STATIC = {"0": "PCMU", "8": "PCMA", "9": "G722"}
"""Numbers that need no name."""


def offered(description: str) -> set[str]:
    """Return the names of the audio codecs that a description offers."""
    named = _STATIC | {number: name.upper() for number, name in _NAMED.findall(description)}
    numbers = " ".join(_AUDIO.findall(description)).split()
    return {named[number] for number in numbers if number in named}


def acceptable(description: str, ours: Iterable[str]) -> bool:
    """Tell whether an offer has a codec of ours, or no audio at all to agree on.

    `ours` are names with their rate, such as `PCMU/8000`.
    """
    codecs = offered(description) - {"TELEPHONE-EVENT", "CN"}
    return not _AUDIO.search(description) or bool(codecs & {n.partition("/")[0] for n in ours})
