"""All torture messages at a bench that answers, over UDP and TCP, with a call up meanwhile."""

import re
from pathlib import Path

import pytest

from tests.door.live import live_call
from tests.door.sockets import TcpThrower, UdpThrower
from tests.door.torture.table import MESSAGES
from workbench.door.screen import Passed, screen

pytestmark = pytest.mark.sip
LENGTH = re.compile(rb"^(?:content-length|l)[ \t]*:", re.IGNORECASE | re.MULTILINE)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_torture_messages_are_answered_as_their_rfc_says(
    tmp_path: Path, transport: str
) -> None:
    wrong = {}
    kind: type[UdpThrower] | type[TcpThrower] = UdpThrower if transport == "udp" else TcpThrower
    with live_call(tmp_path, transport) as live, kind(live.at) as thrower:
        for section, name, raw, answers in MESSAGES:
            expected = expected_of(raw, answers, transport)
            codes = thrower.throw(raw, final=is_call(raw, transport))
            final = [code for code in codes if code >= 200]
            if (final[0] if final else None) not in expected:
                wrong[f"{section} {name}"] = codes, expected
    assert not wrong


def is_call(raw: bytes, transport: str) -> bool:
    """Tell whether a worker gets it, which takes longer than the door."""
    verdict = screen(raw, transport=transport)
    return isinstance(verdict, Passed) and verdict.message.method == "INVITE"


def expected_of(raw: bytes, answers: set[int | None], transport: str) -> set[int | None]:
    """Return the answers that the RFC names; a stream needs a length (section 18.3)."""
    return answers if transport == "udp" or LENGTH.search(raw) else {400, None}
