"""The Reason header: why a call was refused or ended, as read and as written (RFC 3326)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from workbench.errors import InvalidInput

TEXT_LIMIT = 200
"""Characters of a reason's text."""

_CAUSE = re.compile(r"Q\.850\s*;(?:[^,]*;)?\s*cause\s*=\s*(\d{1,3})\b", re.IGNORECASE)
_TEXT = re.compile(r';\s*text\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Reason(NamedTuple):
    """What Reason headers say."""

    cause: int | None = None
    """A Q.850 cause, where one is named."""
    text: str = ""


def read(values: Iterable[str]) -> Reason:
    """Return the first Q.850 cause and the first text of Reason headers."""
    cause, text = None, ""
    for value in values:
        found = _CAUSE.search(_QUOTED.sub('""', value))
        if cause is None and found and 0 < int(found[1]) < 128:
            cause = int(found[1])
        if not text and (said := _TEXT.search(value)):
            text = re.sub(r"\\(.)", r"\1", said[1] or said[2] or "")
    return Reason(cause, _CONTROL.sub(" ", text).strip()[:TEXT_LIMIT])


def headers(cause: int | None, text: str = "") -> dict[str, str]:
    """Return the Reason header of a Q.850 cause; none without a cause."""
    if cause is None:
        return {}
    quoted = re.sub(r'(["\\])', r"\\\1", text)
    return {"Reason": f"Q.850;cause={cause}" + (f';text="{quoted}"' if text else "")}


def check(cause: object, text: object) -> None:
    """Refuse what is no Q.850 cause, or no text for a header.

    Raises:
        InvalidInput: which of them, and what to write instead.
    """
    if cause is not None and (type(cause) is not int or not 0 < cause < 128):
        message = f"A Q.850 cause is a number from 1 to 127, not {cause!r}."
        raise InvalidInput(message)
    if not isinstance(text, str) or len(text) > TEXT_LIMIT or _CONTROL.search(text):
        message = (
            f"A reason is a text of up to {TEXT_LIMIT} characters without line breaks, "
            f"not {text!r}."
        )
        raise InvalidInput(message)
    try:
        text.encode()
    except UnicodeEncodeError:
        message = f"The reason {text!r} is not valid Unicode."
        raise InvalidInput(message) from None
