"""The patterns of an allow-list: hosts, `user@host`, and prefixes of E.164 numbers."""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from workbench.errors import InvalidAddress, InvalidInput
from workbench.sip import SipAddress, is_ipv4, parse_address

_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")
FORMS = (
    "+4930 (a prefix), sip.example.com, *.example.com, 192.0.2.0/24 (hosts), or bob@192.0.2.7"
)


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A host, or a user at a host, with `*` for anything."""

    user: str | None
    host: str
    port: int | None

    @property
    def exact(self) -> bool:
        """Whether it names one destination."""
        return self.user is not None and "*" not in f"{self.user}{self.host}"

    @property
    def is_network(self) -> bool:
        """Whether it is an IPv4 address or a range of them, and nothing more."""
        return self.user is None and self.port is None and _network(self.host) is not None

    def matches(self, address: SipAddress) -> bool:
        """Tell whether an address is meant."""
        return self._names_user(address.user) and self.matches_host(address.host, address.port)

    def matches_host(self, host: str, port: int | None) -> bool:
        """Tell whether a host is meant, whoever is called there."""
        if self.port is not None and port != self.port:
            return False
        network = _network(self.host)
        if network is not None:
            return is_ipv4(host) and ipaddress.IPv4Address(host) in network
        return _glob(self.host).fullmatch(_lowered(host)) is not None and (
            self.host == "*" or not is_ipv4(host)
        )

    def _names_user(self, user: str) -> bool:
        # RFC 3261, section 19.1.4: an escaped character equals the character.
        return self.user is None or _glob(self.user).fullmatch(unquote(user)) is not None


def is_prefix(text: Any) -> bool:
    """Tell whether a pattern is the beginning of an E.164 number."""
    return isinstance(text, str) and _PREFIX.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def parse_pattern(text: str) -> Pattern:
    """Parse a host or `user@host` pattern.

    Raises:
        InvalidInput: it is neither.
    """
    user, at, where = text.rpartition("@")
    host, colon, port = where.partition(":")
    if _network(host) is None:
        _check_name(text, user if at else "", where)
    elif colon:
        _check_name(text, "", where)
    return Pattern(
        user=user if at else None, host=_lowered(host), port=int(port) if colon else None
    )


def _check_name(text: str, user: str, where: str) -> None:
    """Refuse what could never match, by putting a letter in the place of each `*`."""
    who = f"{user}@" if user else ""
    try:
        parse_address(f"sip:{who}{where}".replace("*", "x"))
    except InvalidAddress:
        raise _strange(text) from None


def _strange(text: str) -> InvalidInput:
    return InvalidInput(f"{text!r} is no destination: write {FORMS}.")


def _network(host: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(host)
    except ValueError:
        return None


def _lowered(host: str) -> str:
    return host.lower().removesuffix(".")


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
