"""Which pages may speak: those of this machine, and one that the user has named."""

from ipaddress import ip_address
from urllib.parse import urlsplit

NAME = "localhost"


def is_welcome(origin: str, named: str = "") -> bool:
    """Tell whether a page of this origin (RFC 6454, section 6.2) may be let in."""
    return is_of_this_machine(origin) or (bool(named) and origin == named)


def is_of_this_machine(origin: str) -> bool:
    """Tell whether an origin is `http(s)://` and a loopback address or `localhost`."""
    try:
        parts = urlsplit(origin)
        # What is put together again must be the same: no user, path or odd spelling.
        whole = f"{parts.scheme}://{parts.netloc}" == origin and "@" not in parts.netloc
        host, _ = parts.hostname or "", parts.port
        local = host == NAME or host.endswith(f".{NAME}") or ip_address(host).is_loopback
    except ValueError:
        return False
    return whole and local and parts.scheme in ("http", "https")
