"""On which terms audio flows: which codecs, whether it is encrypted (SRTP), and from whom."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from workbench.errors import InvalidInput

Srtp = Literal["off", "optional", "required"]
RtpFrom = Literal["negotiated", "anywhere"]
RTP_FROM: tuple[RtpFrom, ...] = ("negotiated", "anywhere")
SRTP: tuple[Srtp, ...] = ("off", "optional", "required")
CODECS = ("PCMU", "PCMA", "G722")
"""All that is ever offered, in the usual order."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What an INVITE offers, and what an answer accepts."""

    srtp: Srtp = "off"
    codecs: tuple[str, ...] = CODECS
    """In the order of preference; an answer keeps the order of the offer."""
    rtp_from: RtpFrom = "negotiated"
    """Who is heard: only the address of the description, or whoever sends."""


def as_srtp(value: Any) -> Srtp:
    """Return how SRTP is used.

    Raises:
        InvalidInput: it is no such word.
    """
    if isinstance(value, str) and value in SRTP:
        return value
    message = f'`srtp` is "off", "optional" or "required", not {value!r}.'
    raise InvalidInput(message)


def as_rtp_from(value: Any) -> RtpFrom:
    """Return who is heard.

    Raises:
        InvalidInput: it is no such word.
    """
    if isinstance(value, str) and value in RTP_FROM:
        return value
    message = f'`rtp_from` is "negotiated" or "anywhere", not {value!r}.'
    raise InvalidInput(message)


def as_codecs(value: Any) -> tuple[str, ...]:
    """Return codecs in the order of preference.

    Raises:
        InvalidInput: there is none, one twice, or one that is not supported.
    """
    codecs = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else ()
    if codecs and set(codecs) <= set(CODECS) and len(set(codecs)) == len(codecs):
        return codecs
    message = f"`codecs` are some of {', '.join(CODECS)}, each once, in a list, not {value!r}."
    raise InvalidInput(message)
