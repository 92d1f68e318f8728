"""Telephone numbers in dial strings: read as E.164, and known by what they cost.

What is dialled is never rewritten here; a number is only judged, and named on record.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

SATELLITE = frozenset({870, 881, 882, 883})
"""Country codes of Inmarsat, of satellite telephones and of networks without a country."""
DEAR_TYPES = {
    PhoneNumberType.PREMIUM_RATE: "a premium rate number",
    PhoneNumberType.SHARED_COST: "a shared cost number",
}
OPENING_DIGITS = 3
"""Digits behind the country code that a prefix needs to name one dear range."""
LEAST_DIGITS = 8
"""Below it, digits without + are an extension or a number of the neighbourhood."""

_DIALABLE = re.compile(r"\+.*|[0-9*#][0-9*#\-.()\s]*", re.DOTALL)
_SEPARATORS = re.compile(r"[\-.()]")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_SLACK = 8


@dataclass(frozen=True, kw_only=True)
class Dialled:
    """The user part of a SIP URI, as a telephone network would read it."""

    digits: str
    """The user part, unescaped and without visual separators."""
    dialable: bool = False
    """Whether it would be dialled as digits rather than looked up as a name."""
    e164: str = ""
    """The number with its country, `+` and digits; empty where none can be read."""
    dear: str = ""
    """Why a call would cost extra, in words; empty where it would not."""
    opening: str = ""
    """The shortest prefix that names the dear range."""
    readings: tuple[str, ...] = field(default=(), repr=False)

    def begins(self, prefix: str) -> bool:
        """Tell whether the number begins with an E.164 prefix, however it is read."""
        return bool(self.e164) and all(text.startswith(prefix) for text in self.readings)


@lru_cache(maxsize=4096)
def read_number(user: str, region: str = "") -> Dialled:
    """Read the user part of a SIP URI; `region` is where numbers without + are dialled."""
    text = unquote(user, errors="replace")
    if _DIALABLE.fullmatch(text) is None:
        return Dialled(digits=text)
    digits = _SEPARATORS.sub("", text)
    e164 = _e164(digits, region)
    readings = (digits, e164) if digits.startswith("+") else (e164,)
    dear, opening = _dearest(_suspects(digits, e164))
    return Dialled(
        digits=digits, dialable=True, e164=e164, dear=dear, opening=opening, readings=readings
    )


def e164(user: str, region: str = "") -> str:
    """Return the user part of a SIP URI as an E.164 number; empty where it is none."""
    return read_number(user, region).e164


def is_region(region: object) -> bool:
    """Tell whether it is the two letters of a region with telephone numbers."""
    return isinstance(region, str) and region in phonenumbers.SUPPORTED_REGIONS


def _e164(digits: str, region: str) -> str:
    if not digits.startswith("+") and (not region or not digits.isdigit()):
        return ""
    number = _parsed(digits, region or None)
    if number is None or not phonenumbers.is_possible_number(number):
        return ""
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return text if _E164.fullmatch(text) else ""


def _parsed(digits: str, region: str | None) -> PhoneNumber | None:
    if digits.startswith("+") and _E164.match(digits) is None:
        return None
    # Letters would be taken for the keys they are printed on.
    if not re.fullmatch(r"\+?[0-9]+", digits):
        return None
    try:
        return phonenumbers.parse(digits, region)
    except NumberParseException:
        return None


def _suspects(digits: str, e164: str) -> list[str]:
    """Return the numbers that a network might make of what is dialled."""
    if digits.startswith("+"):
        return [found[0]] if (found := re.match(r"\+[0-9]+", digits)) else []
    if e164:
        return [e164]
    bare = re.sub(r"\D", "", digits)
    away = [f"+{bare.removeprefix(code)}" for code in ("00", "011") if bare.startswith(code)]
    return [*away, f"+{bare}"] if len(bare) >= LEAST_DIGITS else away


def _dearest(suspects: list[str]) -> tuple[str, str]:
    for suspect in suspects:
        code, dear = _dear(suspect)
        if dear:
            more = 0 if code in SATELLITE else OPENING_DIGITS
            return dear, suspect[: 1 + len(str(code)) + more]
    return "", ""


def _dear(suspect: str) -> tuple[int, str]:
    """Return a number's country code and why it costs extra."""
    number = _parsed(suspect[:16], None)
    if number is None or number.country_code is None:
        return 0, ""
    code = int(number.country_code)
    if code in SATELLITE:
        return code, "a satellite or international network number"
    kinds = (phonenumbers.number_type(variant) for variant in _variants(suspect[:16], number))
    return code, next((DEAR_TYPES[kind] for kind in kinds if kind in DEAR_TYPES), "")


def _variants(suspect: str, number: PhoneNumber) -> list[PhoneNumber]:
    # A network ignores digits too many, and a range is dear before its last digit is known.
    if phonenumbers.is_valid_number(number):
        return [number]
    longer = (suspect + "1" * more for more in range(_SLACK))
    shorter = (suspect[:-less] for less in range(1, _SLACK) if len(suspect) - less > 5)
    found = (_parsed(text, None) for text in (*longer, *shorter))
    return [variant for variant in found if variant is not None]
