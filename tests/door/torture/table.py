"""All torture messages: (RFC and section, name, bytes, status codes that may come back)."""

from tests.door.torture import rfc4475, rfc5118
from tests.door.torture.rfc4475 import Torture


def _of(rfc: str, message: Torture) -> Torture:
    section, name, raw, answers = message
    return f"{rfc} {section}", name, raw, answers


MESSAGES: tuple[Torture, ...] = (
    *(_of("RFC 4475", message) for message in rfc4475.MESSAGES),
    *(_of("RFC 5118", message) for message in rfc5118.MESSAGES),
)
