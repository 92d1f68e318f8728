"""One SIP message taken apart: start line, headers in order, body.

What is not touched is forwarded as it came; only folded lines are joined, which RFC 3261,
section 7.3.1, takes for the same. A message may be taken apart that is not valid: `screen`
tells, and answers with what there is.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from workbench.door import grammar

COMPACT = {
    "i": "call-id", "m": "contact", "e": "content-encoding", "l": "content-length",
    "c": "content-type", "f": "from", "s": "subject", "k": "supported", "t": "to",
    "v": "via", "o": "event", "u": "allow-events", "r": "refer-to", "b": "referred-by",
    "x": "session-expires", "y": "identity", "a": "accept-contact", "j": "reject-contact",
    "d": "request-disposition",
}  # fmt: skip
"""The compact forms (RFC 3261, section 7.3.3, and the RFCs that added to them)."""
LONGEST_KEPT = 64
"""Names from hostile peers fill no memory: only so long ones are remembered."""
END = b"\r\n\r\n"
_VERSION = "SIP/2.0 "
_FOLD = re.compile(r"\r\n[ \t]+")
_VIA = re.compile(grammar.VIA, re.IGNORECASE)
_TAG = re.compile(rf";{grammar.SWS}tag{grammar.SWS}={grammar.SWS}({grammar.TOKEN})", re.I)


@lru_cache(maxsize=1024)
def _long(name: str) -> str:
    lowered = name.strip(" \t").lower()
    return COMPACT.get(lowered, lowered)


def canonical(name: str) -> str:
    """Return a header's name in its long form and in lower case."""
    return _long(name) if len(name) < LONGEST_KEPT else name.lower()


def tag_of(address: str) -> str | None:
    """Return the tag of a From or To value."""
    match = _TAG.search(address.rpartition(">")[2] if ">" in address else address)
    return match[1] if match else None


def split_commas(value: str) -> list[str]:
    """Split a header's value at its commas, those in quotes and brackets left alone."""
    return grammar.split_list(value)


@dataclass(frozen=True)
class SipUri:
    """A SIP or SIPS URI taken apart."""

    scheme: str
    user: str | None
    host: str
    port: int | None
    params: str
    """With their semicolons, as they came."""
    headers: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Take a URI apart; None when it is none."""
        match = grammar.match_sip_uri(text.strip())
        if match is None:
            return None
        port = int(match["port"]) if match["port"] else None
        return cls(
            match["scheme"].lower(), match["user"], match["host"], port,
            match["parameters"], match["headers"] or "",
        )  # fmt: skip

    @property
    def transport(self) -> str | None:
        """The transport parameter, in lower case."""
        match = re.search(r";transport=([^;]+)", self.params, re.IGNORECASE)
        return match[1].lower() if match else None


@dataclass(frozen=True)
class Via:
    """One Via value taken apart."""

    transport: str
    """In lower case."""
    host: str
    port: int | None
    params: dict[str, str]

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """Take a Via value apart; None when it is none."""
        match = _VIA.fullmatch(value)
        if match is None or not grammar.is_host(match["host"]):
            return None
        port = int(match["port"]) if match["port"] else None
        if port is not None and port > 65535:
            return None
        found = grammar.parameters(match["parameters"])
        return cls(match["transport"].lower(), match["host"], port, found)

    @property
    def sent_by(self) -> str:
        """Host and port as they stand there."""
        return f"{self.host}:{self.port or ''}"

    @property
    def branch(self) -> str:
        """The branch; empty when there is none (RFC 2543)."""
        return self.params.get("branch", "")

    def param(self, name: str) -> str | None:
        """Return a parameter's value, empty when it has none, None when it is not there."""
        return self.params.get(name.lower())


class Message:
    """A request or a response."""

    def __init__(self, start: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Put a message together."""
        self.start, self.headers, self.body = start, headers, body
        self._lines: dict[str, list[str]] | None = None

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Take a message apart, whose lines must end with CR LF.

        Raises:
            ValueError: it has no end of headers, or a line that is no header.
        """
        head, end, body = raw.lstrip(b"\r\n").partition(END)
        text = _FOLD.sub(" ", head.decode("utf-8", "surrogateescape"))
        start, *lines = text.split("\r\n")
        headers = [_header(line) for line in lines]
        message = cls(start, headers, body)
        if not end:
            raise Unreadable("no end of headers", message)
        return message

    def copy(self) -> "Message":
        """Return a message whose headers may be changed."""
        return Message(self.start, list(self.headers), self.body)

    def serialize(self) -> bytes:
        """Return the bytes that go out."""
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + END + self.body

    # The start line.

    @property
    def is_request(self) -> bool:
        """Tell whether it is a request."""
        return not self.start.startswith("SIP/")

    @property
    def method(self) -> str:
        """The method of a request; empty for a response."""
        return self.start.partition(" ")[0] if self.is_request else ""

    @property
    def uri(self) -> str:
        """The Request-URI; empty for a response."""
        return self.start.split(" ")[1] if self.is_request else ""

    @uri.setter
    def uri(self, value: str) -> None:
        self.start = f"{self.method} {value} SIP/2.0"

    @property
    def code(self) -> int:
        """The status code; 0 for a request."""
        return 0 if self.is_request else int(self.start.split(" ")[1])

    # Headers.

    def all(self, name: str) -> list[str]:
        """Return the value of each line of a header."""
        return self.by_name().get(canonical(name), [])

    def by_name(self) -> dict[str, list[str]]:
        """Return the lines of each header that is there, by its name in lower case."""
        if self._lines is None:
            self._lines = {}
            for known, value in self.headers:
                self._lines.setdefault(canonical(known), []).append(value)
        return self._lines

    def values(self, name: str) -> list[str]:
        """Return the values of a header that is a list, its commas split."""
        return [each for value in self.all(name) for each in split_commas(value)]

    def first(self, name: str) -> str | None:
        """Return the first line of a header."""
        return next(iter(self.all(name)), None)

    def remove(self, name: str) -> None:
        """Take every line of a header away."""
        wanted = canonical(name)
        self.headers = [(n, v) for n, v in self.headers if canonical(n) != wanted]
        self._lines = None

    def replace(self, name: str, values: list[str]) -> None:
        """Put values in the place of a header's, or at the end."""
        wanted = canonical(name)
        known = [canonical(each) for each, _ in self.headers]
        at = known.index(wanted) if wanted in known else len(known)
        self.remove(name)
        self.headers[at:at] = [(name, value) for value in values]
        self._lines = None

    def prepend(self, name: str, value: str) -> None:
        """Put a header above all others."""
        self.headers.insert(0, (name, value))
        self._lines = None

    def forget(self) -> None:
        """Read the headers anew: one of them was changed in its place."""
        self._lines = None

    # What a proxy asks for; `screen` has seen to it that it is there.

    @property
    def top_via(self) -> Via:
        """The first Via.

        Raises:
            ValueError: there is none, or it cannot be read.
        """
        values = self.values("Via")
        via = Via.parse(values[0]) if values else None
        if via is None:
            raise ValueError("no Via that can be read")
        return via

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.first("Call-ID") or ""

    @property
    def from_tag(self) -> str | None:
        """The tag of From."""
        return tag_of(self.first("From") or "")

    @property
    def to_tag(self) -> str | None:
        """The tag of To; None outside of a dialog."""
        return tag_of(self.first("To") or "")

    @property
    def cseq_number(self) -> int:
        """The number of CSeq."""
        return int((self.first("CSeq") or "0").split()[0])

    @property
    def cseq_method(self) -> str:
        """The method of CSeq."""
        return (self.first("CSeq") or "0 -").split()[-1]


class Unreadable(ValueError):
    """A message without an end of headers; `message` is what can be read of it."""

    def __init__(self, reason: str, message: Message) -> None:
        """Keep what there is, so that it can be answered."""
        super().__init__(reason)
        self.message = message


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    return (name.rstrip(" \t"), value.strip(" \t")) if colon else ("", line)
