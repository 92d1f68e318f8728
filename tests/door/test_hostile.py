"""What is known to kill the library behind, and what a scanner learns, at the real door."""

import random
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.sipp import Sipp
from tests.conftest import Rounds
from tests.door.live import Live, live_call
from tests.door.sockets import UdpThrower, code
from workbench import Account

pytestmark = pytest.mark.sip
BATCH = 50
PIECES = [b"\r\n", b"\r\n ", b"\0", b"%00", b'"', b"<", b";tag=", b","]
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 0\r\n"
)
Attack = Callable[[Live, UdpThrower, Path], None]


def message(
    method: str, number: object, *, body: str = "", branch: str = "a", to: str = "100",
    extra: str = "",
) -> bytes:  # fmt: skip
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return (
        f"{method} sip:{to}@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{branch}{number};rport\r\n"
        f"From: <sip:stranger@127.0.0.1>;tag={number}\r\nTo: <sip:{to}@127.0.0.1>\r\n"
        f"Call-ID: {number}@hostile\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n"
        f"Contact: <sip:stranger@127.0.0.1:9>\r\n{extra}{kind}"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def forged_ack(_live: Live, thrower: UdpThrower, _folder: Path) -> None:
    thrower.send(message("INVITE", 1, body=SDP))
    thrower.send(message("ACK", 1, branch="b"))


def many_streams(_live: Live, thrower: UdpThrower, _folder: Path) -> None:
    for number, lines in enumerate([16, 16, 16, 40, 4, 4, 4, 4, 4, 4, 4, 4]):
        body = SDP + "m=audio 9 RTP/AVP 0\r\n" * (lines - 1)
        thrower.send(message("INVITE", number, body=body))


def calls_of_no_length(live: Live, _thrower: UdpThrower, folder: Path) -> None:
    with Sipp(
        folder, "uac", peer="{}:{}".format(*live.at), calls=360, rate=120, limit=200
    ) as sipp:
        sipp.finish()


def invites_that_end_at_once(_live: Live, thrower: UdpThrower, _folder: Path) -> None:
    for number in range(80):
        thrower.send(message("INVITE", number, body=SDP))
        thrower.send(message("CANCEL", number))


def no_offer(_live: Live, thrower: UdpThrower, _folder: Path) -> None:
    codes = thrower.throw(message("INVITE", 1), final=True)
    assert codes


def strange_codec(_live: Live, thrower: UdpThrower, _folder: Path) -> None:
    body = SDP.replace("AVP 0", "AVP 97 0") + "a=rtpmap:97 iLBC/8000\r\na=fmtp:97 mode=99\r\n"
    thrower.throw(message("INVITE", 1, body=body), final=True)


def many_service_routes(live: Live, _thrower: UdpThrower, _folder: Path) -> None:
    """Register with somebody who answers with 40 of them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as registrar:
        registrar.bind(("127.0.0.1", 0))
        registrar.settimeout(20)
        port = registrar.getsockname()[1]
        account = Account(uri="sip:us@pbx.test", registrar=f"127.0.0.1:{port}", register=False)
        live.bench.register(account, timeout=0.5)
        asked, source = registrar.recvfrom(1 << 16)
        lines = asked.decode().split("\r\n")
        kept = [line for line in lines if line.startswith(("Via", "From", "Call-ID", "CSeq"))]
        to = next(line for line in lines if line.startswith("To"))
        contact = next(line for line in lines if line.startswith("Contact"))
        routes = [f"Service-Route: <sip:r{number}.test;lr>" for number in range(40)]
        answer = ["SIP/2.0 200 OK", *kept, f"{to};tag=r", contact, *routes, "Expires: 300"]
        registrar.sendto("\r\n".join([*answer, "Content-Length: 0", "", ""]).encode(), source)


@pytest.mark.parametrize(
    "attack",
    [
        forged_ack, many_streams, calls_of_no_length, invites_that_end_at_once, no_offer,
        strange_codec, many_service_routes,
    ],
)  # fmt: skip
def test_a_known_killer_kills_nobody(tmp_path: Path, attack: Attack) -> None:
    with live_call(tmp_path) as live, UdpThrower(live.at) as thrower:
        attack(live, thrower, tmp_path)
        thrower.settle()


def mutated(rng: random.Random, number: int) -> bytes:
    """Return a message with a few bytes or lines that are not as they were."""
    method = rng.choice(["INVITE", "OPTIONS", "BYE", "ACK", "CANCEL", "REGISTER", "UPDATE"])
    raw = bytearray(message(method, number, body=SDP if rng.random() < 0.5 else ""))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(raw))
        kind = rng.randrange(5)
        if kind == 0:
            raw[at] = rng.randrange(256)
        elif kind == 1:
            del raw[at : at + rng.randint(1, 20)]
        elif kind == 2:
            raw[at:at] = rng.randbytes(rng.randint(1, 20))
        elif kind == 3:
            raw[at:at] = raw[rng.randrange(len(raw)) :][: rng.randint(1, 80)]
        else:
            raw[at:at] = rng.choice(PIECES)
        if not raw:
            return b"\r\n"
    return bytes(raw)


@pytest.mark.slow
def test_mutated_sip_disturbs_nobody(tmp_path: Path, rounds: Rounds) -> None:
    rng = random.Random(4475)
    many = rounds(2000, 100_000)
    with live_call(tmp_path, seconds=rounds(60, 3600)) as live, UdpThrower(live.at) as thrower:
        for number in range(many):
            thrower.send(mutated(rng, number))
            if number % BATCH == 0:
                thrower.settle()
        thrower.settle()


@pytest.mark.slow
def test_mutated_rtp_disturbs_nobody(tmp_path: Path, rounds: Rounds) -> None:
    rng = random.Random(3550)
    many = rounds(2000, 100_000)
    with live_call(tmp_path, seconds=rounds(60, 3600)) as live, UdpThrower(live.at) as thrower:
        port = live.media_port
        for number in range(many):
            packet = bytearray(rng.randbytes(rng.randint(0, 200)))
            if len(packet) > 12:
                packet[0] = 0x80 | rng.randrange(64)
                packet[1] = rng.choice([0, 8, 101, 120, 200, 201, 202, 203, 204])
            thrower.socket.sendto(packet, ("127.0.0.1", port + rng.randrange(2)))
            if number % BATCH == 0:
                thrower.settle()
        thrower.settle()


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER", "INVITE"])
def test_a_scanner_finds_no_difference_between_extensions(tmp_path: Path, method: str) -> None:
    with live_call(tmp_path) as live:
        port = str(live.at[1])
        found = scanned("svwar", "-e", "100-104", "-m", method, "-p", port, "127.0.0.1")
        kinds = set(re.findall(r"\b(?:reqauth|noauth|weird)\b", found))
        extensions = set(re.findall(r"\b10[0-4]\b", found))
        assert len(extensions) in (0, 5), found
        assert len(kinds) <= 1, found


def test_a_scanner_learns_what_options_tell(tmp_path: Path) -> None:
    with live_call(tmp_path) as live:
        found = scanned("svmap", "-p", str(live.at[1]), "127.0.0.1")
        assert f"127.0.0.1:{live.at[1]}" in found
        assert "Workbench" not in found


def scanned(command: str, *options: str) -> str:
    path = Path(sys.executable).with_name(f"sipvicious_{command}")
    done = subprocess.run(
        [path, *options], capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER", "SUBSCRIBE", "MESSAGE", "BYE"])
def test_an_answer_is_the_same_for_every_user(tmp_path: Path, method: str) -> None:
    with live_call(tmp_path) as live, UdpThrower(live.at) as thrower:
        answers = []
        for user in ("100", "nobody"):
            thrower.send(message(method, 7, to=user))
            (answer,) = thrower.settle()
            assert code(answer)
            answers.append(answer.replace(f"sip:{user}@".encode(), b"sip:x@"))
        assert answers[0] == answers[1]
