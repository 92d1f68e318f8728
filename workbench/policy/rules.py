"""The rules of a policy; they say yes or no to a destination, and count nothing."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

from workbench.errors import InvalidAddress, InvalidInput
from workbench.numbers import Dialled, is_region, read_number
from workbench.policy.patterns import Pattern, is_prefix, parse_pattern
from workbench.sip import SipAddress, parse_address
from workbench.tables import facts_table

LOOPBACK = ("127.0.0.0/8", "localhost", "loopback")
"""What may be called when nothing else is said: this machine, and a simulated line."""

Way = Literal["dial", "transfer", "refer", "redirect"]
"""How a call can leave: a leg of ours, a REFER we send, one we receive, a 302 we send."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a call may not go out, and with which codes it ends."""

    rule: str
    """The field of `Policy` that refused, `dear` for a range that costs extra, `address`
    for what is no SIP URI that could be called."""
    reason: str
    """What is refused and what to do about it, without a full stop."""
    sip_code: int = 403
    q850_cause: int = 21


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The rules for calls that leave; everything that is not allowed is refused.

    Raises:
        InvalidInput: a field cannot be used.
    """

    allow: Sequence[str] = LOOPBACK
    """Hosts, `user@host` patterns and prefixes of numbers that may be called."""
    calls_at_once: int = 200
    """Calls out that may be up or being set up at the same time."""
    calls_a_second: float = 100.0
    """Calls out, over all ways; as many as a second brings may come at once."""
    longest_call_s: float = 14_400.0
    """Seconds after the answer at which any call is hung up."""
    refer: Literal["refuse", "allow"] = "refuse"
    """What is done with a REFER that comes in; an allowed one still has to pass `allow`."""
    region: str = ""
    """Where a number without + is dialled, two letters (`DE`); empty: such numbers have no
    prefix."""
    trusted_hosts: Sequence[str] = ()
    """Hosts whose asserted identity is believed (RFC 3325, section 5)."""

    def __post_init__(self) -> None:
        """Take any sequence of patterns, and refuse what cannot be a rule."""
        for name in ("allow", "trusted_hosts"):
            patterns = _patterns(name, getattr(self, name))
            msgspec.structs.force_setattr(self, name, patterns)
        _check_trusted(self.trusted_hosts)
        _check_limits(self)

    def _repr_html_(self) -> str:
        return facts_table(msgspec.structs.asdict(self).items())

    def check_destination(self, uri: str) -> Refusal | None:
        """Say why a SIP URI, whatever it holds, may not be called; None when it may."""
        try:
            address = parse_address(uri)
        except InvalidAddress as error:
            return Refusal(
                rule="address", reason=str(error).removesuffix("."), sip_code=400, q850_cause=28
            )
        rules = _rules(tuple(self.allow))
        number = read_number(address.user, self.region)
        if any(named.matches(address) and named.exact for named in rules.users):
            return None
        return _check_host(rules, address) or _check_number(rules, address, number)

    def trusts(self, host: str) -> bool:
        """Tell whether a peer, by its IPv4 address, may assert who is calling."""
        return any(parse_pattern(text).matches_host(host, None) for text in self.trusted_hosts)


class _Rules(NamedTuple):
    """An allow-list, sorted by kind."""

    hosts: tuple[Pattern, ...]
    users: tuple[Pattern, ...]
    prefixes: tuple[str, ...]


@lru_cache(maxsize=64)
def _rules(allow: tuple[str, ...]) -> _Rules:
    named = [parse_pattern(text) for text in allow if not is_prefix(text)]
    return _Rules(
        hosts=tuple(pattern for pattern in named if pattern.user is None),
        users=tuple(pattern for pattern in named if pattern.user is not None),
        prefixes=tuple(text for text in allow if is_prefix(text)),
    )


def _check_host(rules: _Rules, address: SipAddress) -> Refusal | None:
    if any(pattern.matches(address) for pattern in (*rules.hosts, *rules.users)):
        return None
    return Refusal(
        rule="allow",
        reason=f"{address} may not be called: {address.host} is not in `Policy.allow`: add it "
        "there, or by --allow, as a host or with its user as user@host",
    )


def _check_number(rules: _Rules, address: SipAddress, number: Dialled) -> Refusal | None:
    if number.dear and not any(_opens(prefix, number) for prefix in rules.prefixes):
        return Refusal(
            rule="dear",
            reason=f"{address} may not be called: {number.e164 or number.digits} is "
            f"{number.dear}: allow it by a prefix of its own in `Policy.allow`, or by --allow, "
            f"at least {number.opening!r}",
        )
    if not rules.prefixes or not number.dialable:
        return None
    if any(pattern.matches(address) for pattern in rules.users):
        return None
    if any(number.begins(prefix) for prefix in rules.prefixes):
        return None
    return Refusal(rule="allow", reason=_no_prefix(address, number))


def _no_prefix(address: SipAddress, number: Dialled) -> str:
    if not number.e164:
        return (
            f"{address} may not be called: {number.digits!r} cannot be read as a number with "
            "its country: dial it as +…, set `Policy.region`, or allow it as user@host"
        )
    return (
        f"{address} may not be called: no prefix in `Policy.allow` begins {number.e164}: "
        f"add one there, or by --allow, such as {number.e164[:7]!r}"
    )


def _opens(prefix: str, number: Dialled) -> bool:
    return number.begins(prefix) and len(prefix) >= len(number.opening)


def _patterns(field: str, texts: Any) -> tuple[str, ...]:
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        message = f"`Policy.{field}` is a list of patterns, not {texts!r}."
        raise InvalidInput(message)
    patterns = tuple(texts)
    for text in patterns:
        if not is_prefix(text):
            parse_pattern(text if isinstance(text, str) else repr(text))
    return patterns


def _check_trusted(hosts: Sequence[str]) -> None:
    for text in hosts:
        if is_prefix(text) or not parse_pattern(text).is_network:
            message = (
                f"`Policy.trusted_hosts` has {text!r}: a peer is known by its IPv4 address, "
                "write for example 192.0.2.7 or 192.0.2.0/24."
            )
            raise InvalidInput(message)


def _check_limits(policy: Policy) -> None:
    for name in ("calls_at_once", "calls_a_second", "longest_call_s"):
        value = getattr(policy, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            message = f"`Policy.{name}` is a number above 0, not {value!r}."
            raise InvalidInput(message)
    if policy.region != "" and not is_region(policy.region):
        message = f"`Policy.region` is two letters, such as 'DE', not {policy.region!r}."
        raise InvalidInput(message)
    if policy.refer not in ("refuse", "allow"):
        message = f"`Policy.refer` is 'refuse' or 'allow', not {policy.refer!r}."
        raise InvalidInput(message)
