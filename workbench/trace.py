"""What is kept of a SIP message: all but credentials, keys of encryption, and pressed keys."""

import re

MESSAGE_LIMIT = 4096
END_MARK = "--end msg--"
"""Of a message in the library's log."""


def redact(message: str) -> str:
    """Return a SIP message without what must not be kept, at most 4 kB long.

    The body of an INFO is left out: a pressed key may be secret, and is an event anyway. The
    message may lie inside of a line of the library's log.
    """
    unfolded = re.sub(r"\r?\n[ \t]+", " ", message)
    hidden = _SECRET_HEADER.sub(r"\1 [redacted]", unfolded)
    hidden = _SENT_KEYS.sub(r"\1 [redacted]", _SECRET_KEY.sub(r"\1 [redacted]", hidden))
    hidden = _without_pressed(hidden)
    if len(hidden) <= MESSAGE_LIMIT:
        return hidden
    mark = "\r\n[cut]"
    return hidden[: MESSAGE_LIMIT - len(mark)] + mark


def _without_pressed(message: str) -> str:
    if (head := _INFO_HEAD.search(message)) is None:
        return message
    body, mark, rest = message[head.end() :].partition(END_MARK)
    if not body.strip():
        return message
    return f"{message[: head.end()]}[redacted]\r\n{mark}{rest}"


_SECRET_HEADER = re.compile(
    r"^((?:Proxy-)?Authorization[ \t]*:|(?:WWW|Proxy)-Authenticate[ \t]*:"
    r"|(?:Proxy-)?Authentication-Info[ \t]*:|Identity[ \t]*:)[^\r\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_SECRET_KEY = re.compile(
    r"^(a=crypto:|a=key-mgmt:|a=ice-pwd:|k=)[^\r\n]*", re.IGNORECASE | re.MULTILINE
)
_SENT_KEYS = re.compile(r"((?:dialing|sending) DTMF)[^\r\n]*", re.IGNORECASE)
"""As the library logs them."""
_INFO_HEAD = re.compile(r"^INFO [^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n", re.MULTILINE)
