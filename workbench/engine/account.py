"""An account with a PBX or provider, and what became of its registration.

The password is kept in a `Secret`, which no text, log, pickle or JSON ever holds; it leaves
this process only by the socket to a worker.
"""

import hmac
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Literal, NoReturn, Self, cast

from workbench import sip
from workbench.engine.terms import as_codecs, as_srtp
from workbench.errors import InvalidInput
from workbench.tables import facts_table

LEAST_S, MOST_S = 30, 86_400
TRANSPORTS = ("udp", "tcp", "tls")
_UNQUOTED = re.compile(r'[\x00-\x1f\x7f"\\]')
"""What may not stand in the quoted strings of an Authorization header as it is."""
CHALLENGES = (401, 407)
_HIDDEN = "[hidden]"


class Secret:
    """Text that shows itself to nobody who does not ask for it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep a text."""
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        return _HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self._text.encode(), other._text.encode()
        )

    def __hash__(self) -> int:
        return hash(self._text)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        message = "A password is not pickled, for whoever reads the pickle would have it."
        raise TypeError(message)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who we are to a PBX or provider; without `register`, a trunk that only places calls."""

    uri: str
    """The address of record, `sip:USER@DOMAIN`."""
    username: str = ""
    """The name for the digest; empty for the user of `uri`."""
    password: Secret | str = field(default="", repr=False)
    registrar: str = ""
    """HOST or HOST:PORT that keeps registrations; empty for the domain of `uri`."""
    proxy: str = ""
    """HOST or HOST:PORT to which everything is sent first; empty for the registrar."""
    realm: str = "*"
    """Whose challenges are answered; `*` for anybody's that this account is used with."""
    register: bool = True
    expires_s: int = 300
    """How long a registration is asked for."""
    peers: Sequence[str] = ()
    """IPv4 addresses and networks that its calls come from; empty for any."""
    srtp: str = ""
    """`off`, `optional` or `required` for calls with it; empty for the bench's way."""
    codecs: Sequence[str] = ()
    """What calls with it offer, in this order; empty for the bench's codecs."""
    transport: str = "udp"
    """How the proxy or registrar is reached: `udp`, `tcp` or `tls`."""

    def __post_init__(self) -> None:
        """Refuse what cannot be used, and hide the password.

        Raises:
            InvalidInput: which field, and what to write instead.
        """
        if not isinstance(self.password, Secret):
            _check(isinstance(self.password, str), "`password` is text")
            object.__setattr__(self, "password", Secret(self.password))
        address = sip.parse_address(self.uri)
        _check(
            address.transport == "udp", "`uri` is sip:USER@DOMAIN, say `transport=` beside it"
        )
        _check(bool(address.user), f"`uri` {self.uri} names nobody: write sip:USER@DOMAIN")
        object.__setattr__(self, "uri", str(address))
        object.__setattr__(self, "username", self.username or address.user)
        self._check_fields()

    def _repr_html_(self) -> str:
        shown = [(each.name, getattr(self, each.name)) for each in fields(self) if each.repr]
        return facts_table([*shown, ("password", _HIDDEN if self.secret.reveal() else "")])

    def _check_fields(self) -> None:
        for name in ("username", "realm"):
            value = getattr(self, name)
            fits = isinstance(value, str) and 0 < len(value) <= sip.HOST_LIMIT
            _check(
                fits and not _UNQUOTED.search(value),
                f"`{name}` is text without quotes, backslashes and control characters",
            )
        _check("\0" not in self.secret.reveal(), "`password` holds no zero character")
        _check(self.transport in TRANSPORTS, "`transport` is udp, tcp or tls")
        _check(isinstance(self.register, bool), "`register` is True or False")
        whole = type(self.expires_s) is int
        _check(
            whole and LEAST_S <= self.expires_s <= MOST_S,
            f"`expires_s` is seconds, a whole number from {LEAST_S} to {MOST_S}",
        )
        _check(
            not isinstance(self.peers, str) and all(map(_is_network, self.peers)),
            "`peers` are IPv4 addresses and networks such as 192.0.2.0/24, in a list",
        )
        object.__setattr__(self, "peers", tuple(self.peers))
        if self.srtp:
            as_srtp(self.srtp)
        object.__setattr__(self, "codecs", as_codecs(self.codecs) if self.codecs else ())
        _ = self.registrar_at, self.hop

    def is_peer(self, host: str) -> bool:
        """Tell whether calls from an address are this account's."""
        if not sip.is_ipv4(host):
            return False
        address = ipaddress.IPv4Address(host)
        return any(address in ipaddress.IPv4Network(peer) for peer in self.peers)

    @property
    def secret(self) -> Secret:
        """Return the password, hidden."""
        return cast("Secret", self.password)

    @property
    def user(self) -> str:
        """Return the user of the address of record."""
        return sip.parse_address(self.uri).user

    @property
    def domain(self) -> str:
        """Return the host of the address of record, with its port if it is unusual."""
        return self.uri.partition("@")[2]

    @property
    def registrar_at(self) -> sip.SipAddress:
        """Return whom a REGISTER names."""
        return self._at(self.registrar or self.domain)

    @property
    def hop(self) -> sip.SipAddress:
        """Return where requests are sent."""
        return self._at(self.proxy) if self.proxy else self.registrar_at

    def _at(self, place: str) -> sip.SipAddress:
        _check(isinstance(place, str), "`registrar` and `proxy` are HOST or HOST:PORT")
        bare = place.removeprefix("sip:")
        _check("@" not in bare and ";" not in bare, f"{place!r} is not HOST or HOST:PORT")
        return sip.parse_address(f"sip:{bare};transport={self.transport}")

    def callee(self, number: str) -> str:
        """Return the URI of a number or name that is called by this account."""
        if number[:4].lower() == "sip:" or "@" in number:
            return number
        return f"sip:{number}@{self.domain}"


State = Literal["known", "registering", "registered", "failed", "unregistered"]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What is known of an account's registration."""

    uri: str
    state: State = "known"
    until: datetime | None = None
    """When it ends if it is not renewed, which it is."""
    sip_code: int = 0
    """The registrar's last word; 0 before there is one."""
    reason: str = ""

    def changed(self, **others: Any) -> "Registration":
        """Return it with other fields."""
        return replace(self, **others)

    def _repr_html_(self) -> str:
        return facts_table(vars(self).items())


def explained(reason: str, sip_code: int, uri: str) -> str:
    """Return why a request failed, with what to do about it when it was the credentials."""
    if sip_code not in CHALLENGES:
        return reason
    if uri:
        return (
            f"{reason}: the credentials of the account {uri} were not accepted; check its "
            "username, password and realm"
        )
    return f"{reason}: credentials are asked for; name an account with `account=`"


def _is_network(text: object) -> bool:
    try:
        ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return isinstance(text, str)


def _check(fits: bool, wanted: str) -> None:
    if not fits:
        message = f"An account cannot be used: {wanted}."
        raise InvalidInput(message)
