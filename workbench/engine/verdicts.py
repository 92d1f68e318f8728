"""What the far end's last word is: a message that refuses, ends or sends on a call."""

import re

from workbench import sip

VERDICT = re.compile(r"BYE |CANCEL |SIP/2\.0 [3-6]\d\d ")
LATE_VERDICT = re.compile(r"BYE |SIP/2\.0 (?:408|481) ")
"""Once a call is up, a refusal refuses what it answers, such as a hold (12.2.1.2)."""
REDIRECTION = re.compile(r"SIP/2\.0 (3\d\d) ([^\r\n]*)")


def is_verdict(message: str, *, answered: bool) -> bool:
    """Tell whether a message of the far end refuses or ends the call."""
    return (LATE_VERDICT if answered else VERDICT).match(message) is not None


def contact_of(message: str) -> str:
    """Return where a 3xx response tells us to call instead; empty for any other message."""
    if REDIRECTION.match(message) is None:
        return ""
    return sip.bare_uri(sip.header_value(message, "Contact", "m"))
